/**
 * An app with packages and files that no server loads, and plans for changes of it.
 *
 * @module
 */

import {
  packed,
  running,
  type RunningOptions,
  type Sources,
  type VersionOptions,
} from "../../../tests/support/planned_app.ts";
import { refusalText } from "../../base/refusal.ts";
import { classify } from "../classify.ts";

/** Packages of npm, as a lock file lists them. */
export type Npm = Readonly<
  Record<string, { readonly dependencies?: string[]; readonly scripts?: true }>
>;

/** A lock file. */
export function lock(
  specifiers: Readonly<Record<string, string>>,
  npm: Npm,
): string {
  return JSON.stringify({ version: "5", specifiers, npm });
}

/** The lock file of the app, with these versions. */
export const locked = (zod: string, qs = "6.13.0", more: Npm = {}) =>
  lock({
    "npm:zod@^4": zod,
    "npm:express@^4": "4.21.2",
    "npm:only-tests@1": "1.0.0",
  }, {
    [`zod@${zod}`]: {},
    "express@4.21.2": { dependencies: [`qs@${qs}`, "ms"] },
    [`qs@${qs}`]: { dependencies: ["ms"] },
    "ms@2.1.3": {},
    "only-tests@1.0.0": {},
    ...more,
  });

/** The app before the change. */
export const A: Sources = {
  "main.ts": `import { live } from "@flyhot/runtime";
await live(() => import("./app.ts"));`,
  "app.ts": `import { check } from "./check.ts";
import { serve } from "./serve.ts";
export const f = () => serve(check);`,
  "check.ts": `import { z } from "zod";
export const check = (x) => z.string().parse(x);`,
  "serve.ts": `
import express from "express";
export const serve = (x) => express(x);`,
  "app_test.ts": `import "npm:only-tests@1"; import "./app.ts";`,
  "deno.lock": locked("4.0.5"),
  "deno.json": `{ "imports": { "zod": "npm:zod@^4" } }`,
  "package.json":
    `{ "version": "1.0.0", "dependencies": { "express": "^4" }, "scripts": {} }`,
  "Dockerfile": "FROM denoland/deno:2.9.6",
  "fly.toml": `app = "shop"`,
};

/** Where its bare specifiers lead. */
export const ALIASES = {
  zod: "npm:zod@^4",
  express: "npm:express@^4",
  "@flyhot/runtime": "jsr:@flyhot/runtime@1",
};

/** Plans a change of it. */
export function plan(
  changes: Readonly<Record<string, string | null>>,
  { aliases = ALIASES, ...options }: VersionOptions = {},
  machine: RunningOptions = {},
) {
  const after = Object.fromEntries(
    Object.entries({ ...A, ...changes }).filter((
      entry,
    ): entry is [string, string] => entry[1] !== null),
  );
  return classify(
    packed(after, { aliases, ...options }),
    running(A, { aliases: ALIASES, ...machine }),
  );
}

/** The sentences of what is refused. */
export const texts = (it: ReturnType<typeof plan>) =>
  it.refusals.map(refusalText);
