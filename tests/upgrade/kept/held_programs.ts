/** Small programs in which modules that stay hold what requests have made of replaced code.
 * @module
 */
import type { Program } from "./program.ts";

const MAIN =
  `import { plugins } from "./hub.ts"; import { install } from "./plugin.ts"; SERVE((r: Request) => { if (r.url.endsWith("install") && plugins.length === 0) install(); return new Response(plugins.map((it) => it("x")).join() || "none"); });`;
const HUB = `export const plugins: ((s: string) => string)[] = [];`;

function plugin(code: string): string {
  return `import { plugins } from "./hub.ts"; ${code}`;
}

function program(before: string, after: string): Program {
  return {
    asks: ["/install", "/"],
    before: { "main.ts": MAIN, "hub.ts": HUB, "plugin.ts": plugin(before) },
    after: { "plugin.ts": plugin(after) },
  };
}

const OTHER_TEXT =
  "its text is not in the new code, so that it would go on as the old code made it";
const AROUND =
  "it may name what is around it in the old code, and would go on with that";
const BOUND = "it is bound, and would go on as the old code made it";

function refused(at: string, what: string, why: string): string {
  return `${at}: holds ${what}: ${why}; keep functions out of it, or add to "flyhot" in deno.json: "keep": [{ "at": "NAME/hub.ts#plugins", "functions": "keep" }]`;
}

/** Those that are refused, each for what it holds, or go on with what does not differ. */
export const HELD_PROGRAMS: Readonly<Record<string, Program>> = {
  other_text: {
    ...program(
      `export const install = () => plugins.push((s) => "one " + s);`,
      `export const install = () => plugins.push((s) => "two " + s);`,
    ),
    refused: refused("plugins[0]", "a function", OTHER_TEXT),
  },
  around: {
    ...program(
      `const word = () => "one "; export const install = () => plugins.push((s) => word() + s);`,
      `const word = () => "two "; export const install = () => plugins.push((s) => word() + s);`,
    ),
    refused: refused("plugins[0]", "a function", AROUND),
  },
  named: {
    ...program(
      `function greet(s: string) { return "one " + s; } export const install = () => plugins.push(greet);`,
      `function greet(s: string) { return "two " + s; } export const install = () => plugins.push(greet);`,
    ),
    refused: refused("plugins[0]", "greet", OTHER_TEXT),
  },
  bound: {
    ...program(
      `class Greeter { greet(s: string) { return "one " + s; } } export const install = () => { const it = new Greeter(); plugins.push(it.greet.bind(it)); };`,
      `class Greeter { greet(s: string) { return "two " + s; } } export const install = () => { const it = new Greeter(); plugins.push(it.greet.bind(it)); };`,
    ),
    refused: refused("plugins[0]", "bound greet", BOUND),
  },
  bound_function: {
    ...program(
      `const welcome = (to: string, s: string) => "one " + to + s; export const install = () => plugins.push(welcome.bind(null, "you "));`,
      `const welcome = (to: string, s: string) => "two " + to + s; export const install = () => plugins.push(welcome.bind(null, "you "));`,
    ),
    refused: refused("plugins[0]", "bound welcome", BOUND),
  },
  consented: {
    ...program(
      `export const install = () => plugins.push((it) => "one " + it);`,
      `export const install = () => plugins.push((it) => "two " + it);`,
    ),
    keepFunctions: ["hub.ts#plugins"],
    answer: "one x",
  },
  same_text: {
    ...program(
      `export const version = () => "one"; export const install = () => plugins.push((s) => "hello " + s);`,
      `export const version = () => "two"; export const install = () => plugins.push((s) => "hello " + s);`,
    ),
    answer: "hello x",
  },
  class_in_let: {
    ...program(
      `class Shape { draw(s: string) { return "one " + s; } } export const install = () => plugins.push(Shape as never);`,
      `class Shape { draw(s: string) { return "two " + s; } } export const install = () => plugins.push(Shape as never);`,
    ),
    before: {
      "main.ts":
        `import { shape, setShape } from "./hub.ts"; import { Shape } from "./plugin.ts"; SERVE((r: Request) => { if (r.url.endsWith("install")) setShape(Shape); return new Response(shape ? new shape().draw("x") : "none"); });`,
      "hub.ts":
        `export let shape: (new () => { draw(s: string): string }) | null = null; export const setShape = (it: typeof shape) => { shape = it; };`,
      "plugin.ts":
        `export class Shape { draw(s: string) { return "one " + s; } }`,
    },
    after: {
      "plugin.ts":
        `export class Shape { draw(s: string) { return "two " + s; } }`,
    },
    refused:
      `shape: holds Shape: it is a class, and the new code has another one; keep functions out of it, or add to "flyhot" in deno.json: "keep": [{ "at": "NAME/hub.ts#shape", "functions": "keep" }]`,
  },
  bound_of_platform: {
    ...program(
      `export const version = () => "one"; export const install = () => plugins.push("a".concat.bind("a"));`,
      `export const version = () => "two"; export const install = () => plugins.push("a".concat.bind("a"));`,
    ),
    answer: "ax",
  },
};
