/**
 * A small app with a boundary, and plans for changes of it.
 *
 * @module
 */

import {
  packed,
  running,
  type RunningOptions,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { refusalText } from "../../base/refusal.ts";
import { classify } from "../classify.ts";

/** The app before the change. */
export const A: Sources = {
  "main.ts": `import { boot } from "./boot.ts";
import { live } from "@flyhot/runtime";
const app = await live(() => import("./app.ts"));
Deno.serve(() => boot(app));`,
  "boot.ts":
    `import { deep } from "./deep.ts"; export const boot = (x) => deep(x);`,
  "deep.ts": `export const deep = (x) => x;`,
  "app.ts":
    `import { lib } from "./lib.ts"; export const later = () => import("./later.ts"); export const f = () => lib;`,
  "lib.ts":
    `import data from "./data.json" with { type: "json" }; export const lib = data;`,
  "data.json": "{}",
  "later.ts": `export const l = 1;`,
  "style.css": "1",
  "deno.json": "{}",
};

/** Plans a change of it. */
export function plan(
  b: Readonly<Record<string, string | null>>,
  options: RunningOptions & {
    readonly manifest?: Partial<Manifest>;
    readonly consent?: readonly string[];
    readonly from?: Sources;
  } = {},
) {
  const before = options.from ?? A;
  const after = Object.fromEntries(
    Object.entries({ ...before, ...b }).filter((
      entry,
    ): entry is [string, string] => entry[1] !== null),
  );
  const machine: RunningManifest = running(before, options);
  return classify({ ...packed(after, options), ...options.manifest }, machine, {
    consent: options.consent ?? [],
  });
}

/** The sentences of what is refused. */
export const texts = (it: ReturnType<typeof plan>) =>
  it.refusals.map(refusalText);

/** A module with another text and the same meaning. */
export const v2 = (path: string) => ({ [path]: `${A[path]} // v2` });
