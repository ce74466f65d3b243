import {
  packed,
  running,
  type RunningOptions,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";
import type { Plan } from "../plan.ts";
import { refusalText } from "../../base/refusal.ts";

/** The entry of every app here. */
export const MAIN = `import { live, reapply } from "@flyhot/runtime";
await reapply();
const app = await live(() => import("./app.ts"));
Deno.serve((r) => app.default.fetch(r));`;

/** Plans the step from one version to the next; files not named stay, null removes one. */
export function plan(
  a: Sources,
  b: Readonly<Record<string, string | null>>,
  options: RunningOptions & { readonly consent?: readonly string[] } = {},
): Plan {
  const before = { "main.ts": MAIN, ...a };
  const after = Object.fromEntries(
    Object.entries({ ...before, ...b }).filter((entry): entry is [
      string,
      string,
    ] => entry[1] !== null),
  );
  return classify(packed(after, options), running(before, options), {
    consent: options.consent ?? [],
  });
}

/** The sentences of what is refused. */
export const texts = ({ refusals }: Plan) => refusals.map(refusalText);
