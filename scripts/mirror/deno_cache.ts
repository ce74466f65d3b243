/**
 * Reads and tidies the cache in which `deno` keeps what it has downloaded.
 *
 * @module
 */

import { join } from "node:path";

/** The folders of the cache that hold downloaded modules. */
export interface DenoCache {
  /** Modules as they came. */
  readonly modules: string;
  /** JavaScript made of them. */
  readonly generated: string;
}

/** What `deno info --json` says of its folders. */
interface DenoInfo {
  readonly modulesCache: string;
  readonly typescriptCache: string;
}

const METADATA = "\n// denoCacheMetadata=";

/** Asks `deno` where its cache is. */
export async function findDenoCache(): Promise<DenoCache> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config"],
    stderr: "inherit",
  });
  const { success, code, stdout } = await command.output();
  if (!success) {
    throw new Error(
      `Cannot find deno's cache: deno info --json ended with ${code}`,
    );
  }
  const info = JSON.parse(new TextDecoder().decode(stdout)) as DenoInfo;
  return { modules: info.modulesCache, generated: info.typescriptCache };
}

/** Reads what `deno` has downloaded from a URL. */
export async function readCached(
  cache: DenoCache,
  url: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { pathname, search } = new URL(url);
  const key = new TextEncoder().encode(pathname + search);
  const digest = await crypto.subtle.digest("SHA-256", key);
  const name = new Uint8Array(digest).toHex();
  let kept: Uint8Array<ArrayBuffer>;
  try {
    kept = await Deno.readFile(join(hostFolder(cache.modules, url), name));
  } catch {
    return undefined;
  }
  // What came is followed by one line of JSON about where it came from.
  const tail = new TextDecoder("latin1").decode(kept);
  const end = tail.lastIndexOf(METADATA);
  if (end === -1) return undefined;
  try {
    const metadata = JSON.parse(tail.slice(end + METADATA.length));
    return metadata.url === url ? kept.slice(0, end) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes everything that was downloaded from one host. */
export async function forgetHost(cache: DenoCache, url: string): Promise<void> {
  for (const folder of [cache.modules, cache.generated]) {
    try {
      await Deno.remove(hostFolder(folder, url), { recursive: true });
    } catch (error) {
      // Nothing was downloaded, or another process is using it on a system
      // that does not allow removal then; what is left does no harm.
      if (!(error instanceof Deno.errors.NotFound)) continue;
    }
  }
}

function hostFolder(cache: string, url: string): string {
  const { protocol, hostname, port } = new URL(url);
  const host = port === "" ? hostname : `${hostname}_PORT${port}`;
  return join(cache, protocol.slice(0, -1), host);
}
