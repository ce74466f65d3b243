import { assertEquals } from "@std/assert";
import { acornParser } from "../parse_acorn.ts";
import { resolveNames } from "../code/scope.ts";
import { isFixed } from "./fixed.ts";
import { keepableOf } from "./keepable.ts";

const parse = await acornParser();

/** The names of a module that are fixed. */
function fixedIn(text: string): string[] {
  const program = parse(text);
  const resolved = resolveNames(program);
  return [...keepableOf(program).found.values()]
    .filter((it) => isFixed(it, resolved)).map(({ name }) => name);
}

for (
  const use of [
    "",
    "words[1]",
    "words.length",
    "words[at % words.length].toUpperCase()",
    "words.includes(at)",
    "words.map((word, at) => word + at).join()",
    "words.reduce((sum, it, at) => sum + it + at, 0)",
    "[...words]",
    "f(...words)",
    "words.slice(1)",
  ]
) {
  Deno.test(`isFixed: a list that is used as ${use || "nothing"}`, () => {
    assertEquals(
      fixedIn(
        `const words = ["a", \`b\`, -1, true, null]; export const f = (at) => { return ${use}; };`,
      ),
      ["words"],
    );
  });
}

Deno.test("isFixed: a record, and what is gone through", () => {
  assertEquals(
    fixedIn(`const limits = { low: 1, "high": 2 };
export function f(key) { for (const it in limits) if (key in limits) return limits[key] ?? limits.low; }`),
    ["limits"],
  );
  assertEquals(
    fixedIn(
      `const words = ["a"]; export function f() { for (const it of words) g(it); }`,
    ),
    ["words"],
  );
});

for (
  const use of [
    "words[0] = at",
    "words[0]++",
    "words.length = 0",
    "words.push(at)",
    "words.sort()",
    "words",
    "[words]",
    "{ words }",
    "g(words)",
    "words.map(g)",
    "words.map((word, at, all) => all)",
    "words.forEach((...all) => g(all))",
    "words.reduce((sum, it, at, all) => all, 0)",
    "words.map(function () { return arguments; })",
    "words.valueOf()",
    "words[at](1)",
    "words.add(at)",
    "Object.assign(words, at)",
    "(words ?? 1).push(at)",
    "(([first, ...rest]) => rest)(words)",
    "words.with",
  ]
) {
  Deno.test(`isFixed: not a list that is used as ${use}`, () => {
    // What is only read of a method is nothing that anybody gets.
    const expected = use === "words.with" ? ["words"] : [];
    assertEquals(
      fixedIn(`const words = ["a"]; export const f = (at) => (${use});`),
      expected,
    );
  });
}

Deno.test("isFixed: nothing that others reach, that is assigned, or that may hold more", () => {
  for (
    const text of [
      `export const words = ["a"];`,
      `const words = ["a"]; export { words };`,
      `const words = ["a"]; export default words;`,
      `let words = ["a"];`,
      `const words = ["a", ...more];`,
      `const words = ["a", f()];`,
      `const words = [/a/];`,
      `const words = [{}];`,
      "const words = [`${f()}`];",
      `const words = { __proto__: null };`,
      `const words = { get a() { return 1; } };`,
      `const words = { a() {} };`,
      `const words = { [a]: 1 };`,
      `const words = new Set(["a"]);`,
      `const [words] = [["a"]];`,
      `function f() { const words = ["a"]; return words[0]; } f();`,
      `const words = ["a"]; const other = words; other.push(1);`,
      `const words = ["a"]; const { length } = words;`,
    ]
  ) {
    assertEquals(fixedIn(text), [], text);
  }
});
