/** A JSR registry with invented packages in several versions; what it does not have comes from the one around it.
 * @module
 */
import { findDenoCache, forgetHost } from "../../scripts/mirror/deno_cache.ts";
import {
  registryHandler,
  type RunningRegistry,
  serveRegistry,
} from "../../scripts/mirror/registry.ts";

/** The entry module of each version, by `@scope/name@version`. */
export type InventedPackages = Readonly<Record<string, string>>;

/** Serves packages. */
export async function servePackages(
  packages: InventedPackages,
): Promise<RunningRegistry> {
  const cache = await findDenoCache();
  const around = Deno.env.get("JSR_URL") ?? "https://jsr.io/";
  const versions = new Map<string, string[]>();
  const handlers = new Map<string, (request: Request) => Promise<Response>>();
  for (const [key, source] of Object.entries(packages)) {
    const at = key.lastIndexOf("@");
    const name = key.slice(0, at), version = key.slice(at + 1);
    versions.set(name, [...versions.get(name) ?? [], version]);
    const files = new Map([["mod.ts", new TextEncoder().encode(source)]]);
    const snapshot = () =>
      Promise.resolve({ version, exports: { ".": "./mod.ts" }, files });
    handlers.set(key, registryHandler([{ name, snapshot }]));
  }
  const registry = serveRegistry(async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    const [, name = "", rest = ""] = /^\/(@[^/]+\/[^/]+)\/(.+)$/.exec(path) ??
      [];
    const known = versions.get(name);
    if (!known) return await fetch(around.replace(/\/$/, "") + path);
    if (rest === "meta.json") {
      const [scope, bare] = name.slice(1).split("/");
      return Response.json({
        scope,
        name: bare,
        latest: known.at(-1),
        versions: Object.fromEntries(known.map((version) => [version, {}])),
      });
    }
    const version = /^([^/]+?)(?:_meta\.json$|\/)/.exec(rest)?.[1];
    const handler = handlers.get(`${name}@${version}`);
    return handler
      ? await handler(request)
      : new Response(`no ${path}`, { status: 404 });
  });
  return {
    ...registry,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await forgetHost(cache, registry.url);
    },
  };
}
