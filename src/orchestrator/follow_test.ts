import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FakeHost, fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import { MachinesApi } from "../fly/machines_api.ts";
import { parseFlyToken } from "../fly/token.ts";
import { jsonReporter } from "../ui/reporters/json_reporter.ts";
import type { ReportEvent } from "../ui/reporter.ts";
import type { SignStep } from "../release/signing.ts";
import { endLine, parseSignAnswer, signLine } from "./events_file.ts";
import { followOrchestrator } from "./follow.ts";

/** One temporary machine: its exec really runs the commands here, in a folder of its own. */
interface World {
  readonly host: FakeHost;
  readonly api: MachinesApi;
  readonly events: ReportEvent[];
  readonly calls: string[];
  /** Writes to the event file. */
  write(text: string | Uint8Array): Promise<void>;
  acknowledged(): Promise<boolean>;
  /** What was handed over for a release to be signed. */
  answer(): Promise<string>;
}

interface Script {
  /** The machine's states by turns of asking; the last one stays. */
  readonly states?: readonly string[];
  /** Its events, for its exit. */
  readonly machineEvents?: readonly unknown[];
  /** Called before each look at the event file, with its number from 1. */
  readonly beforeLook?: (look: number, world: World) => Promise<void> | void;
  /** Refuses an exec with this status instead of running it. */
  readonly refuseExec?: (look: number) => number | null;
  /** What `wait` answers. */
  readonly waitStatus?: number;
}

async function inWorld(
  script: Script,
  act: (world: World) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/flyhot-events.jsonl`;
  const calls: string[] = [];
  const events: ReportEvent[] = [];
  let asked = 0;
  let looks = 0;
  const host = fakeHost({
    async fetch(request) {
      const url = new URL(request.url);
      const path = url.pathname.replace("/v1/apps/my-app/machines/m1", "");
      calls.push(`${request.method} ${path}`);
      if (request.method === "DELETE") return Response.json({ ok: true });
      if (path === "/wait") {
        return Response.json({}, { status: script.waitStatus ?? 200 });
      }
      if (path === "") {
        const states = script.states ?? ["started"];
        return Response.json({
          id: "m1",
          state: states[Math.min(asked++, states.length - 1)],
          events: script.machineEvents ?? [],
        });
      }
      assertEquals(path, "/exec");
      const { command } = await request.json();
      const isLook = !/\.ack|\.sign/.test(command[2]);
      if (isLook) await script.beforeLook?.(++looks, world);
      const refused = isLook ? script.refuseExec?.(looks) ?? null : null;
      if (refused !== null) {
        return Response.json({ error: "refused" }, { status: refused });
      }
      const output = await new Deno.Command(Deno.execPath(), {
        args: command.slice(1),
        env: { TMPDIR: folder, FLYHOT_EVENTS: "" },
      }).output();
      return Response.json({
        exit_code: output.code,
        stdout: new TextDecoder().decode(output.stdout),
        stderr: new TextDecoder().decode(output.stderr),
      });
    },
  });
  const world: World = {
    host,
    api: new MachinesApi({
      host,
      app: "my-app",
      token: parseFlyToken("x", "test"),
    }),
    events,
    calls,
    async write(text) {
      await Deno.writeFile(
        file,
        typeof text === "string" ? new TextEncoder().encode(text) : text,
        { append: true },
      );
    },
    answer: () => Deno.readTextFile(`${file}.sign`),
    acknowledged: () =>
      Deno.stat(`${file}.ack`).then(() => true).catch(() => false),
  };
  try {
    await act(world);
    assertEquals(host.unexpected, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const follow = (world: World, signal = world.host.interrupted) =>
  followOrchestrator("m1", {
    host: world.host,
    api: world.api,
    reporter: { emit: (event) => void world.events.push(event) },
  }, signal);

const line = (event: ReportEvent) => {
  let text = "";
  jsonReporter((it) => text += it).emit(event);
  return text;
};

const DONE: ReportEvent = {
  type: "done",
  name: "Bündeln ✓",
  ms: 5,
};
const END = endLine(3, {
  error: new FlyhotError("auth", "Cannot sign", { hint: "log in" }),
});

Deno.test("followOrchestrator() passes on every event once, whole, however the file is cut, and acknowledges the end", async () => {
  const bytes = new TextEncoder().encode(line(DONE) + line(DONE) + END);
  // In the middle of a character of two bytes.
  const cut = bytes.indexOf(0xc3) + 1;
  await inWorld({
    states: ["created", "starting", "started"],
    beforeLook: async (look, world) => {
      if (look === 2) await world.write(bytes.subarray(0, cut));
      if (look === 3) await world.write(bytes.subarray(cut));
    },
  }, async (world) => {
    const end = await follow(world);
    assertEquals(end, {
      exitCode: 3,
      report: null,
      error: { code: "auth", message: "Cannot sign", hint: "log in" },
    });
    assertEquals(world.events, [DONE, DONE]);
    assert(await world.acknowledged());
    assertEquals(world.calls.filter((it) => it.startsWith("DELETE")), []);
  });
});

Deno.test("followOrchestrator() skips lines of another version and follows on", async () => {
  await inWorld({
    beforeLook: async (look, world) => {
      if (look === 1) await world.write(`{"type":"new"}\nnot json\n${END}`);
    },
  }, async (world) => {
    assertEquals((await follow(world)).exitCode, 3);
    assertEquals(world.events, []);
  });
});

Deno.test("followOrchestrator() destroys a machine that does not go by itself", async () => {
  await inWorld({
    waitStatus: 408,
    beforeLook: (_look, world) => world.write(END),
  }, async (world) => {
    await follow(world);
    assertEquals(world.calls.at(-1), "DELETE ");
  });
});

Deno.test("followOrchestrator() bears passing trouble of the API", async () => {
  await inWorld({
    refuseExec: (look) => look > 1 && look < 6 ? 503 : null,
    beforeLook: async (look, world) => {
      if (look === 7) await world.write(END);
    },
  }, async (world) => {
    assertEquals((await follow(world)).exitCode, 3);
  });
});

Deno.test("followOrchestrator() tells how a machine died without a word", async () => {
  const exit = (fields: Record<string, unknown>) => [
    { type: "exit", request: { exit_event: fields } },
  ];
  for (
    const [states, machineEvents, how] of [
      [["stopped"], exit({ exit_code: 1 }), "ended with exit code 1"],
      [
        ["started", "destroyed"],
        exit({ exit_code: 0, oom_killed: true }),
        "ran out of memory",
      ],
      [["destroyed"], [], "ended"],
    ] as const
  ) {
    await inWorld({
      states,
      machineEvents,
      refuseExec: () => 412,
    }, async (world) => {
      const error = await assertRejects(() => follow(world), FlyhotError);
      assertEquals(error.code, "incomplete");
      assertEquals(
        error.message,
        `Cannot tell how the upgrade ended: the temporary machine m1 ${how} before its report could be read`,
      );
    });
  }
});

Deno.test("followOrchestrator() gives a machine up that never starts, or never says a word, and removes it", async () => {
  await inWorld({ states: ["starting"] }, async (world) => {
    const error = await assertRejects(() => follow(world), FlyhotError);
    assertEquals(error.code, "network");
    assertEquals(
      error.message,
      "Cannot start the temporary machine m1: it is still starting after 5 minutes",
    );
    assertEquals(world.calls.at(-1), "DELETE ");
  });
  const host = fakeHost({
    fetch: (request) =>
      Response.json(
        request.url.endsWith("/exec")
          ? { exit_code: 0 }
          : { id: "m1", state: "started" },
      ),
  });
  const api = new MachinesApi({
    host,
    app: "my-app",
    token: parseFlyToken("x", "test"),
  });
  const error = await assertRejects(
    () =>
      followOrchestrator(
        "m1",
        { host, api, reporter: { emit() {} } },
        host.interrupted,
      ),
    FlyhotError,
  );
  assertEquals(
    error.message,
    "Cannot follow the temporary machine m1: it runs, but told nothing for 3 minutes",
  );
});

Deno.test("followOrchestrator() leaves the machine running when interrupted, and says how to look", async () => {
  await inWorld({
    beforeLook: (_look, world) => world.host.interrupt(),
  }, async (world) => {
    const error = await assertRejects(() => follow(world), FlyhotError);
    assertEquals(error.code, "incomplete");
    assertEquals(
      error.message,
      "Cannot follow the upgrade any further: interrupted, but the temporary machine m1 goes on with it",
    );
    assertEquals(
      error.hint,
      "see how it ends with: flyhot status --app my-app, or: fly logs --app my-app --machine m1",
    );
    assertEquals(world.calls.filter((it) => it.startsWith("DELETE")), []);
  });
});

Deno.test("followOrchestrator() takes a machine for gone that nobody knows any more", async () => {
  const host = fakeHost({
    fetch: () => Response.json({ error: "machine not found" }, { status: 404 }),
  });
  const api = new MachinesApi({
    host,
    app: "my-app",
    token: parseFlyToken("x", "test"),
  });
  const error = await assertRejects(
    () =>
      followOrchestrator(
        "m1",
        { host, api, reporter: { emit() {} } },
        host.interrupted,
      ),
    FlyhotError,
  );
  assertEquals(
    error.message,
    "Cannot tell how the upgrade ended: the temporary machine m1 ended before its report could be read",
  );
});

const RELEASE = {
  app: "my-app",
  imageRef: "registry.fly.io/my-app:1",
  sha256: "a".repeat(64),
  files: { "a.ts": "b".repeat(64) },
};
const SIGNATURE = {
  key: "0".repeat(16),
  ed25519: new Uint8Array(64).toBase64(),
};

Deno.test("followOrchestrator() hands over the signature and nothing else", async () => {
  const asked: unknown[] = [];
  let answered = "";
  await inWorld({
    beforeLook: async (look, world) => {
      if (look === 1) await world.write(signLine(RELEASE));
      else if (answered === "") {
        answered = await world.answer();
        await world.write(END);
      }
    },
  }, async (world) => {
    await followOrchestrator("m1", {
      host: world.host,
      api: world.api,
      reporter: { emit() {} },
      onSign: (release) => {
        asked.push(release);
        return Promise.resolve(SIGNATURE);
      },
    }, world.host.interrupted);
  });
  assertEquals(asked, [RELEASE]);
  assertEquals(JSON.parse(answered), { signature: SIGNATURE });
  assertEquals(parseSignAnswer(answered), { signature: SIGNATURE });
});

Deno.test("followOrchestrator() tells the machine why nobody signs, so that it ends by it", async () => {
  const refusals: [SignStep | undefined, string, string][] = [
    [
      () =>
        Promise.reject(
          new FlyhotError("conflict", "a.ts differs", { hint: "h" }),
        ),
      "conflict",
      "a.ts differs",
    ],
    [undefined, "auth", "Cannot sign the release: no key was given"],
  ];
  for (const [onSign, code, message] of refusals) {
    let answered = "";
    await inWorld({
      beforeLook: async (look, world) => {
        if (look === 1) await world.write(signLine(RELEASE));
        else if (answered === "") {
          answered = await world.answer();
          await world.write(END);
        }
      },
    }, async (world) => {
      await followOrchestrator("m1", {
        host: world.host,
        api: world.api,
        reporter: { emit() {} },
        ...(onSign ? { onSign } : {}),
      }, world.host.interrupted);
    });
    const said = parseSignAnswer(answered);
    assert("refused" in said);
    assertEquals([said.refused.code, said.refused.message], [code, message]);
  }
});

Deno.test("parseSignAnswer() refuses what is neither", () => {
  for (
    const text of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"signature":{}}',
      '{"refused":{}}',
    ]
  ) {
    let message = "";
    try {
      parseSignAnswer(text);
    } catch (error) {
      assert(error instanceof FlyhotError);
      message = error.message;
    }
    assert(message.startsWith("Cannot read the signature"), text);
  }
});
