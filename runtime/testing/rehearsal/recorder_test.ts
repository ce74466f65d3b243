import { assertEquals, assertStringIncludes } from "@std/assert";
import { startRecorder } from "./recorder.ts";
import { parseRequests } from "./requests.ts";

async function inFrontOf(
  handler: (request: Request) => Response | Promise<Response>,
  act: (url: string) => Promise<void>,
  withCredentials = false,
): Promise<string> {
  await using app = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, handler);
  let text = "";
  {
    await using recorder = await startRecorder({
      target: `http://127.0.0.1:${app.addr.port}`,
      write: (it) => void (text += it),
      withCredentials,
    });
    await act(recorder.url);
  }
  return text;
}

Deno.test("startRecorder() passes HTTP on both ways, and writes down what is asked", async () => {
  const text = await inFrontOf(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/away") {
      return new Response(null, { status: 303, headers: { location: "/" } });
    }
    return Response.json({
      said: await request.text(),
      who: request.headers.get("authorization"),
      type: request.headers.get("content-type"),
    }, { status: 201, headers: { "x-own": "1" } });
  }, async (url) => {
    const response = await fetch(`${url}/rooms?a=1`, {
      method: "POST",
      headers: { authorization: "Bearer s3cret", "content-type": "text/x" },
      body: "# den\n",
    });
    assertEquals(response.status, 201);
    assertEquals(response.headers.get("x-own"), "1");
    assertEquals(await response.json(), {
      said: "# den\n",
      who: "Bearer s3cret",
      type: "text/x",
    });
    const away = await fetch(`${url}/away`, { redirect: "manual" });
    assertEquals([away.status, away.headers.get("location")], [303, "/"]);
    await away.body?.cancel();
  });
  assertEquals(text.includes("s3cret"), false);
  assertStringIncludes(text, "# not recorded: authorization\n");
  assertEquals(
    parseRequests(text).map((it) => [
      it.kind === "http" ? it.method : "WS",
      it.path,
      it.headers,
      it.kind === "http" ? new TextDecoder().decode(it.body) : "",
    ]),
    [
      ["POST", "/rooms?a=1", [["content-type", "text/x"]], "# den\n"],
      ["GET", "/away", [], ""],
    ],
  );
});

Deno.test("startRecorder() passes WebSockets on both ways, and writes down what is said", async () => {
  const text = await inFrontOf((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, {
      protocol: "chat",
    });
    socket.onopen = () => socket.send("welcome");
    socket.onmessage = ({ data }) => {
      socket.send(typeof data === "string" ? `${data}!` : data);
      if (data === "bye") socket.close(3001, "as you wish");
    };
    return response;
  }, async (url) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/live?x=1`, {
      protocols: ["chat"],
      headers: { cookie: "sid=s3cret" },
    });
    const closed = Promise.withResolvers<CloseEvent>();
    socket.onclose = closed.resolve;
    socket.onmessage = ({ data }) => {
      if (data === "welcome") socket.send("two\nlines");
      if (data === "two\nlines!") socket.send(new Uint8Array([1, 2]));
      if (typeof data !== "string") socket.send("bye");
    };
    const { code, reason } = await closed.promise;
    assertEquals([code, reason, socket.protocol], [
      3001,
      "as you wish",
      "chat",
    ]);
  }, true);
  assertStringIncludes(text, "cookie: sid=s3cret");
  const [talk] = parseRequests(text);
  assertEquals(talk?.path, "/live?x=1");
  assertEquals(talk?.kind === "socket" ? talk.lines : null, [
    { from: "server", data: "welcome" },
    { from: "client", data: "two\nlines" },
    { from: "server", data: "two\nlines!" },
    { from: "client", data: new Uint8Array([1, 2]) },
    { from: "server", data: new Uint8Array([1, 2]) },
    { from: "client", data: "bye" },
    { from: "server", data: "bye!" },
  ]);
});

Deno.test("startRecorder() writes down open WebSockets when it ends, and answers 502 where the app does not answer", async () => {
  const text = await inFrontOf((request) => {
    if (!request.headers.has("upgrade")) throw new Error("unexpected");
    if (request.url.endsWith("/not")) return new Response("no");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  }, async (url) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/live`);
    const answered = Promise.withResolvers<unknown>();
    socket.onopen = () => socket.send("a");
    socket.onmessage = answered.resolve;
    await answered.promise;
    const refused = new WebSocket(`${url.replace("http", "ws")}/not`);
    await new Promise((resolve) => refused.onclose = resolve);
  });
  assertEquals(text, "WS /live\n> a\n< a\n\n");

  await using recorder = await startRecorder({
    target: "http://127.0.0.1:9",
    write: () => {},
  });
  const response = await fetch(recorder.url);
  assertEquals(response.status, 502);
  await response.body?.cancel();
});
