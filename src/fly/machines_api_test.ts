import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { type FakeHost, fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import type { MachineSpec } from "./api/spec.ts";
import { MachinesApi } from "./machines_api.ts";
import { parseFlyToken } from "./token.ts";

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

interface World {
  readonly api: MachinesApi;
  readonly host: FakeHost;
  readonly sent: Sent[];
}

const APP_PATH = "/v1/apps/my-app/machines";
const SPEC: MachineSpec = {
  config: {
    image: "registry.fly.io/my-app:flyhot-1",
    env: { A: "1" },
    metadata: { flyhot_launch_id: "01" },
    guest: { cpu_kind: "shared", cpus: 1, memory_mb: 1024 },
    init: { exec: ["true"] },
    auto_destroy: true,
    restart: { policy: "no" },
    dns: { skip_registration: true },
  },
};

/** The API as a handler: status and body by turns, for `METHOD path`. */
function world(
  routes: Readonly<Record<string, readonly [number, unknown][]>>,
): World {
  const sent: Sent[] = [];
  const turn = new Map<string, number>();
  const host = fakeHost({
    async fetch(request) {
      const { pathname, search, host } = new URL(request.url);
      assertEquals(host, "flaps.example:4280");
      const key = `${request.method} ${pathname}${search}`.replace(
        APP_PATH,
        "",
      );
      const text = await request.text();
      sent.push({
        method: request.method,
        path: pathname + search,
        authorization: request.headers.get("authorization"),
        body: text === "" ? null : JSON.parse(text),
      });
      const index = turn.get(key) ?? 0;
      turn.set(key, index + 1);
      const answer = routes[key]?.[index];
      if (!answer) return undefined;
      const [status, body] = answer;
      return new Response(
        typeof body === "string" ? body : JSON.stringify(body),
        { status, headers: { "fly-request-id": "01REQ-iad" } },
      );
    },
  });
  const api = new MachinesApi({
    host,
    app: "my-app",
    token: parseFlyToken("FlyV1 fm2_secret", "environment FLY_API_TOKEN"),
    baseUrl: "http://flaps.example:4280/",
  });
  return { api, host, sent };
}

const MACHINE = {
  id: "m1",
  state: "started",
  config: { metadata: { flyhot_launch_id: "01" } },
};

Deno.test("MachinesApi.list() lists with the token in the right scheme", async () => {
  const { api, sent } = world({ "GET ": [[200, [MACHINE]]] });
  assertEquals((await api.list()).map((it) => it.id), ["m1"]);
  assertEquals(sent, [{
    method: "GET",
    path: APP_PATH,
    authorization: "FlyV1 fm2_secret",
    body: null,
  }]);
});

Deno.test("MachinesApi.list() filters by metadata itself, whatever the server does", async () => {
  const { api } = world({
    "GET ?metadata.flyhot_launch_id=01": [
      [200, [MACHINE, { id: "m2", state: "started" }]],
    ],
  });
  const found = await api.list({ metadata: ["flyhot_launch_id", "01"] });
  assertEquals(found.map((it) => it.id), ["m1"]);
});

Deno.test("MachinesApi.list() says it when app or token are wrong, and shows no token", async () => {
  const unknown = await assertRejects(
    () => world({ "GET ": [[404, { error: "app not found" }]] }).api.list(),
    FlyhotError,
  );
  assertEquals(unknown.code, "not_found");
  assertEquals(
    unknown.message,
    "Cannot list the machines of my-app: the Machines API knows no such app, or the token (environment FLY_API_TOKEN) may not see it",
  );
  const refused = await assertRejects(
    () =>
      world({
        "GET ": [[401, { error: "Authenticate: token validation error" }]],
      }).api.list(),
    FlyhotError,
  );
  assertEquals(refused.code, "auth");
  assertEquals(
    refused.message,
    "Cannot list the machines of my-app: the Machines API answered 401 (Authenticate: token validation error), fly-request-id 01REQ-iad",
  );
  assert(refused.hint?.includes("environment FLY_API_TOKEN"));
  assertFalse(Deno.inspect(refused).includes("fm2_secret"));
});

Deno.test("MachinesApi.list() repeats on 429, 408 and 5xx", async () => {
  const { api, sent } = world({
    "GET ": [[429, ""], [408, "deadline_exceeded"], [502, ""], [200, []]],
  });
  assertEquals(await api.list(), []);
  assertEquals(sent.length, 4);
});

Deno.test("MachinesApi.list() refuses an answer that is not a list", async () => {
  for (const body of ["<html>", { error: "x" }]) {
    const error = await assertRejects(
      () => world({ "GET ": [[200, body]] }).api.list(),
      FlyhotError,
    );
    assertEquals(error.code, "unexpected");
  }
});

Deno.test("MachinesApi.get() returns the machine, or null if it is gone", async () => {
  const { api } = world({
    "GET /m1": [[200, MACHINE]],
    "GET /m2": [[404, { error: "machine not found" }]],
  });
  assertEquals((await api.get("m1"))?.state, "started");
  assertEquals(await api.get("m2"), null);
});

Deno.test("MachinesApi.create() sends the description once and returns the machine", async () => {
  const { api, sent } = world({ "POST ": [[200, MACHINE]] });
  const outcome = await api.create(SPEC);
  assertEquals(outcome.status, "created");
  assertEquals(sent.map((it) => it.body), [SPEC]);
});

Deno.test("MachinesApi.create() tells apart a missing image, an unknown outcome and a refusal", async () => {
  for (
    const [status, body, expected] of [
      [
        404,
        { error: "Could not find image registry.fly.io/my-app:x" },
        "no_image",
      ],
      [422, { error: "image registry.fly.io/my-app:x not found" }, "no_image"],
      [
        400,
        { error: "failed to get manifest for registry.fly.io/a:x" },
        "no_image",
      ],
      [408, { error: "deadline_exceeded: timed out" }, "unknown"],
      [503, "", "unknown"],
    ] as const
  ) {
    const { api, sent } = world({ "POST ": [[status, body]] });
    assertEquals((await api.create(SPEC)).status, expected, `${status}`);
    assertEquals(sent.length, 1);
  }
  const refused = await assertRejects(
    () =>
      world({ "POST ": [[422, { error: "invalid config.guest" }]] }).api
        .create(SPEC),
    FlyhotError,
  );
  assertEquals(refused.code, "unexpected");
  assertEquals(
    refused.message,
    "Cannot create a machine in my-app from registry.fly.io/my-app:flyhot-1: the Machines API answered 422 (invalid config.guest), fly-request-id 01REQ-iad",
  );
});

Deno.test("MachinesApi.create() calls it unknown when the network breaks", async () => {
  const host = fakeHost({
    fetch: () => Promise.reject(new TypeError("reset")),
  });
  const api = new MachinesApi({
    host,
    app: "my-app",
    token: parseFlyToken("x", "test"),
  });
  const outcome = await api.create(SPEC);
  assertEquals(outcome.status, "unknown");
});

Deno.test("MachinesApi.wait() asks in turns of at most 60 s until it is so", async () => {
  const { api, sent } = world({
    "GET /m1/wait?state=started&timeout=60": [
      [408, { error: "deadline" }],
      [408, { error: "deadline" }],
      [200, { ok: true }],
    ],
  });
  assert(await api.wait("m1", "started", { timeoutMs: 300_000 }));
  assertEquals(sent.length, 3);
});

Deno.test("MachinesApi.wait() returns false when the time is over", async () => {
  const { api } = world({
    "GET /m1/wait?state=started&timeout=1": [
      [408, ""],
      [408, ""],
      [408, ""],
    ],
  });
  assertFalse(await api.wait("m1", "started", { timeoutMs: 900 }));
});

Deno.test("MachinesApi.wait() takes 404 for destroyed, and for a lag otherwise, but not forever", async () => {
  const gone = world({
    "GET /m1/wait?state=destroyed&timeout=10": [[404, ""]],
  });
  assert(await gone.api.wait("m1", "destroyed", { timeoutMs: 10_000 }));
  const lag = world({
    "GET /m1/wait?state=started&timeout=60": [
      [404, ""],
      [404, ""],
      [200, { ok: true }],
    ],
  });
  assert(await lag.api.wait("m1", "started", { timeoutMs: 90_000 }));
  const never = world({
    "GET /m1/wait?state=started&timeout=60": Array(4).fill([404, ""]),
  });
  const error = await assertRejects(
    () => never.api.wait("m1", "started", { timeoutMs: 90_000 }),
    FlyhotError,
  );
  assertEquals(error.code, "not_found");
});

Deno.test("MachinesApi.exec() runs a command as a list and fills in what the answer leaves out", async () => {
  const { api, sent } = world({
    "POST /m1/exec": [
      [200, { stdout: "out" }],
      [200, { exit_code: 3, stderr: "err" }],
      [200, { exit_signal: 9 }],
    ],
  });
  const run = () => api.exec("m1", ["echo", "a b"], { what: "run it" });
  assertEquals(await run(), { code: 0, stdout: "out", stderr: "" });
  assertEquals(await run(), { code: 3, stdout: "", stderr: "err" });
  assertEquals((await run()).code, 137);
  assertEquals(sent[0]!.body, { command: ["echo", "a b"], timeout: 20 });
});

Deno.test("MachinesApi.exec() repeats on 408 and keeps to one a second after a burst of three", async () => {
  const { api, host } = world({
    "POST /m1/exec": [[408, "deadline_exceeded"], ...Array(5).fill([200, {}])],
  });
  const run = () => api.exec("m1", ["true"], { what: "run it" });
  await run();
  const before = host.slept();
  for (let i = 0; i < 4; i++) await run();
  assert(host.slept() - before >= 1000, `${host.slept() - before}`);
});

Deno.test("MachinesApi.exec() says what was attempted when the machine does not run", async () => {
  const { api } = world({
    "POST /m1/exec": [[412, { error: "failed_precondition: not running" }]],
  });
  const error = await assertRejects(
    () => api.exec("m1", ["true"], { what: "ask machine m1 what it runs" }),
    FlyhotError,
  );
  assertEquals(error.code, "conflict");
  assertEquals(
    error.message,
    "Cannot ask machine m1 what it runs: the Machines API answered 412 (failed_precondition: not running), fly-request-id 01REQ-iad",
  );
});

Deno.test("MachinesApi.destroy() forces it and takes a missing machine for done", async () => {
  const { api, sent } = world({
    "DELETE /m1?force=true": [[200, { ok: true }], [404, ""]],
  });
  await api.destroy("m1");
  await api.destroy("m1");
  assertEquals(sent.length, 2);
});
