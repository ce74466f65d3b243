import { assertEquals } from "@std/assert";
import { acornParser } from "../parse_acorn.ts";
import { handedNames } from "./handed_names.ts";
import { moduleFunctions, passedOn } from "./module_functions.ts";

const parse = await acornParser(false);

/** What is handed on, with what may call it. */
function found(source: string): string[] {
  return handedNames(parse(source)).sites.map(({ node, beside, isShorthand }) =>
    [
      (isShorthand ? "{}" : "") + source.slice(node.start, node.end),
      ...beside,
    ].join(" ")
  );
}

const TELL = "function tell() {} ";
const TELLER = "class A { tell() {} seen = () => {}; #p() {} static s() {} ";

Deno.test("handedNames() finds functions of modules that functions hand on, with what may call them", () => {
  const cases: Record<string, string[]> = {
    [`${TELL}const f = (bus) => bus.on("x", tell);`]: ["tell bus"],
    [`${TELL}function f() { new Cron("x", options, tell); }`]: ["tell options"],
    [`${TELL}const f = (s) => { s.onmessage = tell; };`]: ["tell s"],
    [`${TELL}const f = (s) => s.on({ tell, a: [tell] });`]: [
      "{}tell s",
      "tell s",
    ],
    [`${TELL}const f = (s) => s.on(s.a ? tell : null);`]: ["tell s"],
    [`${TELL}const f = (s) => s.on(tell.bind(null));`]: ["tell"],
    [`${TELL}const f = () => { const it = tell; return tell; };`]: [
      "tell",
      "tell",
    ],
    [`const tell = () => {}; const f = () => tell;`]: ["tell"],
    [`import { tell } from "./b.js"; const f = (s) => s.on(tell);`]: ["tell s"],
    [`import tell from "./b.js"; const f = (s) => s.on({ tell });`]: [
      "{}tell s",
    ],
    [`import * as b from "./b.js"; const f = (s) => s.on(b.tell);`]: [
      "b.tell s",
    ],
    [`${TELLER} f(s) { s.on(this.tell); s.on(this.seen); } }`]: [
      "this.tell s",
      "this.seen s",
    ],
    [`${TELLER} f(s) { s.on(this.tell.bind(this)); } }`]: ["this.tell"],
    [`const all = { tell() {} }; const f = (s) => s.on(all);`]: ["all s"],
    [`const all = { tell() {} }; const f = (s) => s.on(all.tell);`]: [
      "all.tell s",
    ],
  };
  for (const [source, names] of Object.entries(cases)) {
    assertEquals(found(source), names, source);
  }
});

Deno.test("handedNames() leaves alone what is called, looked at, or handed on while a module is evaluated", () => {
  for (
    const source of [
      `${TELL}bus.on("x", tell);`,
      `${TELL}const f = () => tell();`,
      `${TELL}const f = () => typeof tell === "x" || tell.name;`,
      `${TELL}const f = (all) => all.map(tell).sort(tell);`,
      `${TELL}const f = () => setTimeout(tell, 1);`,
      `${TELL}const f = (tellers) => tellers.on({ tell: 1 });`,
      `import { LIMIT, Room } from "./b.js"; const f = (s) => s.on(LIMIT, Room);`,
      `import { limit } from "./b.js"; const f = () => { const it = limit; return it + limit; };`,
      `${TELLER} f(s) { this.tell(); s.on(s.tell); } }`,
    ]
  ) assertEquals(found(source), [], source);
});

Deno.test("handedNames() tells whose functions they are, and by which somebody looks for them", () => {
  const { own, imported, lookedFor } = handedNames(parse(`
import { away as gone, tell } from "./b.js";
import * as all from "./c.js";
function here() {}
function left() {}
function same() {}
class A { tell() {} }
class B { tell() {} start(s) { s.on(this.tell); } }
const f = (s) => { s.on(here); s.on(left); s.off(left); s.on(gone, tell); s.on(all.third); s.unsubscribe(tell); };
const g = (it) => it === same;`));
  assertEquals([...own], ["A.tell", "B.tell", "here", "left"]);
  assertEquals([...lookedFor], ["left", "same"]);
  assertEquals(imported, [
    { specifier: "./b.js", name: "away", isLookedFor: false },
    { specifier: "./b.js", name: "tell", isLookedFor: true },
    { specifier: "./c.js", name: "third", isLookedFor: false },
  ]);
});

Deno.test("moduleFunctions() finds functions by their names, and passedOn() whose they are", () => {
  const program = parse(`
export function a() {}
export const b = () => {}, c = 1;
export default class D { e() {} get g() {} static s() {} #p() {} ["k"]() {} }
let l = () => {};
const o = { m() {}, n: () => {}, get g() { return 1; }, "x-y"() {}, v: 1 };
export * from "./x.js";
export * as y from "./y.js";
export { z as a1 } from "./z.js";`);
  assertEquals([...moduleFunctions(program).keys()], [
    "a",
    "b",
    "D.e",
    "D.k",
    "o:m",
    "o:n",
  ]);
  assertEquals(passedOn(program, "a1"), [
    { specifier: "./x.js", name: "a1" },
    { specifier: "./z.js", name: "z" },
  ]);
});
