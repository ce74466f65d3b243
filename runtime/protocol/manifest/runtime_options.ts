/** The options of the runtime that the app's `deno.json` holds, under `"flyhot": { "runtime": … }`.
 * @module
 */
import {
  boolean,
  count,
  object,
  type Reader,
  reject,
  string,
} from "../json/parse.ts";

/** What can stand there: the options of `reapply()` that are plain values; see there. */
export interface RuntimeOptions {
  /** The Fly app. */
  readonly app?: string;
  /** The app root. */
  readonly root?: string;
  /** The bucket. */
  readonly bucket?: string;
  /** The object store. */
  readonly endpoint?: string;
  /** The region in signatures. */
  readonly region?: string;
  /** How often the pointer is read, in milliseconds. */
  readonly pollIntervalMs?: number;
  /** How long a download may take, in milliseconds. */
  readonly fetchTimeoutMs?: number;
  /** How long new modules may take to evaluate, in milliseconds. */
  readonly prepareTimeoutMs?: number;
  /** How long holders may take to finish the action they are in, in milliseconds. */
  readonly suspendTimeoutMs?: number;
  /** How long all migrations together may take, in milliseconds. */
  readonly migrateTimeoutMs?: number;
  /** How long the health check may take, in milliseconds. */
  readonly healthTimeoutMs?: number;
  /** For how long new code is watched after it is applied, in milliseconds. */
  readonly probationMs?: number;
  /** How long work begun before an upgrade keeps the code that it began in, in milliseconds. */
  readonly drainMs?: number;
  /** How long a callback of `hot(import.meta)` may take, in milliseconds. */
  readonly callbackTimeoutMs?: number;
  /** Past how much memory that replaced modules keep a restart is recommended, in bytes. */
  readonly retainedBudgetBytes?: number;
  /** Whether to go on watching for upgrades. */
  readonly watch?: boolean;
}

const KEYS: { readonly [Key in keyof RuntimeOptions]-?: Reader<unknown> } = {
  app: string,
  root: string,
  bucket: string,
  endpoint: string,
  region: string,
  pollIntervalMs: count,
  fetchTimeoutMs: count,
  prepareTimeoutMs: count,
  suspendTimeoutMs: count,
  migrateTimeoutMs: count,
  healthTimeoutMs: count,
  probationMs: count,
  drainMs: count,
  callbackTimeoutMs: count,
  retainedBudgetBytes: count,
  watch: boolean,
};

/** What needs code, or must not be in a file, and where it goes instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  health: "health() in a module of the app",
  logger: "FLYHOT_LOG",
  credentials: `the environment, and its names under "flyhot".credentials`,
};

/**
 * Reads the options.
 *
 * @param value what stands there
 * @param at where it stands
 * @returns the options
 * @throws {ProtocolError} if a key is not known or a value has the wrong type
 *
 * @example
 * ```ts
 * import { runtimeOptions } from "@flyhot/runtime/protocol";
 * runtimeOptions({ pollIntervalMs: 1000 }, "deno.json: flyhot.runtime");
 * ```
 */
export function runtimeOptions(value: unknown, at: string): RuntimeOptions {
  const options: Record<string, unknown> = {};
  for (const [key, said] of Object.entries(object(value, at))) {
    const here = `${at}.${key}`;
    if (Object.hasOwn(ELSEWHERE, key)) {
      reject(here, `nothing (that goes to ${ELSEWHERE[key]})`, "something");
    }
    if (!Object.hasOwn(KEYS, key)) {
      reject(here, `one of ${Object.keys(KEYS).join(", ")}`, key);
    }
    options[key] = KEYS[key as keyof RuntimeOptions](said, here);
  }
  return options;
}
