/** The `"flyhot"` key of a `deno.json`.
 * @module
 */
import {
  ProtocolError,
  publicKey,
  RELEASE_KEYS,
  type RuntimeOptions,
  runtimeOptions,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { nearestName } from "../suggest.ts";
import { isRecord, joinPath } from "../../base/values.ts";
import { parseRecord } from "./json_text.ts";

/** The names of the environment variables that hold credentials. */
interface CredentialNames {
  /** Default `AWS_ACCESS_KEY_ID`. */
  readonly accessKeyId?: string;
  /** Default `AWS_SECRET_ACCESS_KEY`. */
  readonly secretAccessKey?: string;
  /** Default `AWS_SESSION_TOKEN`. */
  readonly sessionToken?: string;
}

/** What `deno.json` says under `"flyhot"`; everything may be left out. */
export interface DenoJsonConfig {
  /** The bucket. */
  readonly bucket?: string;
  /** The S3 service, an http or https URL. */
  readonly endpoint?: string;
  /** The region in signatures. */
  readonly region?: string;
  /** How many machines upgrade at a time, at least 1. */
  readonly maxConcurrency?: number;
  /** How many machines go first; 0 for none. */
  readonly canary?: number;
  /** How long a machine may take, in seconds. */
  readonly timeout?: number;
  /** For how long new code is watched before it counts as good, in seconds. */
  readonly probation?: number;
  /** How long a holder may take to finish its call, in seconds. */
  readonly suspendTimeout?: number;
  /** Files that belong to the release, as globs. */
  readonly include?: readonly string[];
  /** Files that do not, as globs. */
  readonly exclude?: readonly string[];
  /** The main modules of the process groups. */
  readonly entry?: readonly string[];
  /** How far above the app's folder the release's root is: `..`, `../..`. */
  readonly root?: string;
  /** Options of the runtime, for machines. */
  readonly runtime?: RuntimeOptions;
  /** Variables for the temporary machine. */
  readonly env?: Readonly<Record<string, string>>;
  /** The command of the temporary machine. */
  readonly orchestrateCommand?: readonly string[];
  /** The names of the variables that hold the bucket's keys: `accessKeyId`, `secretAccessKey`, `sessionToken`. */
  readonly credentials?: CredentialNames;
  /** The public keys that releases must be signed by; machines read them from their image. */
  readonly publicKeys?: readonly string[];
  /** Whether modules that only call what changes stay as they are (default no); machines read it from their image. */
  readonly rebind?: boolean;
  /** What a rehearsal asks: files of requests, or the requests themselves. */
  readonly requests?: readonly string[];
  /** What a rehearsal does not compare: regular expressions. */
  readonly masks?: readonly string[];
}

type KeyReader = (value: unknown, at: string) => unknown;

const KEYS: Readonly<Record<keyof DenoJsonConfig, KeyReader>> = {
  bucket: text,
  endpoint: httpUrl,
  region: text,
  maxConcurrency: wholeNumber(1),
  canary: wholeNumber(0),
  timeout: seconds,
  suspendTimeout: seconds,
  probation: seconds,
  include: texts,
  exclude: texts,
  entry: (value, at) =>
    typeof value === "string" ? [text(value, at)] : texts(value, at),
  root: (value, at) =>
    typeof value === "string" && /^\.\.(?:\/\.\.)*\/?$/.test(value)
      ? value
      : refuse(at, `"..", "../.." and so on`, value),
  env: (value, at) => record(value, at, text),
  runtime: (value, at) => {
    try {
      return runtimeOptions(value, at);
    } catch (error) {
      // In the words of the machine that reads it.
      if (!(error instanceof ProtocolError)) throw error;
      throw new FlyhotError("usage", error.message, { cause: error });
    }
  },
  orchestrateCommand: (value, at) => {
    const words = texts(value, at);
    return words.length > 0 ? words : refuse(at, "at least one word", value);
  },
  credentials: (value, at) =>
    known(value, at, {
      accessKeyId: variableName,
      secretAccessKey: variableName,
      sessionToken: variableName,
    }),
  rebind: (value, at) =>
    typeof value === "boolean" ? value : refuse(at, "true or false", value),
  requests: (value, at) =>
    typeof value === "string" ? [text(value, at)] : texts(value, at),
  masks: (value, at) => {
    const masks = texts(value, at);
    for (const [index, mask] of masks.entries()) {
      try {
        if ("".search(new RegExp(mask, "u")) === 0) throw new SyntaxError();
      } catch {
        refuse(
          `${at}[${index}]`,
          "a regular expression that matches something",
          mask,
        );
      }
    }
    return masks;
  },
  publicKeys: (value, at) => {
    const keys = texts(value, at);
    for (const key of keys) {
      try {
        publicKey(key, at);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        // Not shown: it may be the private key, pasted by mistake.
        return refuse(at, "public keys as flyhot keygen prints them", null);
      }
    }
    return keys.length > 0
      ? keys
      : refuse(at, "at least one key, or no publicKeys at all", value);
  },
};

/**
 * Finds and reads the `"flyhot"` key of the app's `deno.json` or `deno.jsonc`; what it says and where, or null if there is no such
 * file.
 */
export async function findDenoJson(
  host: Pick<Host, "files">,
  folder: string,
): Promise<{ readonly path: string; readonly config: DenoJsonConfig } | null> {
  for (const name of ["deno.json", "deno.jsonc"]) {
    const path = joinPath(folder, name);
    const content = await host.files.readText(path);
    if (content !== null) {
      return { path, config: parseDenoJson(content, path) };
    }
  }
  return null;
}

/** Reads the `"flyhot"` key out of the text of a `deno.json`; empty if the key is not there. */
export function parseDenoJson(content: string, path: string): DenoJsonConfig {
  const root = parseRecord(content, path);
  if (root.flyhot === undefined) return {};
  if (!isRecord(root.flyhot)) {
    return refuse(`${path}: flyhot`, "an object", root.flyhot);
  }
  // What is said about state belongs to the release and is read when it is packed.
  const mine = Object.entries(root.flyhot).filter(([key]) =>
    !RELEASE_KEYS.some((known) => known === key)
  );
  return known(
    Object.fromEntries(mine),
    `${path}: flyhot`,
    KEYS,
  ) as DenoJsonConfig;
}

function known(
  value: unknown,
  at: string,
  keys: Readonly<Record<string, KeyReader>>,
): Record<string, unknown> {
  if (!isRecord(value)) return refuse(at, "an object", value);
  const result: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    const reader = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (!reader) {
      const names = keys === KEYS
        ? [...Object.keys(keys), ...RELEASE_KEYS]
        : Object.keys(keys);
      const near = nearestName(key, names);
      throw new FlyhotError("usage", `Cannot read ${at}.${key}: no such key`, {
        hint: near === null
          ? `the keys are ${names.join(", ")}`
          : `did you mean "${near}"?`,
      });
    }
    result[key] = reader(entry, `${at}.${key}`);
  }
  return result;
}

function refuse(at: string, expected: string, found: unknown): never {
  const shown = JSON.stringify(found) ?? typeof found;
  throw new FlyhotError(
    "usage",
    `Cannot read ${at}: expected ${expected}, found ${
      shown.length > 60 ? shown.slice(0, 57) + "..." : shown
    }`,
    { hint: "all keys and what they take: docs/configuration.md" },
  );
}

function text(value: unknown, at: string): string {
  return typeof value === "string" && value !== ""
    ? value
    : refuse(at, "text", value);
}

function texts(value: unknown, at: string): readonly string[] {
  if (!Array.isArray(value)) return refuse(at, "a list of texts", value);
  return value.map((entry, index) => text(entry, `${at}[${index}]`));
}

function record(
  value: unknown,
  at: string,
  item: (value: unknown, at: string) => string,
): Record<string, string> {
  if (!isRecord(value)) return refuse(at, "an object", value);
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      item(entry, `${at}.${key}`),
    ]),
  );
}

function httpUrl(value: unknown, at: string): string {
  return typeof value === "string" && /^https?:/.test(value) &&
      URL.canParse(value)
    ? value
    : refuse(at, "an http or https URL", value);
}

function wholeNumber(min: number): KeyReader {
  return (value, at) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= min
      ? value
      : refuse(at, `a whole number of at least ${min}`, value);
}

function seconds(value: unknown, at: string): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0
    ? value
    : refuse(at, "seconds, more than 0", value);
}

function variableName(value: unknown, at: string): string {
  // A credential pasted here by mistake must not end up in an error.
  if (typeof value === "string" && /^[A-Z_][A-Z0-9_]*$/.test(value)) {
    return value;
  }
  throw new FlyhotError(
    "usage",
    `Cannot read ${at}: expected the name of an environment variable in capitals`,
    { hint: "put the secret in the environment and its variable's name here" },
  );
}
