import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { FlyhotError } from "../../errors.ts";
import { controlCommand } from "./control.ts";
import { MachinesApi } from "../machines_api.ts";
import { MachinesFleet } from "./machines_fleet.ts";
import { parseFlyToken } from "../token.ts";
import { fleetOf, INFO } from "./machines_fleet_fixture_test.ts";

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
      ["<html>", "its answer is not JSON (6 characters came)"],
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

Deno.test("MachinesFleet.manifest() of 30,000 files fits through exec, compressed, and one that does not is refused with a remedy", async () => {
  const digest = (index: number) =>
    Array.from(
      { length: 8 },
      (_, at) =>
        (Math.imul(index * 8 + at + 1, 2654435761) >>> 0).toString(16)
          .padStart(8, "0"),
    ).join("");
  const manifest = (count: number) => ({
    protocol: 1,
    image_ref: "registry.fly.io/my-app:deployment-01K9",
    fingerprint: "0123456789ab",
    release_sha256: null,
    main: "main.ts",
    files: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `static/pictures/${index}/thumbnail.webp`,
        digest(index),
      ]),
    ),
    config: {},
    locked: {},
    loaded: [],
    live: {},
    plain: {},
    external: [],
    holders: {},
    accepted: {},
    declined: {},
  });
  await withRuntime(
    () => Response.json(manifest(30_000)),
    async (fleet) => {
      const { files } = await fleet.manifest("m1");
      assertEquals(Object.keys(files).length, 30_000);
      assertEquals(files["static/pictures/7/thumbnail.webp"], digest(7));
    },
  );
  await withRuntime(
    () => Response.json(manifest(90_000)),
    async (fleet) => {
      const error = await assertRejects(
        () => fleet.manifest("m1"),
        FlyhotError,
      );
      assert(error.message.includes("more than Fly lets through"));
      assert(error.hint?.includes(".dockerignore"), `${error.hint}`);
    },
  );
});

Deno.test("MachinesFleet.leaseHolder() asks all machines at once", async () => {
  let open = 0;
  let most = 0;
  const fleet = fleetOf(async (request) => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setTimeout(resolve, 5));
    open--;
    return new URL(request.url).pathname.includes("/m7/")
      ? Response.json({ data: { owner: "ann" } })
      : Response.json({}, { status: 404 });
  });
  const ids = Array.from({ length: 12 }, (_, index) => `m${index}`);
  assertEquals(await fleet.leaseHolder(ids), "machine m7 is held by ann");
  assertEquals(most, 12);
});

Deno.test("T29: MachinesFleet.leaseHolder() asks a hundred machines a few at a time, each once, and passes over those that are gone", async () => {
  let open = 0;
  let most = 0;
  const asked: string[] = [];
  const fleet = fleetOf(async (request) => {
    most = Math.max(most, ++open);
    asked.push(new URL(request.url).pathname.split("/").at(-2)!);
    await new Promise((resolve) => setTimeout(resolve, 1));
    open--;
    return Response.json({}, { status: 404 });
  });
  const ids = Array.from({ length: 100 }, (_, index) => `m${index}`);
  assertEquals(await fleet.leaseHolder(ids), null);
  assertEquals(asked.toSorted(), ids.toSorted());
  assert(most > 8 && most <= 16, `${most}`);
  assertEquals(await fleet.leaseHolder([]), null);
  // A lease without a word of its owner is one all the same.
  const nameless = fleetOf(() => Response.json({ status: "success" }));
  assertEquals(
    await nameless.leaseHolder(["m1"]),
    "machine m1 is held by somebody",
  );
});
