/** The scripts that Deno loads by itself.
 * @module
 */
import type { LoadedModules } from "./edges.ts";
import { SCRIPT } from "./load_hook.ts";

/**
 * The scripts of the app that run and have not passed the `load` hook: Deno loads by itself what may be CommonJS, be it that
 * its package.json says so or that `detect-cjs` lets it find out.
 */
export function unseenOf(
  { loaded, failed, imports }: LoadedModules,
  main: string,
  mainIsDue: boolean,
): Set<string> {
  const unseen = new Set<string>();
  if (mainIsDue && !loaded.has(main)) unseen.add(main);
  for (const [importer, all] of imports) {
    if (!loaded.has(importer) && importer !== main) continue;
    for (const { to, inside } of all) {
      if (!inside || !SCRIPT.test(to)) continue;
      if (!loaded.has(to) && !failed.has(to)) unseen.add(to);
    }
  }
  return unseen;
}
