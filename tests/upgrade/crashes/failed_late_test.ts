import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadedApp, SERVING_SHELL } from "../../support/served_app.ts";

/** Counts each request in migrated state, of a version. */
const state = (version: number, more = "", step = "") => `
import { health, holder, service } from "@flyhot/runtime";
void [health, service];
export const counter = holder("counter", {
  version: ${version},
  migrate: { ${
  version === 2
    ? `2: { up: (old: { n: number }) => ({ n: old.n, twice: old.n * 2 })${
      step || ", down: ({ n }: { n: number }) => ({ n })"
    } },`
    : ""
} },
  state: () => (${version === 2 ? "{ n: 0, twice: 0 }" : "{ n: 0 }"}),
  actions: { add: (s: any) => { s.n++; ${
  version === 2 ? "s.twice += 2;" : ""
} return s.n; }, read: (s: any) => s },
} as any) as any;
${more}
`;

const app = (version: string) => `
import { counter } from "./state.ts";
// After the runtime has begun: what it accepts is known only then.
export const accept = async () => void await import("./accepts.ts");
export const port = () => (globalThis as { port?: number }).port;
export const handle = async (request: Request) => {
  if (request.url.endsWith("/read")) return Response.json(await counter.read());
  await counter.add();
  return new Response("${version}");
};
`;

/** What goes wrong after the check, or beside it: the phase that is named, and how it ends. */
const FAILURES: readonly (readonly [
  name: string,
  phase: string,
  code: string,
])[] = [
  [
    "a service that does not start",
    "start",
    `service("broken", { start: async () => { await new Promise((r) => setTimeout(r, 50)); throw new Error("late"); } });`,
  ],
  [
    "a service that starts, and crashes by itself after health",
    "probation",
    `service("crashes", { start: () => { setTimeout(() => { throw new Error("late"); }, 250); } });`,
  ],
  [
    "a check that passes once, and then not any more",
    "probation",
    `let asked = 0; health(() => { if (++asked > 1) throw new Error("late"); return true; });`,
  ],
  [
    "a check that hangs once it has passed",
    "probation",
    `let first = true; health(() => { if (first) { first = false; return true; } return new Promise(() => {}); }); setTimeout(() => { Promise.reject(new Error("late")); }, 300);`,
  ],
  [
    "a callback of accept() that rejects",
    "start",
    `// dep: Promise.reject(new Error("late"))`,
  ],
  [
    "a callback of accept() that leaves a rejection behind",
    "probation",
    `// dep: void setTimeout(() => { Promise.reject(new Error("late")); }, 300)`,
  ],
];

Deno.test("whatever goes wrong once health has passed leads back, state and all, under load; then the next release goes in", async () => {
  await using loaded = await LoadedApp.start({
    "settings.ts": SERVING_SHELL("probationMs: 800, healthTimeoutMs: 400"),
    "app.ts": app("v1"),
    "state.ts": state(1),
    "dep.ts": `export const act = (): unknown => null;`,
    "accepts.ts": `
import { hot } from "@flyhot/runtime";
import "./dep.ts";
hot(import.meta).accept("./dep.ts", (module) => (module as { act(): unknown }).act() as void);`,
  });
  const read = async () =>
    JSON.parse((await loaded.ask("/read")).slice(4)) as Record<string, number>;
  await loaded.app.call("accept");
  let before = (await read()).n!;
  for (const [name, phase, code] of FAILURES) {
    await loaded.fresh();
    const result = await loaded.app.upgrade({
      "app.ts": app("v2"),
      "state.ts": state(2, code),
      "dep.ts": `export const act = (): unknown => ${
        /dep: (.*)/.exec(code)?.[1] ?? "null"
      };`,
    });
    assert(result.state === "failed", `${name}: ${JSON.stringify(result)}`);
    assertEquals(result.phase, phase, name);
    assert(!/recycle/.test(result.message + loaded.app.log), loaded.app.log);
    assertStringIncludes(result.message, "late", name);
    // No request failed, and none was counted twice or lost: the state has the old shape.
    for (const answer of loaded.answers.keys()) {
      assert(/^200 v[12]$/.test(answer), `${name}: ${answer}`);
    }
    await loaded.fresh();
    const after = await read();
    assertEquals(Object.keys(after), ["n"], name);
    assert(after.n! > before, name);
    before = after.n!;
    await new Promise((done) => setTimeout(done, 30));
    assertEquals([...loaded.answers.keys()], ["200 v1"], name);
  }
  const stays = await loaded.app.upgrade({
    "app.ts": app("v3"),
    "state.ts": state(
      2,
      `setTimeout(() => { throw new Error("late"); }, 250);`,
      ", ",
    ),
    "dep.ts": `export const act = (): unknown => null;`,
  });
  assert(stays.state === "failed", JSON.stringify(stays));
  assertEquals(stays.phase, "probation");
  assertStringIncludes(stays.message, "recycle this machine");
  assertStringIncludes(stays.message, "counter");
  await loaded.fresh();
  await new Promise((done) => setTimeout(done, 30));
  assertEquals([...loaded.answers.keys()], ["200 v3"]);
  assertEquals(Object.keys(await read()), ["n", "twice"]);
});
