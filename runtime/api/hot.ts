/** The shape of Vite's `import.meta.hot`, for what holders, families and services do not cover.
 * @module
 */
import { URL } from "../base/platform/globals.ts";
import type { Staging } from "../state/staging.ts";
import {
  type DisposeCallback,
  type HotContext,
  hotContext,
} from "../modules/hot_context.ts";
import { callingModules } from "../modules/caller.ts";
import { placeOf } from "../modules/module_urls.ts";
import type { HotEventName, HotEventPayloads } from "../modules/hot_events.ts";
import { appProcess } from "../process/process.ts";

/** What `hot(import.meta)` returns. */
export interface Hot {
  /** A bag that the next version of the module finds again; change it, never replace it. */
  readonly data: Record<string, unknown>;
  /** Takes new versions of this module without reloading its importers, which keep the old exports. */
  accept(callback?: (module: unknown) => unknown): void;
  /** Takes new versions of other modules without being reloaded; `paths` are relative to this module. */
  accept(
    paths: string | readonly string[],
    callback: (module: unknown) => unknown,
  ): void;
  /** Runs when a new version of this module is applied; awaited. It does not run for an upgrade that is given up. */
  dispose(callback: DisposeCallback): void;
  /** Runs when an upgrade has removed this module. */
  prune(callback: DisposeCallback): void;
  /** Makes every upgrade that would replace this module a cold one. */
  decline(reason?: string): void;
  /** Gives up the upgrade that is bringing this module in; at any other time it is only logged. */
  invalidate(message?: string): void;
  /** Listens to an event of upgrades; returns what ends it. */
  on<Name extends HotEventName>(
    event: Name,
    listener: (payload: HotEventPayloads[Name]) => void,
  ): () => void;
  /** Ends listening. */
  off<Name extends HotEventName>(
    event: Name,
    listener: (payload: HotEventPayloads[Name]) => void,
  ): void;
}

/** Thrown by `invalidate()` inside an upgrade. */
export class InvalidatedError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "InvalidatedError";
}

/**
 * Gives a module its part in upgrades, in the shape of
 * {@link https://vite.dev/guide/api-hmr | Vite's import.meta.hot}.
 *
 * Call it at the top level with the module's own `import.meta`.
 *
 * @param meta the module's `import.meta`
 * @returns its part
 * @throws {TypeError} if `meta.url` is not that of a module on the disk
 *
 * @example
 * ```ts
 * import { hot } from "@flyhot/runtime";
 *
 * const { data, dispose } = hot(import.meta);
 * data.startedAt ??= Date.now();
 * const timer = setInterval(() => {}, 60_000);
 * dispose(() => clearInterval(timer));
 * clearInterval(timer);
 * ```
 */
export function hot(meta: { readonly url: string }): Hot {
  if (!meta.url.startsWith("file:")) {
    throw new TypeError(
      `Cannot give ${meta.url} a part in upgrades: it is not a module on the disk; write hot(import.meta)`,
    );
  }
  const { staging } = appProcess.declaring();
  const path = appProcess.modules.pathOf(meta.url);
  // All versions of a module say the same of where they are; the stack tells which one is asking.
  const instance = callingModules().find((url) => placeOf(url) === meta.url) ??
    meta.url;
  const context = contextOf(path, instance, staging);
  return {
    get data() {
      return context.data;
    },
    accept(
      first?: ((module: unknown) => unknown) | string | readonly string[],
      callback?: (module: unknown) => unknown,
    ): void {
      if (first === undefined || typeof first === "function") {
        addAccepted(context, path, first);
        return;
      }
      for (const specifier of typeof first === "string" ? [first] : first) {
        const url = new URL(specifier, meta.url).href;
        addAccepted(context, appProcess.modules.pathOf(url), callback);
      }
    },
    dispose: (callback) => void context.disposers.push(callback),
    prune: (callback) => void context.pruners.push(callback),
    decline: (reason = "it says so") => {
      context.declined = reason;
    },
    invalidate(message = "it says so"): void {
      const text = `${path} cannot take this upgrade: ${message}`;
      if (appProcess.modules.staged !== null || appProcess.settling) {
        throw new InvalidatedError(text);
      }
      appProcess.logger.warn(text);
    },
    on(event, listener) {
      const listeners = context.listeners.get(event) ?? new Set();
      context.listeners.set(
        event,
        listeners.add(listener as (payload: unknown) => void),
      );
      return () =>
        void listeners.delete(listener as (payload: unknown) => void);
    },
    off: (event, listener) =>
      void context.listeners.get(event)?.delete(
        listener as (payload: unknown) => void,
      ),
  };
}

function contextOf(
  path: string,
  url: string,
  staging: Staging | null,
): HotContext {
  const before = appProcess.hots.get(path);
  const staged = staging !== null && staging.state !== "live";
  const there = staged ? staging.hots.get(path) : before;
  // A module may ask as often as it likes, from its top level and from its functions.
  if (there?.url === url) return there;
  // A copy, so that a version that is given up has not touched what the old one keeps.
  const context = hotContext(path, url, { ...before?.data });
  if (staged) staging.hots.set(path, context);
  // An instance that has been replaced has no part in upgrades any more.
  else if (isIn(url)) appProcess.hots.set(path, context);
  return context;
}

function isIn(url: string): boolean {
  const { table } = appProcess.modules;
  return table === null || table.isCurrent(url);
}

function addAccepted(
  context: HotContext,
  path: string,
  callback: ((module: unknown) => unknown) | undefined,
): void {
  const callbacks = context.accepted.get(path) ?? [];
  if (callback) callbacks.push(callback);
  context.accepted.set(path, callbacks);
}
