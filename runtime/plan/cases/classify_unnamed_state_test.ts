import { assertEquals } from "@std/assert";
import { plan, texts } from "./classify_cases_fixture_test.ts";

Deno.test("T13: state without a name is refused with the line to add, and named it starts again", () => {
  const a = {
    "app.ts": `import { rooms } from "./rooms.ts";
setInterval(() => console.log(rooms.size), 1000);
export default { fetch: (r) => { rooms.set(r.url, 1); return new Response(); } };`,
    "rooms.ts": `\nexport const rooms = new Map();`,
  };
  const b = { "rooms.ts": `\nexport const rooms = new Map(); // v2` };
  assertEquals(texts(plan(a, b)), [
    `rooms.ts:2 rooms: holds state (set() in app.ts:3), which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["rooms.ts#rooms"]`,
  ]);
  const named = plan(a, b, { flyhot: { startsAnew: ["rooms.ts#rooms"] } });
  assertEquals([named.hot, named.startsAnew, named.warnings], [
    true,
    ["rooms.ts#rooms"],
    [],
  ]);
  assertEquals(
    texts(plan(a, b, { flyhot: { keep: ["rooms.ts#rooms"] } })),
    [
      `rooms.ts:2 rooms: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["rooms.ts#rooms"]`,
    ],
  );
  // With it, the line to add is another one, and it stays.
  const canKeep = { canKeep: { possible: true } };
  assertEquals(texts(plan(a, b, { changes: canKeep })), [
    `rooms.ts:2 rooms: holds state (set() in app.ts:3), which would be lost; add to "flyhot" in deno.json: "keep": ["rooms.ts#rooms"] to keep it, or "startsAnew": ["rooms.ts#rooms"] to lose it`,
  ]);
  const kept = plan(a, b, {
    flyhot: { keep: ["rooms.ts#rooms"] },
    changes: canKeep,
  });
  assertEquals([kept.hot, kept.taken.map(({ at }) => at)], [true, [
    "rooms.ts#rooms",
  ]]);
  const other = {
    "rooms.ts": `\nexport const rooms = new Map([["lobby", 1]]);`,
  };
  assertEquals(
    texts(plan(a, other, {
      flyhot: { keep: ["rooms.ts#rooms"] },
      changes: canKeep,
    })),
    [
      `rooms.ts:2 rooms: is named under "keep", and its initializer, or what that refers to, is another one now; leave the initializer as it was and change the value elsewhere, or name it under "startsAnew": ["rooms.ts#rooms"]`,
    ],
  );
});

Deno.test("what another module writes to a function while it runs is state", () => {
  const a = {
    "app.ts": `import { hit } from "./hit.ts";
export default { fetch: () => { hit.n = (hit.n ?? 0) + 1; return new Response(hit()); } };`,
    "hit.ts": `\nexport const hit = () => "one " + hit.n;`,
  };
  const b = { "hit.ts": `\nexport const hit = () => "two " + hit.n;` };
  assertEquals(texts(plan(a, b)), [
    `hit.ts:2 hit: holds state (.n = in app.ts:2), which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["hit.ts#hit"]`,
  ]);
  const read = {
    ...a,
    "app.ts": `import { hit } from "./hit.ts";
export default { fetch: () => new Response(hit.call(null) + hit.name) };`,
  };
  assertEquals(texts(plan(read, b)), []);
});

Deno.test("H2: state that is only reloaded because it is touched can be shared instead", () => {
  const a = {
    "app.ts":
      `import { find } from "./repo.ts"; export const f = () => find();`,
    "repo.ts": `import { db } from "./db.ts";
const all = db.prepare("select 1");
export const find = () => all;`,
    "db.ts":
      `import { DatabaseSync } from "node:sqlite"; export const db = new DatabaseSync("x");`,
  };
  const b = { "repo.ts": `${a["repo.ts"]} // v2` };
  const it = plan(a, b);
  assertEquals(it.reload, ["app.ts", "db.ts", "repo.ts"]);
  assertEquals(texts(it), [
    `db.ts:1 db: is open (new DatabaseSync()), and would be opened a second time: repo.ts:2 touches db.ts#db while it is evaluated; close it in hot(import.meta).dispose(), or add to "flyhot" in deno.json: "startsAnew": ["db.ts#db"], or, if that may happen a second time, "shared": ["db.ts#db"], or consent to it: "consent": ["handle:db.ts#db"]`,
  ]);
  const shared = plan(a, b, { flyhot: { shared: ["db.ts#db"] } });
  assertEquals([shared.reload, texts(shared)], [["app.ts", "repo.ts"], []]);
});

Deno.test("T13: what a helper of the app makes of the runtime is not state, nor is an instance without fields", () => {
  const a = {
    "app.ts":
      `import { make } from "./helper.ts"; import { Api } from "./api.ts";
const c = make("c"); const api = new Api();
export const f = (x) => { c.add(x); c.set(x); api.add(x); };`,
    "helper.ts":
      `import { holder } from "@flyhot/runtime"; export const make = (n) => holder(n, {});`,
    "api.ts": `export class Api { add(x) { return x; } }`,
    "other.ts": `import { c } from "./app.ts"; export const g = () => c;`,
  };
  assertEquals(texts(plan(a, { "app.ts": `${a["app.ts"]} // v2` })), []);
  const stateful = {
    ...a,
    "api.ts": `export class Api { all = []; add(x) { this.all.push(x); } }`,
  };
  assertEquals(
    plan(stateful, { "app.ts": `${a["app.ts"]} // v2` }).refusals.map((it) =>
      it.subject
    ),
    ["api"],
  );
});

Deno.test("T13: what others change through a function that hands it out is state", () => {
  const a = {
    "app.ts":
      `import { rooms } from "./rooms.ts"; export const f = (x) => rooms().set(x, 1);`,
    "rooms.ts": `const all = new Map(); export const rooms = () => all;`,
  };
  assertEquals(
    plan(a, { "rooms.ts": `${a["rooms.ts"]} // v2` }).refusals.map((it) =>
      `${it.path}#${it.subject} ${it.why}`
    ),
    ["rooms.ts#all holds state (set() in app.ts:1), which would be lost"],
  );
});

Deno.test("T13: an object of functions that others call is not state, whatever they are called", () => {
  const of = (fields: string) => ({
    "app.ts": `import { store } from "./store.ts";
export default { fetch: (r) => { store.add(r.url); store.delete(1); return new Response(); } };`,
    "store.ts": `export const store = { ${fields} };`,
  });
  const found = (fields: string) => {
    const a = of(fields);
    return texts(plan(a, { "store.ts": `${a["store.ts"]} // v2` }))
      .map((it) => it.split(";")[0]);
  };
  assertEquals(found("add: (x) => x, delete(x) { return !x; }"), []);
  assertEquals(
    found("items: [], add(x) { this.items.push(x); }, delete() {}"),
    [
      "store.ts:1 store: holds state (push() at line 1), which would be lost",
    ],
  );
  assertEquals(found("add: others.add, delete() {}"), [
    "store.ts:1 store: holds state (add() in app.ts:2), which would be lost",
  ]);
});

Deno.test("what functions of other modules change of what they are given is state", () => {
  const STEP =
    `export function step(game) { game.tick++; }\nexport const show = (game) => game.tick;`;
  const serve = (answer: string, more = "") =>
    `import * as all from "./step.ts"; import { step, show } from "./step.ts";
const game = { tick: 0, names: ["a"] };
${more}
export default { fetch: () => new Response(String(${answer})) };`;
  const lost = (what: string, name = "game", line = 2) => [
    `app.ts:${line} ${name}: holds state (${what}), which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["app.ts#${name}"]`,
  ];
  const refused = (app: string, step = STEP) =>
    texts(plan({ "app.ts": app, "step.ts": step }, { "app.ts": `${app}//` }));
  const TICK = lost(".tick = in step.ts");
  assertEquals(refused(serve("step(game)")), TICK);
  assertEquals(refused(serve("all[`step`](game)")), TICK);
  assertEquals(refused(serve("show(game)")), []);
  // What a copy is, and what is only done while the module is evaluated.
  assertEquals(refused(serve("step({ ...game })")), []);
  assertEquals(refused(serve("show(game)", "step(game);")), []);
  const on =
    `import { step } from "./step.ts";\nconst game = { tick: 0 };\nexport default { fetch: () => step({ game, tick: 1 }) };`;
  assertEquals(
    refused(on, `export const step = ({ game }) => { game.tick++; };`),
    TICK,
  );
  assertEquals(
    refused(on, `export const step = (all) => { all.tick++; };`),
    [],
  );
  // What goes on with it, and what hands it on.
  for (
    const step of [
      `export const step = (game) => () => { game.tick++; };`,
      `let it; export const step = (game) => { it = game; }; export const go = () => { it.tick++; };`,
      `const by = { one(game) { game.tick++; } }; export const step = (game) => (name) => by[name](game);`,
    ]
  ) {
    const app = serve("go()", "const go = step(game);");
    const [first] = refused(app, `${step} export const show = 1;`);
    assertEquals([first], TICK, step);
  }
  const repo = `import { Repo } from "./step.ts";
const game = { tick: 0 };
const repo = new Repo(game);
export default { fetch: () => { repo.add(); } };`;
  assertEquals(
    refused(
      repo,
      `export class Repo { constructor(game) { this.game = game; } add() { this.game.tick++; } }`,
    ).at(-1),
    TICK[0],
  );
  const handed = plan({
    "app.ts": serve("step(game)"),
    "step.ts":
      `import { go } from "./go.ts"; export const step = (game) => go(game.names); export const show = 1;`,
    "go.ts": `export const go = (list) => list.push(1);`,
  }, { "app.ts": `${serve("step(game)")}//` });
  assertEquals(texts(handed), lost("push() in go.ts"));
  for (
    const [all, answer] of [
      ["[go]", "all.map((f) => f(game))"],
      ["[go]", "all[0](game)"],
      ["{ go }", "all[`go`](game)"],
      ["{ go }", "all.go(game)"],
      ['new Map([["go", go]])', "all.get(`go`)?.(game)"],
    ]
  ) {
    const app = `import { all } from "./all.ts";
const game = { tick: 0, names: ["a"] };
export default { fetch: () => new Response(String(${answer})) };`;
    const table = plan({
      "app.ts": app,
      "all.ts": `import { go } from "./go.ts"; export const all = ${all};`,
      "go.ts": `export const go = (game) => game.names.push(1);`,
    }, { "app.ts": `${app}//` });
    assertEquals(texts(table), lost("push() in go.ts"), answer);
  }
});
