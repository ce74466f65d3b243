import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import { controlCommand } from "./control.ts";
import { MachinesApi } from "./machines_api.ts";
import { MachinesFleet } from "./machines_fleet.ts";
import { parseFlyToken } from "./token.ts";

const INFO = {
  hotUpgradeApplied: false,
  currentImageRef: "registry.fly.io/my-app:deployment-01K9",
  fingerprint: "0123456789ab",
  upgrades: 0,
  retainedModules: 0,
  retainedBytes: 0,
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  lastUpgradeId: null,
};

/** A fleet whose exec really runs the command here, in a folder of its own. */
function fleetIn(folder: string): MachinesFleet {
  const host = fakeHost({
    async fetch(request) {
      const { pathname } = new URL(request.url);
      assertEquals(pathname, "/v1/apps/my-app/machines/m1/exec");
      const { command } = await request.json();
      const [program, ...args] = command;
      assertEquals(program, "deno");
      const output = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: folder,
        env: { TMPDIR: folder, FLY_APP_NAME: "", FLYHOT_SOCKET: "" },
      }).output();
      return Response.json({
        exit_code: output.code,
        stdout: new TextDecoder().decode(output.stdout),
        stderr: new TextDecoder().decode(output.stderr),
      });
    },
  });
  return new MachinesFleet(
    new MachinesApi({
      host,
      app: "my-app",
      token: parseFlyToken("x", "test"),
    }),
  );
}

async function withRuntime(
  answer: (request: Request) => Response,
  act: (fleet: MachinesFleet) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await using _server = Deno.serve({
    path: join(folder, "flyhot-my-app.sock"),
    onListen: () => {},
  }, answer);
  try {
    await act(fleetIn(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("MachinesFleet.info() reaches the runtime through its socket, however long the answer", async () => {
  const long = "ä".repeat(300_000);
  await withRuntime(
    (request) => {
      assertEquals(new URL(request.url).pathname, "/v1/info");
      return Response.json({ ...INFO, currentImageRef: long });
    },
    async (fleet) => {
      assertEquals((await fleet.info("m1")).currentImageRef, long);
    },
  );
});

Deno.test("MachinesFleet.nudge() posts to the runtime", async () => {
  const seen: string[] = [];
  await withRuntime(
    (request) => {
      seen.push(`${request.method} ${new URL(request.url).pathname}`);
      return new Response(null, { status: 202 });
    },
    (fleet) => fleet.nudge("m1"),
  );
  assertEquals(seen, ["POST /v1/check"]);
});

Deno.test("MachinesFleet.info() says it when no runtime listens", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const error = await assertRejects(
      () => fleetIn(folder).info("m1"),
      FlyhotError,
    );
    assertEquals(error.code, "not_found");
    assertEquals(
      error.message,
      `Cannot ask machine m1 what it runs: no flyhot runtime answers there, nobody listens at ${folder}/flyhot-my-app/control.sock (ENOENT)`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("MachinesFleet.manifest() says it when the runtime fails or answers something else", async () => {
  await withRuntime(
    () => new Response("not ready", { status: 503 }),
    async (fleet) => {
      const error = await assertRejects(
        () => fleet.manifest("m1"),
        FlyhotError,
      );
      assertEquals(
        error.message,
        "Cannot ask machine m1 for its manifest: the runtime there fails, it answered 503 not ready",
      );
    },
  );
  for (
    const [answer, message] of [
      ["<html>", "its answer is no JSON (6 characters came)"],
      [
        '{"protocol":99}',
        "Cannot ask machine m1 for its manifest: cannot read running manifest.protocol: expected protocol 1 (",
      ],
    ] as const
  ) {
    await withRuntime(
      () => new Response(answer),
      async (fleet) => {
        const error = await assertRejects(
          () => fleet.manifest("m1"),
          FlyhotError,
        );
        assertEquals(error.code, "unexpected");
        assert(error.message.includes(message), error.message);
      },
    );
  }
});

Deno.test("MachinesFleet.info() says it when the image has no deno", async () => {
  const host = fakeHost({
    fetch: () => Response.json({ exit_code: 127, stderr: "deno: not found\n" }),
  });
  const fleet = new MachinesFleet(
    new MachinesApi({
      host,
      app: "my-app",
      token: parseFlyToken("x", "test"),
    }),
  );
  const error = await assertRejects(() => fleet.info("m1"), FlyhotError);
  assertEquals(
    error.message,
    "Cannot ask machine m1 what it runs: running deno there ended with 127 (deno: not found)",
  );
  assertEquals(error.hint, "the machine's image needs deno on its PATH");
});

Deno.test("controlCommand() carries every name as data, never as code", () => {
  const [, , script] = controlCommand(
    { method: "GET", path: "/v1/info" },
    'a"; Deno.exit(9); "',
  );
  assert(script!.startsWith('const ask = {"method":"GET","path":"/v1/info"'));
  assert(script!.includes('"app":"a\\"; Deno.exit(9); \\""'));
});
