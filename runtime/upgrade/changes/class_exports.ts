/** Finds the classes and other objects that modules export, old ones and new ones.
 * @module
 */
import { nextTurn, Slices } from "../../base/in_slices.ts";
import { within } from "../../base/waiting/deadline.ts";
import type { AppProcess } from "../../process/process.ts";
import type { ClassRegistry } from "../../state/classes/class_registry.ts";
import type { Staging } from "../../state/staging.ts";

/** A module that is evaluated already is there at once. */
const EVALUATED_MS = 100;
/** In so many turns of the event loop as well. */
const EVALUATED_TURNS = 20;
/** Far more than the import of one that is there takes, where many are waited for. */
const IMPORT_MS = 1;

type Exports = Readonly<Record<string, unknown>>;

/** What is asked for the URLs of modules. */
export interface ModuleUrls {
  /** The modules that are reloaded or gone. */
  readonly replaced: Iterable<string>;
  /** Whether a module is loaded. */
  isLoaded(path: string): boolean;
  /** Whether a module and the one that takes its place export nothing but functions. */
  hasNoObjects(path: string): boolean;
  /** The URL of a module that is in. */
  current(path: string): string | null;
  /** The URL of the module that takes its place. */
  next(path: string): string | null;
}

/** Registers what replaced modules export, which are loaded already, and what those do that take their place. */
export async function registerExportedClasses(
  urls: ModuleUrls,
  appProcess: Pick<AppProcess, "classes" | "modules">,
  staging: Pick<Staging, "classes" | "exported">,
): Promise<void> {
  const waiting: { register: (exports: Exports) => void; url: string }[] = [];
  const wait = (registry: ClassRegistry, path: string, url: string | null) => {
    if (url === null) return;
    const register = (exports: Exports) =>
      registry.registerExports(path, exports);
    waiting.push({ register, url });
  };
  const paths = [...urls.replaced].sort();
  for (const path of paths) {
    if (!/\.[cm]?[jt]sx?$/.test(path) || !urls.isLoaded(path)) continue;
    // To ask Deno for what it has loaded takes longer than all else here.
    if (urls.hasNoObjects(path)) continue;
    wait(appProcess.classes, path, urls.current(path));
    wait(staging.classes, path, urls.next(path));
  }
  // One that does not come through its evaluation has no classes that anybody could use.
  const { namespaces } = appProcess.modules;
  const imports: Promise<void>[] = [];
  const slices = new Slices();
  for (const { url } of waiting) {
    if (namespaces.has(url)) continue;
    const look = async () => void namespaces.set(url, await import(url));
    imports.push(look());
    if (slices.over) await slices.next();
  }
  let isThere = false;
  const all = Promise.allSettled(imports).then(() => isThere = true);
  await within(
    EVALUATED_MS + waiting.length * IMPORT_MS,
    () => all,
    () => new Error("some are still being evaluated"),
  ).catch(() => {});
  // Where the computer stood still, the time is over before those that are there have had a turn.
  for (let turn = 0; !isThere && turn < EVALUATED_TURNS; turn++) {
    await nextTurn();
  }
  for (const { register, url } of waiting) {
    const exports = namespaces.get(url);
    if (exports) register(exports);
    if (slices.over) await slices.next();
  }
  for (const path of paths) {
    const before = namespaces.get(urls.current(path) ?? "");
    const after = namespaces.get(urls.next(path) ?? "");
    if (before && after) staging.exported.learn(path, before, after);
    if (slices.over) await slices.next();
  }
}
