/** Finds the classes that modules export, old ones and new ones.
 * @module
 */
import { within } from "../base/deadline.ts";
import type { AppProcess } from "../process/process.ts";
import type { ClassRegistry } from "../state/class_registry.ts";
import type { Staging } from "../state/staging.ts";

/** A module that is evaluated already is there at once. */
const EVALUATED_MS = 100;

/** What is asked for the URLs of modules. */
export interface ModuleUrls {
  /** The modules that are reloaded or gone. */
  readonly replaced: Iterable<string>;
  /** Whether a module is loaded. */
  isLoaded(path: string): boolean;
  /** The URL of a module that is in. */
  current(path: string): string | null;
  /** The URL of the module that takes its place. */
  next(path: string): string | null;
}

/**
 * Registers the exported classes of replaced modules, which are loaded already, and of those that take their place.
 *
 * @param urls the modules
 * @param appProcess takes the old ones
 * @param staging takes the new ones
 */
export async function registerExportedClasses(
  urls: ModuleUrls,
  appProcess: AppProcess,
  staging: Staging,
): Promise<void> {
  for (const path of [...urls.replaced].sort()) {
    if (!/\.[cm]?[jt]sx?$/.test(path) || !urls.isLoaded(path)) continue;
    await register(appProcess.classes, path, urls.current(path));
    await register(staging.classes, path, urls.next(path));
  }
}

async function register(
  registry: ClassRegistry,
  path: string,
  url: string | null,
): Promise<void> {
  if (url === null) return;
  let namespace: Readonly<Record<string, unknown>>;
  try {
    const loaded = await within(
      EVALUATED_MS,
      () => import(url),
      () => new Error("it is still being evaluated"),
    );
    namespace = loaded;
  } catch {
    // One that has not come through its evaluation has no classes that anybody could use.
    return;
  }
  registry.registerExports(path, namespace);
}
