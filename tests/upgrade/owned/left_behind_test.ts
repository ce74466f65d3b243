import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp, RUNTIME } from "../../support/ordinary_app.ts";

const MAIN = `
import { bus, log } from "./stay.ts";
import { answer } from "./work.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/") await new Promise((done) => setTimeout(done, 40));
  if (pathname !== "/heard") return answer(pathname);
  log.length = 0;
  bus.emit("heard");
  await new Promise((done) => setTimeout(done, 100));
  return new Response([...new Set(log)].join() || "none");
});`;
const files = (work: string) => ({
  "main.ts": MAIN,
  "stay.ts":
    `import { EventEmitter } from "node:events"; export const bus = new EventEmitter(); export const log: string[] = []; export const plugins: (() => string)[] = [];`,
  "work.ts":
    `import { once } from "node:events"; import { bus, log, plugins } from "./stay.ts";\n${work}`,
  "deno.json": JSON.stringify({ imports: { "@flyhot/runtime": RUNTIME } }),
});
const SET = "it has set an interval for a request that is over";

/** Runs an app whose clients never stop asking. */
async function whileAsked(
  work: string,
  act: (app: OrdinaryApp) => Promise<void>,
): Promise<void> {
  await using running = await OrdinaryApp.start(files(work));
  await using clients = new Clients(running.url, 3);
  await act(running);
  assertEquals(await clients.end(), []);
}

Deno.test("a timer of a stream that has ended is refused, however many other requests go on", () => {
  const work = (version: string) => `
    export const answer = (path: string) => path !== "/stream" ? new Response("${version}") : new Response(new ReadableStream({
      pull(it) { setInterval(() => log.push("${version}"), 20); it.close(); },
    }, { highWaterMark: 0 }));`;
  return whileAsked(work("one"), async (running) => {
    await running.ask("/stream");
    assertEquals(await running.ask("/heard"), "200 one");
    const { state, failure } = await running.upgrade(files(work("two")));
    assertEquals(state, "failed");
    assertStringIncludes(failure!.message, SET);
    assertEquals(await running.ask("/heard"), "200 one");
  });
});

for (
  const [what, code, why] of [
    ["timer", "setInterval(() => log.push(VERSION), 20)", SET],
    ["function", "plugins.push(() => VERSION)", "plugins[0]: holds a function"],
  ] as const
) {
  Deno.test(`a ${what} that a request leaves behind while state is migrated is refused`, () => {
    const work = (version: number) => `
      import { holder } from "@flyhot/runtime";
      export const held = holder("held", {
        version: ${version},
        state: () => ({ count: 0 }),
        migrate: { 2: async (state: { count: number }) => { console.log("migrating"); await new Promise((done) => setTimeout(done, 300)); return state; } },
        actions: {},
      });
      export const answer = (path: string) => {
        if (path === "/start") ${code.replace("VERSION", `"${version}"`)};
        return new Response("${version}");
      };`;
    return whileAsked(work(1), async (running) => {
      const upgrading = running.upgrade(files(work(2)));
      await running.app.logged("migrating");
      await running.ask("/start");
      const { state, failure } = await upgrading;
      assertEquals(state, "failed");
      assertStringIncludes(failure?.message ?? "", why);
      assertEquals(await running.ask(), "200 1");
    });
  });
}

Deno.test("a way back ends the timers and loops that requests have left to the code that goes out", () => {
  const zero = `export const answer = () => new Response("zero");`;
  const one = zero.replace("zero", "one");
  const two = `
    export const answer = (path: string) => {
      if (path === "/start") {
        setInterval(() => log.push("interval"), 20);
        (async () => { for (;;) { await new Promise((done) => setTimeout(done, 20)); log.push("loop"); } })();
        const tick = () => { log.push("chain"); setTimeout(tick, 20); };
        tick();
        (async () => { for (;;) { await once(bus, "heard"); log.push("told"); } })();
      }
      return new Response("two");
    };`;
  return whileAsked(zero, async (running) => {
    for (const work of [one, two]) {
      const { state, failure } = await running.upgrade(files(work));
      assertEquals(state, "applied", failure?.message);
    }
    await running.ask("/start");
    const heard = (await running.ask("/heard")).slice(4).split(",").sort();
    assertEquals(heard, ["chain", "interval", "loop", "told"]);
    const back = await running.upgrade(files(one));
    assertEquals(back.state, "applied", back.failure?.message);
    // Nothing can end a wait for an event: what is known of it is told.
    assertEquals(await running.ask("/heard"), "200 told");
    assertEquals(back.undrained, 2);
    assertMatch(
      running.log.join("\n"),
      /work\.ts:\d+ is in a loop on behalf of a request that is over.* a way back cannot end it/,
    );
    assertEquals(await running.ask(), "200 one");
    // Once they have been told of, they are nothing that an upgrade would bring about.
    const again = await running.upgrade(files(two));
    assertEquals(again.state, "applied", again.failure?.message);
  });
});

Deno.test("behind a boot shell too, loops and chains that requests leave behind are refused", async () => {
  const work = (word: string, kind: string) => `
    import { bus, log } from "./stay.ts";
    const told = () => new Promise<void>((done) => bus.once("heard", () => done()));
    const next = (): Promise<void> => told().then(() => { log.push("${word}"); next(); });
    const loop = async () => { for (;;) { await told(); log.push("${word}"); } };
    export const answer = (path: string) => { if (path === "/start") ${kind}(); return new Response("${word}"); };`;
  for (
    const [kind, why] of [
      ["loop", "work.ts:5: it is in a loop"],
      ["next", "work.ts:4: it is in next(), which leads to itself,"],
    ] as const
  ) {
    const ofShell = (word: string) => ({
      "main.ts": `
        import { live, reapply } from "@flyhot/runtime";
        await reapply();
        const app = await live(() => import("./app.ts"));
        Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (it) => app.handle(it));`,
      "app.ts": MAIN.replace(
        /Deno\.serve\(\{.*?\}, async/s,
        "export const handle = async",
      ).replace(/\);\s*$/, ";"),
      "stay.ts": files("")["stay.ts"],
      "work.ts": work(word, kind),
      "deno.json": files("")["deno.json"],
    });
    await using running = await OrdinaryApp.start(ofShell("one"), {
      by: "boot shell",
    });
    await using clients = new Clients(running.url, 3);
    await running.ask("/start");
    assertEquals(await running.ask("/heard"), "200 one");
    const { state, failure } = await running.upgrade(ofShell("two"));
    assertEquals(state, "failed", kind);
    assertStringIncludes(failure!.message, why);
    assertEquals(await running.ask("/heard"), "200 one");
    assertEquals(await clients.end(), []);
  }
});
