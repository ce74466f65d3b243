/** What of an app can be replaced while it runs, for people.
 * @module
 */
import type { HotSurface } from "@flyhot/runtime/plan";
import { formatCount } from "./format.ts";

const SHOWN_MAX = 5;

/**
 * Says which modules can be replaced while the app runs.
 *
 * @param surface the modules of one main module
 * @returns lines: how many, and why not the others
 */
export function surfaceLines(
  { main, modules, total }: HotSurface,
): readonly string[] {
  const cold = modules.filter(({ refusal }) => refusal !== null);
  const looked = total > modules.length
    ? ` (of ${total}, the first were looked at)`
    : "";
  const hot = modules.length - cold.length;
  const count = formatCount(modules.length, "module");
  const head = modules.length === 1
    ? `${main} ${
      cold.length === 0 ? "can" : "cannot"
    } be replaced while the app runs${cold.length === 0 ? "." : ":"}`
    : cold.length === 0
    ? `All ${count} of ${main} can be replaced while the app runs${looked}.`
    : `${hot} of ${count} of ${main} can be replaced while the app runs${looked}; not these:`;
  return [
    head,
    ...cold.slice(0, SHOWN_MAX).map(({ path, refusal }) => {
      const { path: at, line, subject, why, remedy } = refusal!;
      const where = line > 0 ? `${at}:${line}` : at;
      const what = [
        at === path ? where : `${path}, because of ${where}`,
        ...(subject === "" ? [] : [subject]),
      ].join(" ");
      return `  ${what}: ${why}${remedy === "" ? "" : `; ${remedy}`}`;
    }),
    ...(cold.length > SHOWN_MAX
      ? [`  and ${cold.length - SHOWN_MAX} more`]
      : []),
  ];
}
