/** What an app serves with, told by what it imports.
 * @module
 */

/** What an app serves with; `deno` for `Deno.serve` alone. */
export type Framework =
  | "deno"
  | "hono"
  | "oak"
  | "fresh"
  | "express"
  | "fastify"
  | "default export"
  | "koa"
  | "node";

const FRAMEWORKS: readonly (readonly [Framework, RegExp])[] = [
  [
    "fresh",
    /^(?:\$fresh(?:\/|$)|fresh(?:\/|$|@)|(?:jsr:)?@fresh\/|.*\/x\/fresh@)/,
  ],
  [
    "oak",
    /^(?:oak(?:\/|$|@)|(?:jsr:)?@oak\/oak|(?:npm:)?@oakserver\/oak|.*\/x\/oak@)/,
  ],
  ["express", /^(?:npm:)?express(?:$|@)/],
  ["fastify", /^(?:npm:)?fastify(?:$|@)/],
  ["koa", /^(?:npm:)?koa(?:$|@)/],
  ["hono", /^(?:(?:npm:)?hono(?:\/|$|@)|(?:jsr:)?@hono\/hono|.*\/x\/hono@)/],
  ["node", /^(?:node:)?(?:http|https|http2|net|tls)$/],
];

/** Tells what an app serves with. */
export function frameworkOf(specifiers: readonly string[]): Framework {
  for (const [framework, pattern] of FRAMEWORKS) {
    if (specifiers.some((it) => pattern.test(it))) return framework;
  }
  return "deno";
}
