import { assert, assertEquals } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

/** Classes written in every way, of which instances are kept in every way. */
const shapes = (version: string, fields = "") => `
const step = Symbol.for("step");
export const Expression = class Named { n = 0; ${fields} inc() { this.n++; return "expression ${version}"; } };
export default class { n = 0; ${fields} inc() { this.n++; return "default ${version}"; } }
export class Accessors { _n = 0; ${fields} get value() { return "getter ${version}"; } set value(n) { this._n = Number(n); } inc() { this.value = 1; return this.value; } }
export class Computed { n = 0; ${fields} [step]() { return "symbol ${version}"; } ["in" + "c"]() { return this[step](); } }
export class Iterated { n = 0; ${fields} *[Symbol.iterator]() { yield "iterator ${version}"; } inc() { return [...this].join(); } }
export class Later { n = 0; ${fields} async *[Symbol.asyncIterator]() { await null; yield "async iterator ${version}"; } async inc() { let text = ""; for await (const it of this) text += it; return text; } }
class Base { n = 0; ${fields} where() { return "base ${version}"; } inc() { return this.where(); } }
export class Derived extends Base { inc() { return "derived of " + super.inc(); } }
export class Static { n = 0; ${fields} static made = 0; static label() { return "static ${version}"; } inc() { return (this.constructor as typeof Static).label(); } }
class Hidden { n = 0; ${fields} inc() { return "not exported ${version}"; } }
export const parts = { Member: class { n = 0; ${fields} inc() { return "member ${version}"; } } };
export const makeHidden = () => new Hidden();
export class Outer { static Inner = class Inner { n = 0; ${fields} inc() { return "nested ${version}"; } }; n = 0; ${fields} inner = new Outer.Inner(); inc() { return this.inner.inc(); } }
export class Text { n = 0; ${fields} toString() { return "string ${version}"; } toJSON() { return "json ${version}"; } inc() { return \`\${this} \${JSON.stringify(this)}\`; } }
`;

const STATE = `
import { family, holder } from "@flyhot/runtime";
import Default, * as all from "./shapes.ts";
const make = () => [new all.Expression(), new Default(), new all.Accessors(), new all.Computed(), new all.Iterated(), new all.Later(), new all.Derived(), new all.Static(), all.makeHidden(), new all.Outer(), new all.Text(), new all.parts.Member()];
/** Each of them in a Map of Maps, a Set, an object without a prototype, and an array of arrays. */
export const box = holder("box", {
  state: () => { const them = make(); return {
    deep: new Map([["a", new Map(them.map((it, at) => [at, it] as const))]]),
    same: new Set(them),
    lists: [[them]],
    bare: Object.assign(Object.create(null), { them }) as { them: typeof them },
  }; },
  actions: {
    all: async (s) => [...new Set(await Promise.all([...[...s.deep.values()].flatMap((it) => [...it.values()]), ...s.same, ...s.lists.flat(2), ...s.bare.them].map((it) => it.inc())))],
    same: (s) => [...s.same].every((it, at) => it === s.lists[0]![0]![at] && it === s.deep.get("a")!.get(at)) && s.same.has(s.bare.them[0]!),
    fields: (s) => s.bare.them.map((it) => "added" in it),
    instances: (s) => [s.bare.them[1] instanceof Default, s.bare.them[6] instanceof all.Derived, s.bare.them[9] instanceof all.Outer],
  },
});
export const rooms = family("rooms", { state: () => ({ one: new all.Derived() }), actions: { inc: (s) => s.one.inc() } });
`;

const APP = `
import { box, rooms } from "./state.ts";
export const all = () => box.all();
export const same = () => box.same();
export const fields = () => box.fields();
export const instances = () => box.instances();
export const rooms_ = () => Promise.all(["a", "b"].map((key) => rooms.get(key).inc()));
`;

const wanted = (version: string) => [
  `expression ${version}`,
  `default ${version}`,
  `getter ${version}`,
  `symbol ${version}`,
  `iterator ${version}`,
  `async iterator ${version}`,
  `derived of base ${version}`,
  `static ${version}`,
  `not exported ${version}`,
  `nested ${version}`,
  `string ${version} "json ${version}"`,
  `member ${version}`,
];

Deno.test("kept instances of classes written in every way follow them, under calls (P16, P22, P23, P67)", async () => {
  await using app = await DrivenApp.start({
    "app.ts": APP,
    "shapes.ts": shapes("v1"),
    "state.ts": STATE,
  });
  assertEquals(await app.call("all"), wanted("v1"));
  assertEquals(await app.call("rooms_"), [
    "derived of base v1",
    "derived of base v1",
  ]);
  const seen = new Set<string>();
  let isCalling = true;
  const calling = (async () => {
    while (isCalling) {
      seen.add(JSON.stringify(await app.call("all").catch(String)));
    }
  })();
  try {
    for (
      const [version, fields] of [["v2", ""], ["v3", "added = [1];"]] as const
    ) {
      const result = await app.upgrade({
        "shapes.ts": shapes(version, fields),
      });
      assertEquals(result.state, "applied", JSON.stringify(result));
      assertEquals(await app.call("all"), wanted(version));
      assertEquals(await app.call("rooms_"), [
        `derived of base ${version}`,
        `derived of base ${version}`,
      ]);
      assertEquals(await app.call("same"), true);
      assertEquals(await app.call("instances"), [true, true, true]);
    }
    assertEquals(await app.call("fields"), wanted("v3").map(() => true));
  } finally {
    isCalling = false;
    await calling;
  }
  // Never two versions in one answer.
  assertEquals(
    [...seen].filter((it) =>
      !/v[123]/.test(it) || /v1.*v[23]|v2.*v[13]|v3.*v[12]/.test(it)
    ),
    [],
  );
  assert(seen.size >= 3);
});

Deno.test("an instance whose class is made inside of a function refuses the upgrade, unless nothing of it changes", async () => {
  const local = (version: string, more = "") => `
${more}
export const make = () => { class Local { n = 0; inc() { return "local ${version}"; } } return new Local(); };`;
  await using app = await DrivenApp.start({
    "app.ts":
      `import { box } from "./state.ts"; export const inc = () => box.inc();`,
    "shapes.ts": local("v1"),
    "state.ts": `
import { holder } from "@flyhot/runtime";
import { make } from "./shapes.ts";
export const box = holder("box", { state: () => ({ kept: [new Map([["it", make()]])] }), actions: { inc: (s) => s.kept[0]!.get("it")!.inc() } });`,
  });
  assertEquals(await app.call("inc"), "local v1");
  const refused = await app.upgrade({ "shapes.ts": local("v2") });
  assert(refused.state === "failed", JSON.stringify(refused));
  assert(
    refused.message.includes(`Cannot keep box.kept[0].get("it") (Local)`),
    refused.message,
  );
  assertEquals(await app.call("inc"), "local v1");
  const result = await app.upgrade({
    "shapes.ts": local("v1", "export const more = 1;"),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("inc"), "local v1");
});
