import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

/** Holders by their states; a migration that adds a member where there is a new version. */
const state = (
  makes: Readonly<Record<string, readonly [state: string, act: string]>>,
  version: 1 | 2,
) => `
import { holder } from "@flyhot/runtime";
import * as own from "./own.ts";
${
  Object.entries(makes).map(([name, [made, act]]) => `
export const ${name}_: any = holder("${name}", {
  ${
    version === 2
      ? "version: 2, migrate: { 2: (old: any) => ({ ...old, more: 1 }) },"
      : ""
  }
  state: (): any => (${made}${version === 2 ? ".with({ more: 1 })" : ""}),
  actions: { act: (s: any) => { ${act} } },
} as any);
export const ${name} = () => ${name}_.act();`).join("\n")
}`;

const OWN = `
declare global { interface Object { with(more: object): any } }
Object.defineProperty(Object.prototype, "with", { configurable: true, value: function (more: object) { return Object.assign(this as object, more); } });
const secrets = new WeakMap<object, { n: number }>();
export class Secret { constructor() { secrets.set(this, { n: 0 }); } inc() { return ++secrets.get(this)!.n; } }
export class Arrow { n = 0; inc = () => ++this.n; }
export class Bound { n = 0; constructor() { this.inc = this.inc.bind(this); } inc() { return ++this.n; } }
export const open = () => ({ n: 0, inc() { return ++this.n; }, twice: (n: number) => n * 2, make: Secret });
export const shared = { n: 0 };
export const target = new EventTarget();
`;

/** What no copy can reach, in a list, a Map, under a symbol, frozen; what is said of it. */
const HIDDEN = {
  secret: [
    `({ it: new own.Secret() })`,
    `return s.it.inc();`,
    `secret.it: Secret keeps something of its instances in secrets`,
  ],
  arrow: [
    `({ it: new Map([["a", new own.Arrow()]]) })`,
    `return s.it.get("a").inc();`,
    `arrow.it.get("a").inc: Function may hold on to what is around it (this)`,
  ],
  bound: [
    `({ it: new Set([new own.Bound()]) })`,
    `return [...s.it][0].inc();`,
    `bound.it[0].inc: Function is bound to`,
  ],
  weak: [
    `(() => { const key = { n: 0 }; return { key, it: new WeakMap([[key, key]]) }; })()`,
    `return ++s.it.get(s.key).n;`,
    `weak.it: WeakMap has entries for objects of the state`,
  ],
  promise: [
    `(() => { const first = { n: 0 }; return { first, it: Promise.resolve([first]) }; })()`,
    `return s.it.then(([first]: any) => ++first.n);`,
    `promise.it: Promise gives an object of the state`,
  ],
  socket: [
    `(() => { const user = { n: 0 }; return { user, it: [Object.assign(new EventTarget(), { user })] }; })()`,
    `return ++s.it[0].user.n;`,
    `socket.it[0]: EventTarget has an object of the state under user`,
  ],
} as const;

/** What copies reach, though it looks alike. */
const REACHED = {
  open: [`({ it: own.open() })`, `return s.it.twice(s.it.inc()) / 2;`],
  hostKeys: [
    `({ it: new WeakMap([[own.target, own.shared]]) })`,
    `return ++s.it.get(own.target).n;`,
  ],
  outside: [
    `({ n: 0, it: new WeakRef(own.target) })`,
    `return s.it.deref() === own.target ? ++s.n : -1;`,
  ],
  given: [
    `({ it: Promise.resolve(own.shared), open: new Promise(() => {}), n: 0 })`,
    `return s.it.then((it: any) => it === own.shared ? ++s.n : -1);`,
  ],
} as const;

/** Calls one action all the time. */
function calling(app: DrivenApp, name: string) {
  let isCalling = true;
  const seen: unknown[] = [];
  const calls = (async () => {
    while (isCalling) seen.push(await app.call(name));
  })();
  return {
    async end() {
      isCalling = false;
      await calls;
      return seen;
    },
  };
}

Deno.test("state that a migration could only strip refuses it by its place, and all goes on as before (P20, P21)", async () => {
  const each = Object.entries(HIDDEN).map(([name, [made, act]]) =>
    [name, [made, act]] as const
  );
  await using app = await DrivenApp.start({
    "app.ts": `${
      each.map(([name]) => `export * from "./${name}.ts";`).join("\n")
    }\nexport * from "./reached.ts";`,
    "own.ts": OWN,
    ...Object.fromEntries(
      each.map(([name, one]) => [`${name}.ts`, state({ [name]: one }, 1)]),
    ),
    "reached.ts": state(REACHED, 1),
    "deno.json": JSON.stringify({
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
      flyhot: { shared: ["own.ts#target", "own.ts#shared"] },
    }),
  });
  for (const [name, one] of each) {
    assertEquals(await app.call(name), 1, name);
    const load = calling(app, name);
    const result = await app.upgrade({
      [`${name}.ts`]: state({ [name]: one }, 2),
    });
    const seen = await load.end();
    assert(result.state === "failed", `${name}: ${JSON.stringify(result)}`);
    assertStringIncludes(
      result.message,
      HIDDEN[name as keyof typeof HIDDEN][2],
    );
    // No call is lost, and none is counted twice.
    assertEquals(seen, seen.map((_, at) => at + 2), name);
    assertEquals(await app.call(name), seen.length + 2, name);
    await app.pack({ [`${name}.ts`]: state({ [name]: one }, 1) });
  }
  for (const name of Object.keys(REACHED)) {
    assertEquals(await app.call(name), 1, name);
  }
  const result = await app.upgrade({ "reached.ts": state(REACHED, 2) });
  assertEquals(result.state, "applied", JSON.stringify(result));
  for (const name of Object.keys(REACHED)) {
    assertEquals(await app.call(name), 2, name);
  }
});

Deno.test("a migration that returns another kind of value than state() has refuses the upgrade (P22)", async () => {
  const box = (version: number, made: string, step: string) => `
import { holder } from "@flyhot/runtime";
export class Game { n = 0; inc() { return ++this.n; } }
const it: any = holder("box", { ${
    version === 2 ? `version: 2, migrate: { 2: (old: any) => (${step}) },` : ""
  } state: () => (${made}), actions: { look: (s: any) => s.all.size ?? s.all.inc() } } as any);
export const look = () => it.look();`;
  const game = `{ all: new Game() }`;
  await using app = await DrivenApp.start({
    "app.ts": `export * from "./box.ts";`,
    "box.ts": box(1, game, ""),
  });
  assertEquals(await app.call("look"), 1);
  for (
    const [made, step, said] of [
      [
        game,
        `{ all: { ...old.all } }`,
        "all is an object instead of an instance of a class",
      ],
      [
        `{ all: new Map() }`,
        `old`,
        "all is an instance of a class instead of a Map",
      ],
      [`{ all: new Map() }`, `new Map()`, "it is a Map instead of an object"],
      [
        `{ all: new Map(), [Symbol.for("s")]: 1 }`,
        `({ all: new Map() })`,
        "without [Symbol(s)]",
      ],
    ] as const
  ) {
    const result = await app.upgrade({ "box.ts": box(2, made, step) });
    assert(result.state === "failed", `${step}: ${JSON.stringify(result)}`);
    assertStringIncludes(result.message, said);
  }
  assertEquals(await app.call("look"), 2);
  const result = await app.upgrade({
    "box.ts": box(2, game, `({ all: Object.assign(new Game(), old.all) })`),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await app.call("look"), 3);
});
