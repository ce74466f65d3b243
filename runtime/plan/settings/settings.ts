/** Reads what the app's `deno.json` says about its state, and says what is wrong with it.
 * @module
 */
import { isReleasePath } from "../../protocol/manifest/manifest.ts";
import { object, reject } from "../../protocol/json/parse.ts";
import {
  type KeptEntry,
  type ReleaseSettings,
  SOCKET_WAYS,
} from "../../protocol/manifest/release_settings.ts";

/** What can be consented to. */
export const CONSENT_KINDS = [
  "server",
  "worker",
  "handle",
  "repeats",
  "numbers",
  "global",
  "holder",
  "timers",
] as const;

/**
 * Reads the settings of a release.
 *
 * @param flyhot what stands under `"flyhot"` in `deno.json`; undefined for nothing
 * @param at where it stands, for errors
 * @returns the settings, without entries that are there twice
 * @throws {ProtocolError} naming the key and what should stand there
 */
export function readReleaseSettings(
  flyhot: unknown,
  at = "deno.json: flyhot",
): ReleaseSettings {
  const said = flyhot === undefined ? {} : object(flyhot, at);
  const list = (
    key: string,
    check: (entry: unknown, at: string) => string,
  ): string[] => {
    const value = said[key] ?? [];
    if (!Array.isArray(value)) {
      return reject(`${at}.${key}`, "a list of text", value);
    }
    return [
      ...new Set(
        value.map((entry, index) => check(entry, `${at}.${key}[${index}]`)),
      ),
    ];
  };
  const keep = keptEntries(said.keep ?? [], `${at}.keep`);
  const startsAnew = list("startsAnew", bindingName);
  const both = keep.find((entry) => startsAnew.includes(entry.at));
  if (both) {
    reject(
      `${at}.startsAnew`,
      `no entry that is also under "keep"`,
      both.at,
    );
  }
  return {
    keep,
    startsAnew,
    shared: list("shared", bindingName),
    assets: list("assets", assetPattern),
    consent: list("consent", consentName),
    ...(said.sockets === undefined
      ? {}
      : { sockets: socketWay(said.sockets, `${at}.sockets`) }),
  };
}

function keptEntries(value: unknown, at: string): KeptEntry[] {
  if (!Array.isArray(value)) {
    return reject(at, `a list of text or of { "at", "functions" }`, value);
  }
  const entries = value.map((item, index): KeptEntry => {
    const here = `${at}[${index}]`;
    if (typeof item === "string") return { at: bindingName(item, here) };
    if (typeof item !== "object" || item === null || Array.isArray(item)) {
      return reject(here, `text or { "at", "functions" }`, item);
    }
    const entry = object(item, here);
    for (const key of Object.keys(entry)) {
      if (key !== "at" && key !== "functions") {
        reject(
          `${here}.${key}`,
          `no such key (known are "at", "functions")`,
          entry[key],
        );
      }
    }
    const place = bindingName(entry.at, `${here}.at`);
    if (entry.functions === undefined) return { at: place };
    return entry.functions === "keep"
      ? { at: place, functions: "keep" }
      : reject(`${here}.functions`, `"keep"`, entry.functions);
  });
  return [...new Map(entries.map((entry) => [entry.at, entry])).values()];
}

/** `rooms.ts#rooms`: a path under the root, and a name in it. */
function bindingName(value: unknown, at: string): string {
  const wanted = `a path and a name, as in "rooms.ts#rooms"`;
  if (typeof value !== "string") return reject(at, wanted, value);
  const hash = value.indexOf("#");
  const path = value.slice(0, hash).replace(/^\.\//, "");
  const name = value.slice(hash + 1);
  return hash > 0 && isReleasePath(path) &&
      /^[\p{L}_$][\p{L}\p{N}_$. #]*$/u.test(name)
    ? `${path}#${name}`
    : reject(at, wanted, value);
}

function assetPattern(value: unknown, at: string): string {
  const wanted = `a path, a folder, or a pattern with * or **`;
  if (typeof value !== "string") return reject(at, wanted, value);
  const path = value.replace(/^\.\//, "").replace(/\/$/, "");
  return isReleasePath(path.replaceAll("*", "x"))
    ? path
    : reject(at, wanted, value);
}

function consentName(value: unknown, at: string): string {
  const wanted = `one of ${
    CONSENT_KINDS.map((kind) => `"${kind}:..."`).join(", ")
  }`;
  if (typeof value !== "string") return reject(at, wanted, value);
  const colon = value.indexOf(":");
  const kind = value.slice(0, colon);
  return colon > 0 && value.length > colon + 1 &&
      CONSENT_KINDS.some((known) => known === kind)
    ? value
    : reject(at, wanted, value);
}

function socketWay(value: unknown, at: string): typeof SOCKET_WAYS[number] {
  return SOCKET_WAYS.find((way) => way === value) ??
    reject(at, `one of ${SOCKET_WAYS.join(", ")}`, value);
}

/**
 * Makes a test for paths that are named as assets.
 *
 * @param patterns paths, folders, or patterns in which `*` stands for a name and `**` for any folders
 * @returns the pattern that names a path, or null
 */
export function assetMatcher(
  patterns: readonly string[],
): (path: string) => string | null {
  const tests = patterns.map((pattern): [string, RegExp] => {
    const text = pattern.split("/").map((part) =>
      part === "**"
        ? "\0"
        : part.split("*").map((piece) =>
          piece.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")
        ).join("[^/]*")
    ).join("/").replaceAll("\0/", "(?:[^/]+/)*").replaceAll("\0", ".*");
    // A folder stands for all that is in it.
    return [pattern, new RegExp(`^${text}(?:/.*)?$`)];
  });
  return (path) => tests.find(([, test]) => test.test(path))?.[0] ?? null;
}
