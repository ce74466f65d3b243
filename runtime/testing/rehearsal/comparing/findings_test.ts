import { assertEquals } from "@std/assert";
import type { Answer } from "./answers.ts";
import {
  differencesBetween,
  failuresUnderLoad,
  refusedRequests,
  type Side,
  unevenState,
} from "./findings.ts";
import type { Played } from "../play.ts";

const http = (status: number, body = ""): Answer => ({
  kind: "http",
  status,
  headers: [],
  body: new TextEncoder().encode(body),
});
const none: Answer = { kind: "none", why: "connection reset" };
const socket = (...received: string[]): Answer => ({
  kind: "socket",
  received,
  closed: null,
});
const played = (number: number, request: string, answer: Answer): Played => ({
  number,
  request,
  answer,
});
const side = (...after: Played[]): Side => ({
  before: [],
  after,
  masks: [],
  places: [],
});

Deno.test("differencesBetween() compares request by request", () => {
  const same = played(1, "GET /", http(200, "a"));
  assertEquals(differencesBetween(side(same), side(same)), []);
  assertEquals(
    differencesBetween(
      side(same, played(2, "GET /b", http(200, "1"))),
      side(same, played(2, "GET /b", http(200, "2"))),
    ),
    [{
      number: 2,
      request: "GET /b",
      what: "body",
      upgraded: "1",
      fresh: "2",
    }],
  );
});

Deno.test("differencesBetween() tells a socket that did not stay open", () => {
  const fresh = side(
    played(1, "WS / over the open socket", socket("a")),
    played(1, "WS / over a new socket", socket("a")),
  );
  assertEquals(
    differencesBetween(
      side(played(1, "WS / over a new socket", socket("a"))),
      fresh,
    ).map(({ request, what }) => [request, what]),
    [
      ["WS / over the open socket", "messages"],
      ["WS / over the open socket", "answer"],
    ],
  );
});

Deno.test("failuresUnderLoad() names what failed because of the upgrade, once", () => {
  const before = [
    played(1, "GET /", http(200)),
    played(2, "GET /broken", http(500)),
    played(3, "WS /live", socket()),
    played(4, "GET /missing", http(404)),
  ];
  assertEquals(
    failuresUnderLoad(before, [
      played(1, "GET /", http(200)),
      played(2, "GET /broken", http(500)),
      played(4, "GET /missing", http(404)),
      played(1, "GET /", http(302)),
    ], []),
    [],
  );
  assertEquals(
    failuresUnderLoad(before, [
      played(1, "GET /", none),
      played(1, "GET /", http(502)),
      played(4, "GET /missing", http(503)),
    ], [played(3, "WS /live", { kind: "none", why: "closed with 1006" })])
      .map(({ number, request, upgraded }) => [number, request, upgraded]),
    [
      [1, "GET / while it was upgraded", "connection reset"],
      [4, "GET /missing while it was upgraded", "status 503"],
      [3, "WS /live while it was upgraded", "closed with 1006"],
    ],
  );
});

Deno.test("unevenState() names requests that changed only one of the processes", () => {
  const old = [
    played(1, "POST /rooms", http(201)),
    played(2, "GET /new", http(404)),
    played(3, "PUT /a", http(400)),
    played(4, "WS /live", socket()),
    played(5, "DELETE /a", http(200)),
  ];
  assertEquals(unevenState(old, old), []);
  assertEquals(
    unevenState(old, [
      played(1, "POST /rooms", http(404)),
      played(2, "GET /new", http(200)),
      played(3, "PUT /a", http(200)),
      played(4, "WS /live", none),
      played(5, "DELETE /a", http(204)),
    ]),
    [
      "POST /rooms (request 1) was answered 201 by the old code and answered 404 by a fresh process of the new: what it changes, only one of them has",
      "PUT /a (request 3) was answered 400 by the old code and answered 200 by a fresh process of the new: what it changes, only one of them has",
      "WS /live (request 4) was taken by the old code and not answered by a fresh process of the new: what it changes, only one of them has",
    ],
  );
});

Deno.test("refusedRequests() says how much of what is the same was never done", () => {
  assertEquals(refusedRequests([played(1, "GET /", http(304))]), null);
  assertEquals(refusedRequests([]), null);
  assertEquals(
    refusedRequests([
      played(1, "GET /", http(200)),
      played(2, "GET /a", http(404)),
      played(3, "WS /live", none),
    ]),
    "2 of 3 requests were not taken by a fresh process of the new version, the first of them GET /a: answered 404",
  );
});
