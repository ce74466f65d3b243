import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chat, Client, pause, start, versions } from "./chat_sockets.ts";

Deno.test("open sockets stay open and their next messages meet the new handlers, in order, none lost", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  for (const version of ["v2", "v3"]) {
    const result = await app.upgrade({ "app.ts": chat(version) });
    assertEquals(result.state, "applied", JSON.stringify(result));
    await pause(50);
  }
  assertEquals(await app.call("size"), 5);
  assertEquals(await versions(clients), ["v1 v2 v3"]);
  for (const { answers, sent } of clients) {
    assert(sent > 20);
    // The data is one object over all versions.
    assertEquals(answers.at(-1)!.split(" ").at(-1), `${sent}`);
  }
  assertEquals(
    clients.flatMap(({ got }) => got.filter((g) => g.startsWith("error"))),
    [],
  );
});

Deno.test("a handler under way ends in the code it began in, and holds up nothing where data is kept", async () => {
  await using it = await start(chat("v1"), "suspendTimeoutMs: 100");
  const { app, clients, url } = it;
  await using slow = new Client(url);
  await slow.opened;
  slow.send("slow");
  slow.send("after");
  await pause(30);
  const result = await app.upgrade({ "app.ts": chat("v2") });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(slow.got.length, 1);
  await app.call("release");
  await slow.until(() => slow.got.length === 3);
  assertEquals(slow.got.slice(1), ["slow v1 v1", "# after v2 2"]);
  assertEquals(await versions(clients), ["v1 v2"]);
});

Deno.test("a handler that is under way for too long refuses a migration of its data, and nothing has changed", async () => {
  await using it = await start(chat("v1"), "suspendTimeoutMs: 100");
  const { app, clients, url } = it;
  await using slow = new Client(url);
  await slow.opened;
  slow.send("slow");
  await pause(30);
  const result = await app.upgrade({
    "app.ts": chat("v2", {
      more:
        `version: 2, migrate: { 2: (old: { count: number }) => ({ ...old, two: 1 }) },`,
      data: "({ count: 0, two: 1 })",
    }),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "suspend");
  assertStringIncludes(result.message, "chat[6]");
  await app.call("release");
  await slow.until(() => slow.got.length === 2);
  assertEquals(slow.got[1], "slow v1 v1");
  assertEquals(await versions(clients), ["v1"]);
});

Deno.test("what a handler throws reaches its error handler, of whichever version, and ends nothing", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  clients[0]!.send("throw");
  await app.upgrade({ "app.ts": chat("v2") });
  clients[0]!.send("throw");
  const result = await app.upgrade({
    "app.ts": chat("v3").replace(/ {2}error\(.*\n/, "").replace(
      `data: (`,
      `data: (`,
    ),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  clients[0]!.send("throw");
  assertEquals(await versions(clients), ["v1 v2 v3"]);
  assertEquals(
    clients[0]!.got.filter((it) => it.startsWith("error")),
    ["error v1 thrown in v1", "error v2 thrown in v2"],
  );
  assertStringIncludes(app.log, "thrown in v3");
});

Deno.test("sockets that close during the upgrade end with the newest handler and its data; new ones open meanwhile", async () => {
  await using it = await start(
    chat("v1"),
    `health: () => new Promise((resolve) => setTimeout(resolve, 400))`,
  );
  const { app, clients, url } = it;
  await using leaving = new Client(url);
  await leaving.opened;
  const upgrading = app.upgrade({
    "app.ts": chat("v2", {
      more:
        `version: 2, migrate: { 2: { up: ({ count }: { count: number }) => ({ total: count }), down: ({ total }: { total: number }) => ({ count: total }) } },`,
      data: "({ total: 10 })",
      count: "total",
    }),
  });
  await pause(250);
  leaving.socket.close(4000, "bye");
  await using coming = new Client(url);
  await coming.opened;
  coming.send("first");
  const result = await upgrading;
  assertEquals(result.state, "applied", JSON.stringify(result));
  await coming.until(() => coming.got.length === 2);
  assert(
    ["hello v1", "hello v2"].includes(coming.got[0]!.slice(0, 8)),
    coming.got[0],
  );
  const closed = (await app.call("logged") as string[]).find((it) =>
    it.includes("4000")
  );
  assert(
    ["closed v1 4000 bye", "closed v2 4000 bye"].includes(
      closed!.slice(0, 18),
    ),
  );
  // Code and data are of one version.
  assertEquals(closed!.includes("total"), closed!.startsWith("closed v2"));
  assertEquals(coming.got[0]!.includes("total"), coming.got[0]!.includes("v2"));
  assertEquals(await app.call("size"), 6);
  assertEquals(await versions(clients), ["v1 v2"]);
});

Deno.test("binary messages, close codes and broadcasts", async () => {
  await using it = await start(chat("v1"), "", 2);
  const { app, clients, url } = it;
  await app.upgrade({ "app.ts": chat("v2") });
  const [first, second] = clients as [Client, Client];
  first.send(new Uint8Array([1, 2, 255]));
  await first.until(() => first.got.includes("bytes 1,2,255"));
  await app.call("broadcast", "to all");
  await second.until(() => second.got.includes("to all v2"));
  assertEquals(second.got.includes("bytes 1,2,255"), false);
  await using asked = new Client(url);
  await asked.opened;
  asked.send("close");
  const { code, reason } = await asked.closed.promise;
  assertEquals([code, reason], [4001, "asked"]);
  const response = await fetch(url);
  assertEquals(response.status, 400);
  await response.body?.cancel();
  assertEquals(await app.call("size"), 2);
  assertEquals(await versions(clients), ["v1 v2"]);
});
