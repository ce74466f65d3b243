/** A deployer that is killed at a step of its rollout: what machines, pointer and bucket are afterwards.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { loadConfig, openBucket } from "../../src/config/load.ts";
import { main } from "../../src/main.ts";
import { digestOf } from "../../src/release/digest.ts";
import { readPointer } from "../../src/rollout/pointer/pointer.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { status } from "../../src/status/read.ts";
import { statusExitCode } from "../../src/status/status.ts";
import { FlyhotError } from "../../src/errors.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { edit, writeVersion1 } from "../../scripts/demo/versions.ts";
import { type RealHost, realHost } from "../cli/real_host.ts";
import { rollBack, rollOut } from "../support/programs/rollout_process.ts";

const STEPS = [
  "Lock",
  "Find machines",
  "Pack release",
  "Plan",
  "Publish release",
  "Upgrade wave 1 of 2",
  "Upgrade wave 2 of 2",
  "Commit",
  "Prune",
] as const;

/** Where the deployer is killed: at the beginning or the end of a step, or the machine that `flyhot hot` started. */
export const DEPLOYER_POINTS: readonly string[] = [
  ...STEPS.flatMap((step) => [`${step}: step`, `${step}: done`]),
  "the temporary machine",
];

const ROOT = new URL("../../", import.meta.url);
const TRIES_MAX = 150;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills deployers at points, one after the other, and holds after each that all machines serve with their state, that
 * the pointer names only what is whole, that `status` names what was left, and that the next rollout, or a rollback,
 * settles it as soon as the lock has lapsed.
 *
 * @param points the points
 * @param onPoint told before each
 * @throws {AssertionError} naming the point
 */
export async function killDeployerAt(
  points: readonly string[],
  onPoint: (point: string) => void = () => {},
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-killed-" });
  const app = join(folder, "counter");
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "200", FLYHOT_POLL_MS: "200" },
    app: "counter",
    regions: ["iad", "fra"],
  });
  try {
    await writeVersion1(app);
    await sandbox.deploy(app);
    using host = realHost(app, sandbox.env);
    const fleet = new Fleet(sandbox, host);
    const before = await fleet.ask("/pid");
    await fleet.ask("/increment");
    let word = "Hello";
    for (const [index, point] of points.entries()) {
      onPoint(point);
      const next = `Hello${index}`;
      await edit(app, "text.ts", `${word}, `, `${next}, `);
      if (point === "the temporary machine") await killTemporary(sandbox, app);
      else await killProcess(point, sandbox, app);

      await fleet.pointsToWholeReleases(point);
      const words = await fleet.words();
      assert(
        words.every((said) => [word, next].includes(said)),
        `${point}: the machines say ${words}`,
      );
      const isOpen = await fleet.isOnProbation();
      const goesBack = isOpen && index % 2 === 1;
      if (isOpen) await fleet.tellsOfIt(point);
      const report = await untilLapsed(
        point,
        () => goesBack ? rollBack(host) : rollOut(host),
      );
      assert(
        ["committed", "nothing_to_do"].includes(report.outcome),
        `${point}: ${report.summary}`,
      );
      const settled = goesBack ? word : next;
      assertEquals(await fleet.words(), [settled, settled], point);
      if (goesBack) await edit(app, "text.ts", `${next}, `, `${word}, `);
      word = settled;
      assert(!await fleet.isOnProbation(), point);
      await fleet.pointsToWholeReleases(point);
      const now = await status({}, { host });
      assertEquals(statusExitCode(now), 0, `${point}: ${JSON.stringify(now)}`);
      // Nothing was restarted, and no count was lost.
      assertEquals(await fleet.ask("/pid"), before, point);
      assertEquals(await fleet.ask("/count"), ['{"count":1}', '{"count":1}']);
      assertEquals(sandbox.machines().length, 2, point);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Two machines, and what the bucket says of them. */
class Fleet {
  readonly #sandbox: Sandbox;
  readonly #host: RealHost;

  constructor(sandbox: Sandbox, host: RealHost) {
    this.#sandbox = sandbox;
    this.#host = host;
  }

  async ask(path: string): Promise<string[]> {
    const machines = this.#sandbox.machines()
      .filter(({ group }) => group === "app");
    return await Promise.all(machines.map(async ({ url }) => {
      const response = await fetch(url + path);
      assert(response.ok, `${url}${path}`);
      return await response.text();
    }));
  }

  async words(): Promise<string[]> {
    return (await this.ask("/hello")).map((it) => it.split(",")[0]!);
  }

  async #pointer() {
    const bucket = openBucket(await loadConfig(this.#host), this.#host);
    const { pointer } = await readPointer(bucket, "counter");
    return { bucket, pointer };
  }

  async isOnProbation(): Promise<boolean> {
    const { pointer } = await this.#pointer();
    return Object.values(pointer?.generations ?? {})
      .some(({ hot_upgrade }) => hot_upgrade?.state === "probation");
  }

  async pointsToWholeReleases(point: string): Promise<void> {
    const { bucket, pointer } = await this.#pointer();
    for (const generation of Object.values(pointer?.generations ?? {})) {
      for (const named of [generation.hot_upgrade, ...generation.history]) {
        if (!named?.key) continue;
        const found = await bucket.get(named.key);
        assert(found.status === "found", `${point}: ${named.key} is not there`);
        const { sha256 } = await digestOf(found.body);
        assertEquals(sha256, named.sha256, `${point}: ${named.key}`);
      }
    }
  }

  /** Nobody watches the probation any more as soon as the lock has lapsed. */
  async tellsOfIt(point: string): Promise<void> {
    for (let left = TRIES_MAX; left > 0; left--) {
      const said = await status({}, { host: this.#host });
      if (said.abandoned.length > 0) {
        assertEquals(statusExitCode(said), 7, point);
        return;
      }
      await pause(100);
    }
    throw new Error(`${point}: status does not name what was left`);
  }
}

/** Tries again while the lock of who was killed holds. */
async function untilLapsed(
  point: string,
  settle: () => Promise<RolloutReport>,
): Promise<RolloutReport> {
  for (let left = TRIES_MAX; left > 0; left--) {
    try {
      return await settle();
    } catch (error) {
      const isHeld = error instanceof FlyhotError && error.code === "conflict";
      if (!isHeld) throw error;
      await pause(100);
    }
  }
  throw new Error(`${point}: the lock does not lapse`);
}

async function killProcess(
  point: string,
  sandbox: Sandbox,
  app: string,
): Promise<void> {
  const [name, type] = point.split(": ");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--config",
      fromFileUrl(new URL("deno.json", ROOT)),
      fromFileUrl(new URL("tests/support/programs/rollout_process.ts", ROOT)),
    ],
    cwd: app,
    env: { ...sandbox.env, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  let isThere = false;
  for await (const line of lines) {
    const event = JSON.parse(line);
    if (event.type !== type || event.name !== name) continue;
    isThere = true;
    child.kill("SIGKILL");
    break;
  }
  const { signal } = await child.status;
  assert(isThere, `there is no ${point}`);
  // After its last step it may be faster.
  if (!point.startsWith("Prune")) assertEquals(signal, "SIGKILL", point);
}

/** The machine that `flyhot hot` has started is killed in the first wave; the command says what is known. */
async function killTemporary(sandbox: Sandbox, app: string): Promise<void> {
  using host = realHost(app, sandbox.env);
  let killed: Promise<void> | null = null;
  const { write } = host.stderr;
  Object.assign(host.stderr, {
    write(text: string) {
      write(text);
      if (killed || !text.includes("Upgrade wave 1")) return;
      const temporary = sandbox.machines().find(({ group }) => group !== "app");
      killed = sandbox.crashMachine(temporary!.id);
    },
  });
  const code = await main(["hot", "--lock-timeout", "10"], host);
  assert(killed, host.err());
  await killed;
  assertEquals(code, 7, host.err());
}
