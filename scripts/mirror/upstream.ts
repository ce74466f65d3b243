/**
 * JSR itself: whether it can be had, and handing its packages on.
 *
 * @module
 */

import { type DenoCache, readCached } from "./deno_cache.ts";
import type { Fallback } from "./registry.ts";

/** Where packages that are not our own come from. */
export type Upstream = "jsr" | "npm";

/** Where JSR is. */
export const JSR = "https://jsr.io/";

/** How long JSR may take where there is another way. */
const REACH_TIMEOUT_MS = 3_000;
/** How long JSR may take where there is none. */
const DOWNLOAD_TIMEOUT_MS = 30_000;

/** What {@linkcode chooseUpstream} needs to know. */
interface UpstreamChoice {
  /** The packages needed, each with its version. */
  readonly versions: ReadonlyMap<string, string>;
  /** Where downloads are kept. */
  readonly cache: DenoCache;
  /** The registry to look for. */
  readonly url?: string;
  /** How long it may take, 3 s by default. */
  readonly timeoutMs?: number;
}

/** Decides where packages come from. */
export async function chooseUpstream(
  { versions, cache, url = JSR, timeoutMs = REACH_TIMEOUT_MS }: UpstreamChoice,
): Promise<Upstream> {
  const kept = await Promise.all(
    [...versions].map(([name, version]) =>
      readCached(cache, `${url}${name}/${version}_meta.json`)
    ),
  );
  if (kept.every((bytes) => bytes !== undefined)) return "jsr";
  const [name] = versions.keys();
  return name && await answers(`${url}${name}/meta.json`, timeoutMs)
    ? "jsr"
    : "npm";
}

/** Whether a package's metadata can be read; a portal's login page is not an answer. */
async function answers(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { signal });
    const metadata = await response.json();
    return response.ok && typeof metadata.scope === "string";
  } catch {
    return false;
  }
}

/** Hands the packages of a registry on, unchanged. */
export function passThrough(cache: DenoCache, url: string = JSR): Fallback {
  return async (path) => {
    // The dot keeps a path from naming another host.
    const target = new URL(`.${path}`, url).href;
    const mayChange = /^\/@[^/]+\/[^/]+\/meta\.json$/.test(path);
    const kept = await readCached(cache, target);
    if (kept && !mayChange) return new Response(kept, header(path));
    try {
      const signal = AbortSignal.timeout(
        kept ? REACH_TIMEOUT_MS : DOWNLOAD_TIMEOUT_MS,
      );
      const response = await fetch(target, { signal });
      // Not the stream: an error in the middle of it must become a status.
      const body = await response.arrayBuffer();
      const type = response.headers.get("content-type");
      const headers = new Headers(type ? { "content-type": type } : {});
      return new Response(body, { status: response.status, headers });
    } catch (error) {
      if (kept) return new Response(kept, header(path));
      const why = error instanceof Error ? error.message : String(error);
      return new Response(`Cannot get ${target}: ${why}\n`, { status: 502 });
    }
  };
}

function header(path: string): ResponseInit {
  const type = path.endsWith(".json")
    ? "application/json"
    : "application/typescript";
  return { headers: { "content-type": type } };
}
