import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Answer } from "./comparing/answers.ts";
import { Player } from "./play.ts";
import { parseRequests } from "./requests.ts";

/** An app that counts what it is asked, and the sockets it has. */
class App implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly sockets = new Set<WebSocket>();
  readonly #server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, (request) => this.#answer(request));

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const cookie = request.headers.get("cookie");
    this.asked.push(`${request.method} ${pathname}`);
    if (pathname === "/login") {
      return new Response("", { headers: { "set-cookie": "sid=7" } });
    }
    if (pathname === "/events") {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("data: 1\n\n"));
          // It never ends.
        },
      });
      return new Response(body, {
        headers: { "content-type": "text/event-stream" },
      });
    }
    if (pathname === "/live") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      this.sockets.add(socket);
      socket.onclose = () => this.sockets.delete(socket);
      socket.onopen = () => socket.send(`welcome ${cookie}`);
      socket.onmessage = ({ data }) => {
        // What comes late comes all the same.
        setTimeout(() => socket.send(`${data}!`), 20);
      };
      return response;
    }
    if (pathname === "/refused") return new Response("no", { status: 403 });
    return Response.json({ said: await request.text(), cookie });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const NEVER = new AbortController().signal;
const shown = (answer: Answer) =>
  answer.kind === "http"
    ? `${answer.status} ${new TextDecoder().decode(answer.body)}`
    : answer.kind === "socket"
    ? answer.received.join(", ") + (answer.closed ? ` ${answer.closed}` : "")
    : "none";

Deno.test("Player plays everything before, and again after, over sockets that stayed open and new ones", async () => {
  await using app = new App();
  const player = new Player(
    app.url,
    parseRequests(`
GET /a

POST /login

POST /b

text

GET /events

WS /live
< welcome
> one
< one!
> two

WS /refused
`),
    NEVER,
  );
  const lines = (played: Awaited<ReturnType<typeof player.before>>) =>
    played.map(({ number, request, answer }) =>
      `${number} ${request}: ${shown(answer)}`
    );
  const first = lines(await player.before());
  assertEquals(first, [
    '1 GET /a: 200 {"said":"","cookie":null}',
    "2 POST /login: 200 ",
    '3 POST /b: 200 {"said":"text","cookie":"sid=7"}',
    "4 GET /events: 200 data: 1\n\n",
    "5 WS /live: welcome sid=7, one!, two!",
    "6 WS /refused: none",
  ]);
  assertEquals([player.open, app.sockets.size], [1, 1]);
  // What comes by itself is not an answer.
  for (const socket of app.sockets) socket.send("news");
  assertEquals(lines(await player.after()), [
    '1 GET /a: 200 {"said":"","cookie":"sid=7"}',
    "2 POST /login: 200 ",
    '3 POST /b: 200 {"said":"text","cookie":"sid=7"}',
    "4 GET /events: 200 data: 1\n\n",
    "5 WS /live over the open socket: one!, two!",
    "5 WS /live over a new socket: welcome sid=7, one!, two!",
    "6 WS /refused over a new socket: none",
  ]);
  await player.close();
  assertEquals(player.open, 0);
});

Deno.test("Player loads an app with what only reads and ends, and another with the same", async () => {
  await using app = new App();
  await using other = new App();
  const requests = parseRequests(
    "GET /a\n\nPOST /b\n\nHEAD /c\n\nGET /events\n\nGET /d\n",
  );
  const player = new Player(app.url, requests, NEVER);
  await player.before();
  app.asked.length = 0;
  const enough = new AbortController();
  const loading = player.load(enough.signal);
  while (app.asked.length < 7) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  enough.abort();
  const played = await loading;
  assert(played.length >= 7);
  assertEquals(app.asked.slice(0, 4), [
    "GET /a",
    "HEAD /c",
    "GET /d",
    "GET /a",
  ]);
  assertEquals(played.map(({ request }) => request), app.asked);
  const twin = new Player(other.url, requests, NEVER);
  await twin.loadAs(played);
  assertEquals(other.asked, app.asked);

  const none = new Player(app.url, parseRequests("POST /b\n"), NEVER);
  assertEquals(await none.load(NEVER), []);
});

Deno.test("Player comes back where it is asked to, and tells what was lost", async () => {
  await using app = new App();
  const requests = parseRequests("WS /live\n\nWS /live\n\nWS /live\n");
  const player = new Player(app.url, requests, NEVER);
  await player.before();
  const [first, second] = [...app.sockets];
  const closed = (socket: WebSocket, code?: number) =>
    new Promise<void>((resolve) => {
      socket.addEventListener("close", () => resolve());
      // Only a server that is not a browser may say 1012.
      socket.close(code);
    });
  await closed(first!, 1000);
  await closed(second!, 3000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { returned, lost } = await player.comeBack();
  assertEquals(returned, []);
  assertEquals(
    lost.map(({ number, request, answer }) => [number, request, answer]),
    [
      [1, "WS /live", { kind: "none", why: "closed with 1000" }],
      [2, "WS /live", { kind: "none", why: "closed with 3000" }],
    ],
  );
  assertEquals(player.open, 1);
  // Another client had to come back there: so does this one.
  const [third] = app.sockets;
  await player.comeBackAs([2]);
  assertEquals([player.open, app.sockets.size], [1, 1]);
  assert(!app.sockets.has(third!));
  await player.close();
});

Deno.test("Player says where there is no answer, and ends with its signal", async () => {
  const player = new Player(
    "http://127.0.0.1:9",
    parseRequests("GET /\n\nWS /live\n> a\n"),
    NEVER,
  );
  const kinds = (await player.before()).map(({ answer }) => answer.kind);
  assertEquals(kinds, ["none", "none"]);

  await using app = new App();
  const abort = new AbortController();
  const ended = new Player(app.url, parseRequests("GET /\n"), abort.signal);
  abort.abort(new Error("enough"));
  await assertRejects(() => ended.before(), Error, "enough");
});
