/** What the app's `deno.json` says about its state, read from the release that is applied.
 * @module
 */
import {
  fields,
  listOf,
  oneOf,
  optional,
  orElse,
  type Reader,
  string,
} from "../json/parse.ts";

/** The keys of `"flyhot"` in `deno.json` that say it. */
export const RELEASE_KEYS = [
  "keep",
  "startsAnew",
  "shared",
  "assets",
  "consent",
  "sockets",
] as const;

/** A variable whose value stays when its module is replaced. */
export interface KeptEntry {
  /** `rooms.ts#rooms`, `main.ts#main.games`. */
  readonly at: string;
  /** `keep` if functions in it may stay as they are. */
  readonly functions?: "keep";
}

/** What becomes of open sockets whose handlers are replaced. */
export const SOCKET_WAYS = ["replay", "reconnect", "keep"] as const;

/** What `"flyhot"` in `deno.json` says about state; lists that are not there are empty. */
export interface ReleaseSettings {
  /** Variables that stay when their module is replaced: `rooms.ts#rooms`, or `{ "at": "bus.ts#bus", "functions": "keep" }`. */
  readonly keep: readonly KeptEntry[];
  /** Variables that may be lost with their module: `cache.ts#cache`. */
  readonly startsAnew: readonly string[];
  /** Exports that modules may touch while they are evaluated, without the module they come from being reloaded: `log.ts#log`. */
  readonly shared: readonly string[];
  /** Files that are only read by `asset()`: paths, folders, or patterns with `*` and `**`. */
  readonly assets: readonly string[];
  /** What is consented to, as refusals name it: `server:8081`, `worker:w.ts`, `handle:db.ts#db`, `holder:docs` and so on. */
  readonly consent: readonly string[];
  /** What becomes of open sockets whose handlers are replaced: `replay`, `reconnect` or `keep`. */
  readonly sockets?: typeof SOCKET_WAYS[number];
}

/** What a `deno.json` says that says nothing. */
export const NO_SETTINGS: ReleaseSettings = {
  keep: [],
  startsAnew: [],
  shared: [],
  assets: [],
  consent: [],
};

const keptEntry = fields<KeptEntry>({
  at: string,
  functions: optional(oneOf("keep")),
});

/** Reads the settings out of a manifest. */
export const releaseSettings: Reader<ReleaseSettings> = fields<ReleaseSettings>(
  {
    keep: orElse(listOf(keptEntry), []),
    startsAnew: orElse(listOf(string), []),
    shared: orElse(listOf(string), []),
    assets: orElse(listOf(string), []),
    consent: orElse(listOf(string), []),
    sockets: optional(oneOf(...SOCKET_WAYS)),
  },
);
