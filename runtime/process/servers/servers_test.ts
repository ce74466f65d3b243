import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import http from "node:http";
import { natives } from "../../base/platform/natives.ts";
import { Generations } from "../../modules/generations.ts";
import { PASS_HEADER, Passes } from "./passes.ts";
import { Servers } from "./servers.ts";

type Served = (request: Request, info: unknown) => Response | Promise<Response>;

/** What `Deno.serve` is given for a handler, and what has become of a request. */
function serve(
  handler: Deno.ServeHandler,
  options: { readonly onError?: (error: unknown) => Response } = {},
) {
  const generations = new Generations();
  const passes = new Passes(generations);
  const given: { answer?: Served; onError?: (error: unknown) => unknown } = {};
  const { serve: native } = natives;
  const { serve: before } = Deno;
  const put = (serve: unknown) => Object.assign(natives, { serve });
  try {
    put((options: { onError(error: unknown): unknown }, answer: Served) => {
      Object.assign(given, { answer, onError: options.onError });
      return {
        addr: { transport: "unix" },
        finished: new Promise(() => {}),
        shutdown: () => Promise.resolve(),
      };
    });
    new Servers({
      generations,
      passes,
      callingPlace: () => null,
      isAmong: () => false,
      goesOn: () => false,
    }).install();
    Deno.serve({ port: 0, ...options }, handler);
  } finally {
    put(native);
    Deno.serve = before;
  }
  return {
    generations,
    passes,
    onError: given.onError!,
    ask(request = new Request("http://localhost/")) {
      const completed = Promise.withResolvers<void>();
      let looks = 0;
      const { headers } = request;
      Object.defineProperty(request, "headers", {
        get: () => (looks++, headers),
      });
      const answer = given.answer!(request, { completed: completed.promise });
      return { answer, completed, looks: () => looks };
    },
  };
}

Deno.test("what a handler answers at once is handed to Deno as it is, and nobody looks at headers", async () => {
  const response = new Response("hello");
  const { ask, generations } = serve(() => response);
  const first = ask();
  assertStrictEquals(first.answer, response);
  assertEquals(first.looks(), 0);
  // Sent as a stream, it would go on.
  const { generation } = generations.swap(1);
  assertEquals(generations.undrained(generation), 1);
  first.completed.resolve();
  await first.completed.promise;
  assertEquals(generations.undrained(generation), 0);
});

Deno.test("the promise of a handler is handed to Deno as it is", async () => {
  const promise = Promise.resolve(new Response("hello"));
  const { ask } = serve(() => promise);
  const { answer, completed } = ask();
  assertStrictEquals(answer, promise);
  completed.reject(new Error("the client has gone"));
  await promise;
});

Deno.test("whatever a handler throws, at once or later, its own error handler answers as part of its work", async () => {
  const seen: unknown[] = [];
  let isLate = false;
  const { ask, onError, generations } = serve(() => {
    const error = new Error(isLate ? "late" : "at once");
    if (isLate) return Promise.reject(error);
    throw error;
  }, {
    onError: (error) => {
      seen.push([(error as Error).message, generations.work !== null]);
      return new Response("sorry", { status: 500 });
    },
  });
  onError(assertThrows(() => ask()));
  isLate = true;
  await Promise.resolve(ask().answer).catch(onError);
  assertEquals(seen, [["at once", true], ["late", true]]);
});

Deno.test("a health check's request is known by its header, which code never sees", async () => {
  const generations = new Generations();
  const passes = new Passes(generations);
  const { headers } = Object.getOwnPropertyDescriptors(Request.prototype);
  const { fetch, WebSocket } = globalThis;
  const agent = http.Agent.prototype as unknown as { addRequest: unknown };
  const { addRequest } = agent;
  try {
    passes.install();
    const stranger = new Request("http://localhost/", {
      headers: { [PASS_HEADER]: crypto.randomUUID(), accept: "*/*" },
    });
    assertEquals(passes.areOut, false);
    assertEquals(passes.ofRequest(stranger), null);
    for (const request of [stranger.clone(), stranger]) {
      assertEquals([...request.headers], [["accept", "*/*"]]);
      assertStrictEquals(request.headers, request.headers);
    }
    // Of a request that nobody gets, the secret is out until its check is over.
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    passes.listening(port);
    const pass = { ended: false };
    await assertRejects(
      () =>
        generations.inCheck(
          pass,
          () => globalThis.fetch(`http://127.0.0.1:${port}/`),
        ),
      TypeError,
    );
    assertEquals(passes.areOut, true);
    pass.ended = true;
    assertEquals(passes.areOut, false);
  } finally {
    Object.defineProperty(Request.prototype, "headers", headers);
    Object.assign(globalThis, { fetch, WebSocket });
    agent.addRequest = addRequest;
  }
});
