import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chat, Client, pause, start, versions } from "./chat_sockets.ts";

Deno.test("the data of sockets is migrated up and down with all the rest, under load", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  const two = {
    more:
      `version: 2, migrate: { 2: { up: ({ count }: { count: number }) => ({ total: count, since: 2 }), down: ({ total }: { total: number }) => ({ count: total }) } },`,
    data: "({ total: 0, since: 2 })",
    count: "total",
  };
  const up = await app.upgrade({ "app.ts": chat("v2", two) });
  assert(up.state === "applied", JSON.stringify(up));
  assertEquals(up.holders, [{
    name: "chat",
    from: 1,
    to: 2,
    action: "migrated",
  }]);
  await pause(50);
  const down = await app.upgrade({ "app.ts": chat("v3") });
  assertEquals(down.state, "applied", JSON.stringify(down));
  await pause(50);
  const broken = await app.upgrade({
    "app.ts": chat("v4", {
      ...two,
      more:
        `version: 2, migrate: { 2: (old: { count: number }) => { if (old.count > 0) throw new Error("no"); return { total: 0, since: 3 }; } },`,
    }),
  });
  assert(broken.state === "failed", JSON.stringify(broken));
  assertStringIncludes(broken.message, "chat[");
  assertEquals(await versions(clients), ["v1 v2 v3"]);
  for (const { answers, sent } of clients) {
    assertEquals(answers.at(-1)!.split(" ").at(-1), `${sent}`);
  }
});

for (const migrated of [false, true]) {
  Deno.test(`until health has passed only the check's own socket meets the new handlers; an undo closes it (${migrated ? "migrated" : "kept"})`, async () => {
    const PORT = "(globalThis as { port?: number }).port";
    const two = migrated
      ? {
        more:
          `version: 2, migrate: { 2: { up: (old: { count: number }) => ({ ...old, two: true }), down: ({ count }: { count: number }) => ({ count }) } },`,
        data: "({ count: 0, two: true })",
      }
      : {};
    await using it = await start(
      chat("v1"),
      `health: async ({ version }) => { await (globalThis as { check?: () => Promise<void> }).check?.(); return (globalThis as { verdict?: boolean }).verdict !== false; }`,
    );
    const { app, clients } = it;
    const check = (verdict: boolean) => `
Object.assign(globalThis, {
  verdict: ${verdict},
  check: async () => {
    const own = new WebSocket("ws://127.0.0.1:" + ${PORT});
    const got: string[] = [];
    (globalThis as { got?: string[] }).got = got;
    own.onmessage = ({ data }) => got.push(data);
    await new Promise((r) => own.onopen = r);
    (globalThis as { own?: WebSocket }).own = own;
    own.send("await");
    chat.broadcast("broadcast by the check");
    await new Promise((r) => setTimeout(r, 300));
  },
});
export const own = () => ({ got: (globalThis as { got?: string[] }).got, state: (globalThis as { own?: WebSocket }).own?.readyState });`;
    const bad = await app.upgrade({
      "app.ts": chat("v2", { ...two, extra: check(false) }),
    });
    assert(bad.state === "failed", JSON.stringify(bad));
    assertEquals(bad.phase, "health");
    await pause(50);
    assertEquals(await app.call("size"), 5);
    for (const { got } of clients) {
      assertEquals(
        got.filter((it) => it.includes("v2") || it.startsWith("broadcast")),
        [],
      );
    }
    const good = await app.upgrade({
      "app.ts": chat("v3", { ...two, extra: check(true) }),
    });
    assertEquals(good.state, "applied", JSON.stringify(good));
    const { got, state } = await app.call("own") as {
      got: string[];
      state: number;
    };
    assertEquals(got[0]!.slice(0, 8), "hello v3");
    assertEquals(got.includes("# await v3 1"), true, `${got}`);
    assertEquals(state, WebSocket.OPEN);
    assertEquals(await app.call("size"), 6);
    assertEquals(await versions(clients), ["v1 v3"]);
    for (const { got } of clients) {
      const told = got.indexOf("broadcast by the check");
      assert(told > 0, "the broadcast reaches clients once health has passed");
      assertEquals(got.lastIndexOf("broadcast by the check"), told);
    }
  });
}

Deno.test("a socket that old code opens after the upgrade is of the newest version, data and handlers", async () => {
  const late = (text: string) =>
    text.replace(
      "try { return chat.upgrade(request)",
      `try { if (request.url.endsWith("/late")) return hold().then(() => chat.upgrade(request)) as never; return chat.upgrade(request)`,
    );
  await using it = await start(
    late(chat("v1")),
    "drainMs: 60_000, probationMs: 0",
  );
  const { app, clients, url } = it;
  await using coming = new Client(`${url}/late`);
  await pause(50);
  const result = await app.upgrade({
    "app.ts": late(chat("v2", {
      more:
        `version: 2, migrate: { 2: ({ count }: { count: number }) => ({ total: count }) },`,
      data: "({ total: 10 })",
      count: "total",
    })),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(coming.got, []);
  await app.call("release");
  await coming.opened;
  coming.send("late");
  await coming.until(() => coming.got.length === 2);
  assertEquals(coming.got, [`hello v2 {"total":10}`, "# late v2 11"]);
  assertEquals(await versions(clients), ["v1 v2"]);
});

Deno.test("data is written by the socket's own handlers only, also after they have waited", async () => {
  const text = `
import { sockets } from "@flyhot/runtime";
const all = new Set<{ data: { count: number } }>();
const chat = sockets("chat", {
  data: () => ({ count: 0 }),
  open(socket) { all.add(socket); },
  async message(socket, text) {
    await new Promise((r) => setTimeout(r, 1));
    socket.data = { count: socket.data.count + 1 };
    let other = "";
    for (const it of all) if (it !== socket) try { it.data.count = 99; } catch { other = "refused"; }
    socket.send("# " + text + " " + other + " " + socket.data.count);
  },
});
export const port = () => (globalThis as { port?: number }).port;
export const counts = () => [...all].map(({ data }) => data.count);
export const write = () => { for (const it of all) it.data = { count: 0 }; };
export const handle = (request: Request) => chat.upgrade(request);`;
  await using it = await start(text, "", 2);
  const { app, clients } = it;
  await Promise.all(clients.map((client) => client.rest()));
  assertEquals(
    await app.call("counts"),
    clients.map(({ sent }) => sent),
  );
  assertEquals(
    new Set(
      clients.flatMap(({ answers }) => answers.map((a) => a.split(" ")[2])),
    ),
    new Set(["refused"]),
  );
  let message = "";
  await app.call("write").catch((error) => message = error.message);
  assertStringIncludes(message, "outside of its handlers");
});
