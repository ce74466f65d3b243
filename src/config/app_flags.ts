/** Flags that several commands share.
 * @module
 */
import type { FlagSpec } from "./flags.ts";

/** Which app. */
export const APP_FLAGS = [
  {
    name: "config",
    type: "string",
    short: "c",
    value: "path",
    description: "The app's fly.toml, or the folder it is in",
    default: "fly.toml",
  },
  {
    name: "app",
    type: "string",
    short: "a",
    value: "name",
    description: "The Fly app",
    default: "from fly.toml",
  },
] as const satisfies readonly FlagSpec[];

/** What a plan shows besides. */
export const VERBOSE_FLAG = {
  name: "verbose",
  type: "boolean",
  description: "Show every value with its origin as well",
} as const satisfies FlagSpec;

/** Which bucket. */
export const BUCKET_FLAGS = [
  {
    name: "bucket",
    type: "string",
    value: "name",
    description: "The bucket that releases go to",
    default: "BUCKET_NAME",
  },
  {
    name: "endpoint",
    type: "string",
    value: "url",
    description: "The S3 service that the bucket is in",
    default: "AWS_ENDPOINT_URL_S3, then Tigris",
  },
] as const satisfies readonly FlagSpec[];

/** What is consented to, for one upgrade. */
export const CONSENT_FLAGS = [
  {
    name: "consent",
    type: "string",
    value: "text",
    repeatable: true,
    description: "Allow what a refusal names, for this upgrade only",
  },
  {
    name: "drop",
    type: "string",
    value: "holder",
    repeatable: true,
    description: "Give this holder's state up; --consent holder:<holder>",
  },
] as const satisfies readonly FlagSpec[];

/** Reads what is consented to. */
export function consentIn(
  flags: {
    readonly consent: readonly string[];
    readonly drop: readonly string[];
  },
): readonly string[] {
  return [...flags.consent, ...flags.drop.map((holder) => `holder:${holder}`)];
}

/** Which app and bucket the values of {@linkcode APP_FLAGS} and {@linkcode BUCKET_FLAGS} name, as far as they do. */
export function placeIn(
  flags: {
    readonly [name in "config" | "app" | "bucket" | "endpoint"]:
      | string
      | undefined;
  },
): { [name in keyof typeof flags]?: string } {
  const { config, app, bucket, endpoint } = flags;
  return given({ config, app, bucket, endpoint });
}

/** Leaves out what is undefined. */
export function given<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const result: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key of Object.keys(values) as (keyof T)[]) {
    const value = values[key];
    if (value !== undefined) {
      result[key] = value as Exclude<T[typeof key], undefined>;
    }
  }
  return result;
}
