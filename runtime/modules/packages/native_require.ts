/** What CommonJS packages `require`, loaded as if nobody watched.
 *
 * Any `load` hook, even one that only passes on, breaks `require` of `.json`, `.mjs` and `.node` files: express, fastify
 * and koa would not start. Those requests are answered with a line that calls the native loader.
 *
 * @module
 */
import { Module } from "node:module";
import { fileURLToPath } from "node:url";

const KEY = Symbol.for("@flyhot/runtime.native_require");

type Loader = (module: unknown, file: string) => void;

function loadNatively(module: unknown, url: string, extension: string): void {
  const loaders =
    (Module as unknown as { _extensions: Record<string, Loader> })._extensions;
  loaders[extension]!(module, fileURLToPath(url));
}

// A second copy of this package brings the same.
(globalThis as Record<symbol, unknown>)[KEY] ??= loadNatively;

/**
 * The source that stands for a file which CommonJS code requires. Returns CommonJS source, or null where the hook need
 * not answer.
 */
export function nativeRequire(
  url: string,
  conditions: readonly string[] | undefined,
): string | null {
  if (!url.startsWith("file:") || !conditions?.includes("require")) return null;
  const extension = /\.(?:json|mjs|node)$/.exec(url)?.[0];
  if (extension === undefined) return null;
  return `globalThis[Symbol.for(${JSON.stringify(KEY.description)})](module, ${
    JSON.stringify(url)
  }, ${JSON.stringify(extension)});`;
}

/** Lets `require` load a file again. */
export function forgetRequired(file: string): void {
  const { _cache } = Module as unknown as { _cache?: Record<string, unknown> };
  if (_cache) delete _cache[file];
}
