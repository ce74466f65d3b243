/** Whether a module is reloaded with another one that changes.
 * @module
 */
import { packed, running } from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";

/** Who imports what imports it. */
export const MAIN = `import { live } from "@flyhot/runtime";
const app = await live(() => import("./app.ts"));
Deno.serve(() => app.f());`;
/** How m.ts imports it. */
export const USES =
  `import { x } from "./t.ts"; import * as ns from "./t.ts"; `;

/** Whether t.ts is reloaded when m.ts changes, which does `code` while it is evaluated. */
export function joins(
  t: string,
  code: string,
  more: Record<string, string> = {},
) {
  const files = {
    "main.ts": MAIN,
    "app.ts":
      `import "./m.ts"; import * as t from "./t.ts"; export const f = () => t;`,
    "m.ts": USES + code,
    "t.ts": t,
    ...more,
  };
  const plan = classify(
    packed({ ...files, "m.ts": `${files["m.ts"]} // v2` }),
    running(files),
  );
  return plan.reload.filter((path) => path !== "app.ts" && path !== "m.ts")
    .join();
}
