/**
 * A JSR registry on loopback: as much of the protocol as `deno` uses to
 * resolve, check and run, for packages that change while it runs.
 *
 * @module
 */

import type { PackageSnapshot, RegistryPackage } from "./package.ts";

/** Answers a request that no package of the registry's own answers. */
export type Fallback = (path: string) => Promise<Response>;

/** A registry that is being served. */
export interface RunningRegistry extends AsyncDisposable {
  /** What `JSR_URL` has to be. */
  readonly url: string;
  /** The port, chosen by the system. */
  readonly port: number;
}

const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  mts: "application/typescript",
  tsx: "text/tsx",
  js: "application/javascript",
  mjs: "application/javascript",
  json: "application/json",
  css: "text/css",
  html: "text/html",
  svg: "image/svg+xml",
  md: "text/markdown",
};

/** Makes the handler of a registry. */
export function registryHandler(
  packages: readonly RegistryPackage[],
  fallback?: Fallback,
): (request: Request) => Promise<Response> {
  const byName = new Map(packages.map((item) => [item.name, item]));
  // Deno reads the manifest of a version before its files and holds them to
  // it, so files come from what the manifest was made of, even if the working
  // tree has changed since.
  const served = new Map<string, PackageSnapshot>();

  return async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuse(
        405,
        `${request.method} ${path}: this registry only serves; publish without it`,
      );
    }
    const [, name = "", rest = ""] = /^\/(@[^/]+\/[^/]+)\/(.+)$/.exec(path) ??
      [];
    const own = byName.get(name);
    if (!own) {
      return fallback
        ? await fallback(path)
        : refuse(404, `no package ${path}`);
    }
    if (rest === "meta.json") return metadata(name, await own.snapshot());
    const isManifest = /^[^/]+_meta\.json$/.test(rest);
    const known = isManifest ? undefined : served.get(name);
    const snapshot = known ?? await own.snapshot();
    served.set(name, snapshot);
    if (isManifest) return await manifest(name, rest, snapshot);
    return file(name, rest, snapshot);
  };
}

/** Serves a handler on loopback. */
export function serveRegistry(
  handler: (request: Request) => Promise<Response>,
): RunningRegistry {
  // Deno keeps what it has downloaded by URL, for good. A port comes round
  // again; this prefix does not, so nothing of an earlier run is ever found.
  const prefix = `/${crypto.randomUUID().slice(0, 8)}`;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: (error) =>
      refuse(500, error instanceof Error ? error.message : String(error)),
  }, async (request) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith(`${prefix}/`)) return refuse(404, "not here");
    url.pathname = url.pathname.slice(prefix.length);
    return await handler(new Request(url, { method: request.method }));
  });
  const { port } = server.addr;
  return {
    url: `http://127.0.0.1:${port}${prefix}/`,
    port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function metadata(name: string, { version }: PackageSnapshot): Response {
  const [scope, bare] = name.slice(1).split("/");
  // No `createdAt`: Deno refuses versions younger than a day, and lets those
  // pass that do not say how old they are.
  const versions = { [version]: {} };
  return Response.json({ scope, name: bare, latest: version, versions });
}

async function manifest(
  name: string,
  file: string,
  { version, exports, files }: PackageSnapshot,
): Promise<Response> {
  if (file !== `${version}_meta.json`) {
    return refuse(404, `${name} is here at version ${version} only`);
  }
  const listed: Record<string, { size: number; checksum: string }> = {};
  for (const [path, bytes] of files) {
    const checksum = `sha256-${await sha256(bytes)}`;
    listed[`/${path}`] = { size: bytes.length, checksum };
  }
  return Response.json({ manifest: listed, exports });
}

function file(
  name: string,
  rest: string,
  { version, files }: PackageSnapshot,
): Response {
  const slash = rest.indexOf("/");
  const bytes = files.get(rest.slice(slash + 1));
  if (rest.slice(0, slash) !== version || !bytes) {
    return refuse(404, `no file ${rest} in ${name}@${version}`);
  }
  const extension = rest.slice(rest.lastIndexOf(".") + 1);
  const type = TYPES[extension] ?? "application/octet-stream";
  return new Response(bytes, { headers: { "content-type": type } });
}

function refuse(status: number, why: string): Response {
  return new Response(`${why}\n`, { status });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}
