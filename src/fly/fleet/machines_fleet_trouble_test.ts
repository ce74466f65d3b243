import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../errors.ts";
import { ServesNobodyError } from "./fleet.ts";
import { fleetOf, INFO } from "./machines_fleet_fixture_test.ts";

Deno.test("MachinesFleet.info() says the same where an older init refuses a program that is not there", async () => {
  for (
    const [status, said] of [
      [500, 'exec: "deno": executable file not found in $PATH'],
      [400, "could not spawn process: No such file or directory (os error 2)"],
      [422, "failed to start command: deno: command not found"],
      [404, "exec failed: deno: not found in PATH"],
      [503, "failed to exec: fork/exec deno: no such file or directory"],
      [412, 'failed to spawn "deno": program not found'],
    ] as const
  ) {
    for (const form of ["error", "message", "text"]) {
      let requests = 0;
      const fleet = fleetOf(() => {
        requests++;
        return form === "text"
          ? new Response(said, { status })
          : Response.json({ [form]: said }, { status });
      });
      for (
        const ask of [
          () => fleet.info("m1"),
          () => fleet.manifest("m1"),
          () => fleet.nudge("m1"),
        ]
      ) {
        const error = await assertRejects(ask, FlyhotError, undefined, said);
        assertEquals(
          error.hint,
          "the machine's image needs deno on its PATH",
          said,
        );
      }
      assertEquals(requests, 3, "a program does not appear by asking again");
    }
  }
});

Deno.test("F16: MachinesFleet.info() says nothing of deno where the machine, the app or the way is at fault", async () => {
  for (
    const [status, said] of [
      [404, "machine not found"],
      [404, "app not found"],
      [412, "machine not in a valid state to perform this operation"],
      [500, "internal error"],
      [408, "deadline_exceeded: the command was not found to end in time"],
      [429, "rate limit exceeded"],
      [502, "could not find a good route"],
    ] as const
  ) {
    const fleet = fleetOf(() => Response.json({ error: said }, { status }));
    const error = await assertRejects(() => fleet.info("m1"), FlyhotError);
    assert(!error.hint?.includes("deno on its PATH"), `${said}: ${error.hint}`);
  }
});

Deno.test("F15: MachinesFleet says what came where an answer is cut, damaged or preceded by something else", async () => {
  const packed = new Blob([JSON.stringify({ long: "x".repeat(50_000) })])
    .stream().pipeThrough(new CompressionStream("gzip"));
  const text = `gzip:${(await new Response(packed).bytes()).toBase64()}`;
  for (
    const stdout of [
      text.slice(0, -8),
      text.slice(0, 40),
      "gzip:",
      "gzip:!!",
      `Warning: a new version\n${text}`,
      '{"protocol": 1, "files": {"a',
      "",
    ]
  ) {
    const fleet = fleetOf(() => Response.json({ exit_code: 0, stdout }));
    const error = await assertRejects(() => fleet.manifest("m1"), FlyhotError);
    assertEquals(error.code, "unexpected");
    assert(
      error.message.startsWith("Cannot ask machine m1 for its manifest: "),
      error.message,
    );
  }
});

Deno.test("MachinesFleet.info() tells a started machine that answers nobody from one that is gone", async () => {
  const answers = (state: string) => (request: Request) =>
    request.method === "POST"
      ? Response.json({ error: "deadline_exceeded" }, { status: 408 })
      : Response.json({ id: "m1", state });
  const deaf = await assertRejects(
    () => fleetOf(answers("started")).info("m1"),
    ServesNobodyError,
  );
  assertEquals(deaf.code, "incomplete");
  assertEquals(deaf.hint, "restart it with: fly machine restart m1");
  const gone = await assertRejects(
    () => fleetOf(answers("stopped")).info("m1"),
    FlyhotError,
  );
  assertEquals(gone.code, "network");
  const script = await assertRejects(
    () =>
      fleetOf(() =>
        Response.json({ exit_code: 73, stderr: "its process did not answer" })
      ).info("m1"),
    ServesNobodyError,
  );
  assertEquals(script.machineId, "m1");
});

Deno.test("MachinesFleet asks in the app's container, and refuses where nobody can tell which it is", async () => {
  const asked: unknown[] = [];
  const machine = (id: string, names: readonly string[]) => ({
    id,
    state: "started",
    config: {
      image: "",
      metadata: { fly_platform_version: "v2", fly_process_group: "web" },
      containers: names.map((name) => ({ name, image: `i/${name}:1` })),
    },
  });
  const fleet = fleetOf(async (request) => {
    if (request.method === "GET") {
      return Response.json([
        machine("m1", ["sidecar", "app"]),
        machine("m2", ["log", "web"]),
        machine("m3", ["only"]),
        machine("m4", ["one", "two"]),
      ]);
    }
    asked.push((await request.json()).container);
    return Response.json({ exit_code: 0, stdout: JSON.stringify(INFO) });
  });
  const listed = await fleet.list();
  assertEquals(
    listed.map(({ imageRef }) => imageRef),
    ["i/app:1", "i/web:1", "i/only:1", ""],
  );
  for (const id of ["m1", "m2", "m3"]) await fleet.info(id);
  assertEquals(asked, ["app", "web", "only"]);
  const error = await assertRejects(() => fleet.info("m4"), FlyhotError);
  assertEquals(
    error.message,
    "Cannot ask machine m4 what it runs: it has the containers one, two, and which one runs the app cannot be told",
  );
});
