import { assertEquals } from "@std/assert";
import { acornParser } from "../parse_acorn.ts";
import { handedFunctions } from "./handed_functions.ts";

const parse = await acornParser(false);

/** What the functions of a text hand on, each with the names beside it. */
function handed(body: string): string[] {
  const text = `const f = (a, b) => { ${body} };`;
  return handedFunctions(parse(text)).map(({ node, beside }) =>
    [text.slice(node.start, node.end), ...beside].join(" | ")
  );
}

Deno.test("handedFunctions() finds what functions make and hand on, with what may call it", () => {
  const all: Readonly<Record<string, readonly string[]>> = {
    "schedule('* * * * *', () => poll());": ["() => poll()"],
    "a.on('x', function () {});": ["function () {} | a"],
    "a.b.on('x', () => {});": ["() => {} | a"],
    "finished(b, a.c, () => 1, b);": ["() => 1 | b"],
    "new Cron('*', { catch: true }, () => 1);": ["() => 1"],
    "new Proxy({ call() {} }, {});": ["{ call() {} }"],
    "use([() => 1, { deep: { er() {} } }]);": [
      "[() => 1, { deep: { er() {} } }]",
    ],
    "use({ some: { [a]: () => 1 } });": ["{ some: { [a]: () => 1 } }"],
    "const on = () => 1; a.on('x', on);": ["on | a"],
    "let on = function () {}; use((on));": ["on"],
    "const both = { on() {} }; use(both);": ["both"],
    "function on() {} a?.on?.('x', on);": ["on | a"],
    "let on; on = () => 1; use(on);": ["on"],
    "const all = [() => 1]; use(...all);": ["all"],
    "use(a ? b : () => 1, a && (() => 2));": [
      "a ? b : () => 1",
      "a && (() => 2)",
    ],
    "use(a.tick.bind(a));": ["a.tick.bind(a)"],
    "const make = () => () => 1; use(make());": ["make()"],
    "function make() { a; return function () {}; } use(make());": ["make()"],
    "((it) => { use(it); })(() => 1);": ["() => 1"],
    "a.every('5 minutes', () => 1); every(() => 2);": [
      "() => 1 | a",
      "() => 2",
    ],
    "a.onmessage = () => 1;": ["() => 1 | a"],
    "a.b.handler = b;": [],
    "const on = () => 1; a.b.on = on;": ["on | a"],
    "class A { x = use(() => 1); static { use(() => 2); } }": [
      "() => 1",
      "() => 2",
    ],
  };
  for (const [body, expected] of Object.entries(all)) {
    assertEquals(handed(body), expected, body);
  }
});

Deno.test("handedFunctions() finds what calls have given to functions, and parts of it: the process tells whether it is a function", () => {
  const all: Readonly<Record<string, readonly string[]>> = {
    "a.on('x', make(b));": ["make(b) | a"],
    "use(await make(), b.it()); send(make());": ["await make()", "b.it()"],
    "const on = make(); a.on('x', on);": ["on | a"],
    "const { open, ...more } = make(a); use(open, more.close);": [
      "open",
      "more.close | open",
    ],
    "const [open] = [() => 1]; use(open);": ["open"],
    "const all = make(); use(all.on.open);": ["all.on.open"],
    "const o = { on() {} }; use(o.on);": ["o.on"],
    "use(make().on, new A().on);": ["make().on", "new A().on"],
    "hub.enlist(make()); await hub.enlist(make()); new Seat(make());": [
      "make() | hub",
      "make() | hub",
      "make()",
    ],
    "a = hub.enlist(make()); hub.send(make()); new Response(make());": [],
    "use(String(a), a.toString(), all.has(b), a.b, b);": [],
    "const at = Date.now(); use(at);": [],
  };
  for (const [body, expected] of Object.entries(all)) {
    const text =
      `class A { static on() {} } const f = async (a, b) => { ${body} };`;
    const found = handedFunctions(parse(text)).map(
      ({ node, beside, isUnsure }) => {
        assertEquals(isUnsure, true, body);
        return [text.slice(node.start, node.end), ...beside].join(" | ");
      },
    );
    assertEquals(found, expected, body);
  }
});

Deno.test("handedFunctions() leaves alone what is called at once, seen by itself, or not made by a function", () => {
  const none = [
    "a.map((it) => it).filter(() => 1).sort(() => 0);",
    "b.replace(/x/, () => 1);",
    "setTimeout(() => 1); queueMicrotask(() => 1); process.nextTick(() => 1);",
    "a.then(() => 1, () => 2).catch(() => 1).finally(() => 1);",
    "new Promise((done) => done());",
    "new ReadableStream({ pull() {} });",
    "(() => 1)(); (function () {})();",
    "use(a ? b : 1);",
    "(async () => { await a; })();",
    "this.tick = () => 1;",
    "a.b = 1; use(a, b, 1, { a }, [b]);",
    "use(named);",
    "const A = class extends a { constructor() { super(() => 1); } };",
    "_jsx('b', { onClick: () => 1 });",
  ];
  for (const body of none) assertEquals(handed(body), [], body);
  const top = "bus.on('x', () => 1); class A { static x = use(() => 1); }";
  assertEquals(handedFunctions(parse(top)), []);
});
