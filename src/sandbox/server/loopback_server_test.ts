import { assertEquals, assertRejects } from "@std/assert";
import {
  type LoopbackOptions,
  type LoopbackServer,
  serveLoopback,
  splitTarget,
} from "./loopback_server.ts";

async function serve(
  handle: LoopbackOptions["handle"],
  more: Partial<LoopbackOptions> = {},
): Promise<LoopbackServer & AsyncDisposable> {
  const server = await serveLoopback({
    service: "machines",
    handle,
    fail: (status, why) => ({ status, body: why }),
    ...more,
  });
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

Deno.test("serveLoopback() hands over target, headers and body as they were sent", async () => {
  await using server = await serve(({ method, target, headers, body }) =>
    Promise.resolve({
      status: 200,
      body: [method, target, headers.get("x-a"), body.byteLength].join(" "),
    })
  );
  const response = await fetch(`${server.url}/a%20b//c%2Fd?x=%2F+&y`, {
    method: "PUT",
    headers: [["X-A", "1"], ["x-a", "2"]],
    body: new Uint8Array(100_000),
  });
  const text = await response.text();
  assertEquals(
    text.replace("1, 2", "1,2"),
    "PUT /a%20b//c%2Fd?x=%2F+&y 1,2 100000",
  );
  assertEquals(server.requests(), { PUT: 1 });
});

Deno.test("serveLoopback() answers 500 and says why, when the handler throws", async () => {
  await using server = await serve(() => Promise.reject(new Error("broken")));
  const response = await fetch(server.url);
  assertEquals([response.status, await response.text()], [500, "broken"]);
});

Deno.test("serveLoopback() sends an answer piece by piece, and cuts it, when it fails on the way", async () => {
  await using server = await serve(() =>
    Promise.resolve({
      status: 200,
      body: (async function* () {
        yield "one ";
        await Promise.resolve();
        yield "two";
        throw new Error("broken");
      })(),
    })
  );
  const response = await fetch(server.url);
  await assertRejects(() => response.text(), TypeError);
});

Deno.test("serveLoopback() tells the handler, when the client goes away or the server closes", async () => {
  let began = () => {};
  const reasons: string[] = [];
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      began();
    });
  const server = await serve(async ({ signal, target }) => {
    await hang(signal).catch(() => reasons.push(target));
    return { status: 200 };
  });
  const request = (target: string, signal?: AbortSignal) => {
    const begun = new Promise<void>((resolve) => began = resolve);
    const response = assertRejects(() =>
      fetch(server.url + target, signal ? { signal } : {})
    );
    return { begun, response };
  };
  const client = new AbortController();
  const first = request("/client", client.signal);
  await first.begun;
  client.abort();
  await first.response;
  const second = request("/server");
  await second.begun;
  await Promise.all([server.close(), server.close()]);
  await second.response;
  assertEquals(reasons, ["/client", "/server"]);
});

Deno.test("serveLoopback() breaks the connection, when a body is too large", async () => {
  await using server = await serve(() => Promise.resolve({ status: 200 }), {
    bodyBytesMax: 10,
  });
  await assertRejects(
    () => fetch(server.url, { method: "POST", body: "12345678901" }),
    TypeError,
  );
});

Deno.test("splitTarget() splits at the first question mark", () => {
  assertEquals(splitTarget("/a?b=?c"), ["/a", "b=?c"]);
  assertEquals(splitTarget("/a"), ["/a", ""]);
  assertEquals(splitTarget("/a?"), ["/a", ""]);
});
