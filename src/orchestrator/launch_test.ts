import { assertEquals, assertRejects } from "@std/assert";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import type { MachineSpec } from "../fly/api/spec.ts";
import { MachinesApi } from "../fly/machines_api.ts";
import { parseFlyToken } from "../fly/token.ts";
import { launchOrchestrator } from "./launch.ts";

const SPEC: MachineSpec = {
  config: {
    image: "registry.fly.io/my-app:flyhot-1",
    env: {},
    metadata: { flyhot_role: "orchestrator", flyhot_launch_id: "01K9" },
    guest: { cpu_kind: "shared", cpus: 1, memory_mb: 1024 },
    init: { exec: ["true"] },
    auto_destroy: true,
    restart: { policy: "no" },
    dns: { skip_registration: true },
  },
};
const MACHINE = {
  id: "m1",
  state: "created",
  config: { metadata: SPEC.config.metadata },
};
const NO_IMAGE = [404, { error: "Could not find image" }] as const;

/** Answers creations and listings by turns, and tells which came. */
function world(
  creations: readonly (readonly [number, unknown])[],
  listings: readonly unknown[] = [],
) {
  const calls: string[] = [];
  let created = 0;
  let listed = 0;
  const host = fakeHost({
    fetch(request) {
      const { search } = new URL(request.url);
      calls.push(`${request.method}${search}`);
      if (request.method === "GET") return Response.json(listings[listed++]);
      const [status, body] = creations[created++]!;
      return Response.json(body, { status });
    },
  });
  const api = new MachinesApi({
    host,
    app: "my-app",
    token: parseFlyToken("x", "test"),
  });
  const notes: string[] = [];
  return {
    host,
    calls,
    notes,
    launch: () =>
      launchOrchestrator(SPEC, {
        host,
        api,
        reporter: {
          emit: (it) => void (it.type === "note" && notes.push(it.text)),
        },
      }),
  };
}

const LIST = "GET?metadata.flyhot_launch_id=01K9";

Deno.test("launchOrchestrator() creates the machine", async () => {
  const { calls, launch } = world([[200, MACHINE]]);
  assertEquals((await launch()).id, "m1");
  assertEquals(calls, ["POST"]);
});

Deno.test("launchOrchestrator() looks for what an unanswered creation made, before it tries again", async () => {
  const made = world([[408, "deadline_exceeded"]], [[], [MACHINE]]);
  assertEquals((await made.launch()).id, "m1");
  assertEquals(made.calls, ["POST", LIST, LIST]);
  const lost = world([[408, ""], [200, MACHINE]], [[], []]);
  assertEquals((await lost.launch()).id, "m1");
  assertEquals(lost.calls, ["POST", LIST, LIST, "POST"]);
});

Deno.test("launchOrchestrator() gives up when no answer can be had", async () => {
  const { calls, launch } = world(
    Array(3).fill([503, { error: "overloaded" }]),
    Array(6).fill([]),
  );
  const error = await assertRejects(launch, FlyhotError);
  assertEquals(error.code, "network");
  assertEquals(
    error.message,
    "Cannot create a machine in my-app from registry.fly.io/my-app:flyhot-1: the Machines API answered 503 (overloaded)",
  );
  assertEquals(calls.filter((it) => it === "POST").length, 3);
});

Deno.test("launchOrchestrator() waits for a registry that does not know the new image yet, and says so once", async () => {
  const { host, notes, launch } = world([NO_IMAGE, NO_IMAGE, [200, MACHINE]]);
  assertEquals((await launch()).id, "m1");
  assertEquals(host.slept(), 6000);
  assertEquals(notes, [
    "The registry does not know the new image yet, trying again",
  ]);
});

Deno.test("launchOrchestrator() gives up on an image that stays unknown", async () => {
  const { calls, launch } = world(Array(6).fill(NO_IMAGE));
  const error = await assertRejects(launch, FlyhotError);
  assertEquals(error.code, "not_found");
  assertEquals(
    error.hint,
    "check that the image exists and belongs to the same organization",
  );
  assertEquals(calls.length, 6);
});

Deno.test("launchOrchestrator() does not repeat what the API refuses", async () => {
  const { calls, launch } = world([[401, { error: "no" }]]);
  const error = await assertRejects(launch, FlyhotError);
  assertEquals(error.code, "auth");
  assertEquals(calls, ["POST"]);
});
