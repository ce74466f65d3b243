/** What the app's own `deno.json` says to the runtime, under its key `flyhot`.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { join } from "node:path";
import { parseJsonc } from "../protocol/json/jsonc.ts";
import {
  boolean,
  listOf,
  object,
  reject,
  string,
} from "../protocol/json/parse.ts";
import { publicKey } from "../protocol/signature.ts";
import {
  type RuntimeOptions,
  runtimeOptions,
} from "../protocol/manifest/runtime_options.ts";

/** The part of the key `flyhot` that concerns a machine; the rest is for the command. */
export interface AppConfig {
  readonly bucket?: string;
  /** The object store. */
  readonly endpoint?: string;
  /** The region in signatures. */
  readonly region?: string;
  /** How long holders may take to finish the action they are in, in milliseconds. */
  readonly suspendTimeoutMs?: number;
  /** The keys of whom releases must be signed by, each 32 bytes in base64; not there where none is asked for. */
  readonly publicKeys?: readonly string[];
  /** Whether it names values to keep through upgrades; not there where it names none. */
  readonly keeps?: true;
  /** Whether modules that only call what changes stay as they are; not there where it is not asked for. */
  readonly rebind?: true;
  /** Options of the runtime; not there where none are said. */
  readonly runtime?: RuntimeOptions;
  /** The names of the variables that hold the access key, the secret key and the session token. */
  readonly credentials?: {
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
    readonly sessionToken?: string;
  };
}

/** Picks out of a `deno.json` what concerns a machine. */
export function parseAppConfig(text: string): AppConfig {
  const root = object(parseJsonc(text), "deno.json");
  if (root.flyhot === undefined) return {};
  const at = "deno.json: flyhot";
  const said = object(root.flyhot, at);
  const config: Record<string, unknown> = {};
  for (const key of ["bucket", "endpoint", "region"]) {
    if (said[key] !== undefined) {
      config[key] = string(said[key], `${at}.${key}`);
    }
  }
  if (typeof said.suspendTimeout === "number") {
    config.suspendTimeoutMs = said.suspendTimeout * 1000;
  }
  if (Array.isArray(said.keep) && said.keep.length > 0) config.keeps = true;
  if (said.rebind !== undefined) {
    if (boolean(said.rebind, `${at}.rebind`)) config.rebind = true;
  }
  if (said.publicKeys !== undefined) {
    const keys = listOf(publicKey)(said.publicKeys, `${at}.publicKeys`);
    if (keys.length === 0) {
      reject(
        `${at}.publicKeys`,
        "at least one key, or no publicKeys at all",
        keys,
      );
    }
    config.publicKeys = keys;
  }
  if (said.credentials !== undefined) {
    const names = object(said.credentials, `${at}.credentials`);
    config.credentials = Object.fromEntries(
      Object.entries(names).map((
        [key, name],
      ) => [key, string(name, `${at}.credentials.${key}`)]),
    );
  }
  if (said.runtime !== undefined) {
    config.runtime = runtimeOptions(said.runtime, `${at}.runtime`);
  }
  return config;
}

/** Reads what the app's `deno.json` or `deno.jsonc` says to the runtime. */
export async function readAppConfig(root: string): Promise<AppConfig> {
  for (const name of ["deno.json", "deno.jsonc"]) {
    try {
      return parseAppConfig(await nativeFiles.readTextFile(join(root, name)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      throw error;
    }
  }
  return {};
}
