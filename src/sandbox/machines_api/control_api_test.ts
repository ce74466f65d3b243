import { assertEquals, assertMatch } from "@std/assert";
import { FlyhotError } from "../../errors.ts";
import { controlApi, type ControlApiOptions } from "./control_api.ts";
import type { DeployOptions } from "../deploy/deploys.ts";
import { fixture } from "../fixture_test.ts";
import type { LoopbackRequest } from "../server/loopback_server.ts";

type Deploy = ControlApiOptions["deployer"]["deploy"];

function ask(
  deploy: Deploy,
  request: Partial<LoopbackRequest> & { json?: unknown },
) {
  const api = controlApi({
    app: "my-app",
    token: "fm2_x",
    email: "me@example.com",
    region: "iad",
    storage: { BUCKET_NAME: "b" },
    secrets: {},
    machines: { live: () => [] },
    deployer: { deploy },
  });
  return api({
    method: "POST",
    target: "/_sandbox/deploys",
    headers: new Map([["authorization", "FlyV1 fm2_x"]]),
    body: new TextEncoder().encode(JSON.stringify(request.json ?? {})),
    signal: new AbortController().signal,
    ...request,
  });
}

async function lines(answer: Awaited<ReturnType<typeof ask>>) {
  const { body } = answer;
  if (typeof body !== "object" || !(Symbol.asyncIterator in body)) return [];
  return (await Array.fromAsync(body)).map((line) => JSON.parse(line));
}

const NEVER: Deploy = () => Promise.reject(new Error("not asked for"));

Deno.test("controlApi() says what a deploy does, line by line", async () => {
  const asked: [string, DeployOptions][] = [];
  const answer = await ask((folder, options = {}) => {
    const { onLine, signal: _, ...rest } = options;
    asked.push([folder, rest]);
    onLine?.("==> Building image");
    return Promise.reject(
      new FlyhotError("not_found", "Cannot deploy", { hint: "build it" }),
    );
  }, {
    json: {
      folder: "/x",
      regions: ["iad"],
      buildArgs: { A: 1 },
      buildOnly: true,
      label: "l",
    },
  });
  assertEquals(answer.status, 200);
  assertEquals(await lines(answer), [
    { say: "==> Building image" },
    { error: "Cannot deploy", hint: "build it" },
  ]);
  assertEquals(asked, [["/x", {
    label: "l",
    regions: ["iad"],
    buildArgs: { A: "1" },
    machines: "ha",
    buildOnly: true,
    readyMs: 60_000,
  }]]);
});

Deno.test("controlApi() gives a deploy up, when the one who asked goes away", async () => {
  const gone = new AbortController();
  const answer = await ask((_, { onLine, signal } = {}) => {
    onLine?.("begun");
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      gone.abort(new Error("gone"));
    });
  }, { json: { folder: "/x" }, signal: gone.signal });
  assertEquals(await lines(answer), [
    { say: "begun" },
    { error: "gone", hint: null },
  ]);
});

Deno.test("controlApi() refuses what is not right, saying why", async () => {
  for (
    const [json, error] of [
      [[], "invalid_argument: the body is not a JSON object"],
      [{}, "invalid_argument: folder is not text"],
      [{ folder: "/x", label: 1 }, "invalid_argument: label is not text"],
    ] as const
  ) {
    assertEquals(await lines(await ask(NEVER, { json })), [{
      error,
      hint: null,
    }]);
  }
  const status = async (request: Partial<LoopbackRequest>) =>
    (await ask(NEVER, request)).status;
  assertEquals(await status({ headers: new Map() }), 401);
  assertEquals(await status({ method: "GET" }), 404);
  assertEquals(await status({ target: "/_sandbox/other" }), 404);
  const { body } = await ask(NEVER, { method: "GET", target: "/_sandbox" });
  assertEquals(
    body,
    `{"app":"my-app","email":"me@example.com","region":"iad","storage":{"BUCKET_NAME":"b"}}`,
  );
});

Deno.test("controlApi() says where machines are", async () => {
  await using at = await fixture();
  const { id } = await at.sandbox.createMachine({ image: at.image });
  const response = await fetch(`${at.sandbox.flapsUrl}/_sandbox/machines`, {
    headers: { authorization: at.sandbox.env.FLY_API_TOKEN! },
  });
  const [machine] = await response.json();
  assertEquals(machine.id, id);
  assertMatch(machine.url, /^http:\/\/127\.0\.0\.1:\d+$/);
});
