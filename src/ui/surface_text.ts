/** What of an app can be replaced while it runs, for people.
 * @module
 */
import type { HotSurface, SurfaceModule } from "@flyhot/runtime/plan";
import { formatCount } from "./format.ts";

const SHOWN_MAX = 5;

type Refusal = NonNullable<SurfaceModule["refusal"]>;

/** Says which modules can be replaced while the app runs. */
export function surfaceLines(
  { main, modules, total }: HotSurface,
): readonly string[] {
  const cold = modules.filter(({ refusal }) => refusal !== null);
  const looked = total > modules.length
    ? ` (of its ${total} modules, these were looked at)`
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
  const reasons = [...Map.groupBy(cold, ({ refusal }) => reasonOf(refusal!))];
  return [
    head,
    ...reasons.slice(0, SHOWN_MAX).map(([reason, concerned]) => {
      const at = concerned[0]!.refusal!.path;
      const others = concerned.map(({ path }) => path).filter((it) =>
        it !== at
      );
      return `  ${reason}${
        others.length === 0 ? "" : ` (which takes ${some(others)} along)`
      }`;
    }),
    ...(reasons.length > SHOWN_MAX
      ? [`  and ${reasons.length - SHOWN_MAX} more reasons`]
      : []),
  ];
}

function reasonOf({ path, line, subject, why, remedy }: Refusal): string {
  const where = line > 0 ? `${path}:${line}` : path;
  return `${where}${subject === "" ? "" : ` ${subject}`}: ${why}${
    remedy === "" ? "" : `; ${remedy}`
  }`;
}

function some(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(", ");
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}
