/** The tour as a story: each step does what a person would do, and notes what came of it.
 * @module
 */
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { Load } from "./load.ts";
import { makeKeyPair } from "../../src/release/signing.ts";
import {
  addPackageAndChangeClass,
  makeItCrash,
  mend,
  writeApp,
} from "./app_versions.ts";

/** What the tour found. */
export interface TourReport {
  /** Requests sent, and those that failed. */
  readonly requests: { readonly total: number; readonly failed: number };
  /** Sockets opened, dropped by an upgrade, and closed with a machine that was replaced on purpose. */
  readonly sockets: {
    readonly opened: number;
    readonly dropped: number;
    readonly closed_with_machine: number;
    readonly messages: number;
    /** Whether sockets that had been open before the upgrade were answered by the new code. */
    readonly met_new_code: boolean;
  };
  /** What the instance that counts says on each machine, right before and after the hot upgrade. */
  readonly state: {
    readonly before: Readonly<Record<string, unknown>>;
    readonly after: Readonly<Record<string, unknown>>;
    /** Whether each kept its count and follows its new class. */
    readonly followed: boolean;
  };
  /** The machines in the hot upgrade. */
  readonly machines: readonly {
    readonly id: string;
    readonly region: string;
    readonly total_ms: number | null;
    readonly reloaded: number;
    readonly same_process: boolean;
  }[];
  /** Version 2, whose package no machine had, runs on all. */
  readonly package_added: boolean;
  /** A restarted machine came back on version 2. */
  readonly restart_reapplied: boolean;
  /** A release that crashes was undone on the canary, and reached no other machine. */
  readonly crash_undone: boolean;
  /** A release that a stranger signed was refused, and version 2 served on. */
  readonly stranger_refused: boolean;
  /** A cold deploy of version 4 was not overlaid by version 2. */
  readonly cold_deploy_clean: boolean;
  /** From start to end, in milliseconds. */
  readonly total_ms: number;
  /** What was not as it should be, a sentence each. */
  readonly problems: readonly string[];
  /** Whether all of it is as it should be. */
  readonly ok: boolean;
}

const REGIONS = ["iad", "fra", "syd"];
const ROOT = new URL("../../", import.meta.url);

/** Runs the tour. */
export async function tour(
  say: (line: string) => Promise<void>,
): Promise<TourReport> {
  const from = performance.now();
  const since = () =>
    `${((performance.now() - from) / 1000).toFixed(1).padStart(5)}s`;
  const step = (text: string) => say(`${since()}  ${text}`);
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): boolean => {
    if (!holds) problems.push(problem);
    return holds;
  };

  const folder = await Deno.makeTempDir({ prefix: "flyhot-demo-" });
  const app = join(folder, "counter");
  await step(
    "a small Fly starts on loopback: object store, Machines API, registry",
  );
  await using sandbox = await startSandbox({
    app: "counter",
    regions: REGIONS,
    secrets: { FLYHOT_POLL_MS: "1000", FLYHOT_PROBATION_MS: "200" },
  });
  try {
    const pair = await makeKeyPair();
    const signing = { ...sandbox.env, FLYHOT_SIGNING_KEY: pair.privateKey };
    await writeApp(app, pair.publicKey);
    await step(
      "fly deploy: version 1, cold, on three machines; an ordinary program that knows of no upgrades",
    );
    const { machines } = await sandbox.deploy(app);
    await using load = new Load();
    for (const { id, url } of machines) await load.add(id, url);
    await step(
      "load begins: HTTP requests and WebSockets on every machine, until the end",
    );
    await untilCounted(load, 60);
    const pids = await each(machines, (url) => read(url, "/pid"));
    const before = await each(machines, (url) => read(url, "/count"));

    await addPackageAndChangeClass(app);
    await step(
      "flyhot hot: version 2, signed; a package comes in, a class changes whose instance counts",
    );
    const hot = await flyhot(signing, app, ["hot", "--json"], say);
    const report = hot.json as RolloutReport;
    expect(
      hot.code === 0,
      `flyhot hot ended with ${hot.code}: ${report.summary}`,
    );
    const after = await each(machines, (url) => read(url, "/count"));
    const pidsAfter = await each(machines, (url) => read(url, "/pid"));
    const welcome = async () => {
      const words = await each(machines, (url) => text(url, "/hello"));
      return Object.values(words).every((word) => word === "Welcome, world");
    };
    const package_added = expect(
      await welcome(),
      "a machine does not run version 2 after the hot upgrade",
    );
    const followed = expect(
      machines.every(({ id }) => {
        const old = before[id] as { count: number };
        const now = after[id] as { count: number; even?: boolean };
        return old.count > 0 && now.count >= old.count &&
          now.even === (now.count % 2 === 0);
      }),
      "an instance lost its count, or does not follow its class",
    );
    const met_new_code = expect(
      await allReplied(load, "Welcome, hello"),
      "an open socket was not answered by the new code",
    );
    const upgraded = machines.map(({ id, region }) => {
      const machine = report.machines?.find((candidate) => candidate.id === id);
      return {
        id,
        region,
        total_ms: machine?.total_ms ?? null,
        reloaded: machine?.reloaded.length ?? 0,
        same_process: expect(
          JSON.stringify(pids[id]) === JSON.stringify(pidsAfter[id]),
          `${id} is another process than before`,
        ),
      };
    });

    const restarted = machines[0]!;
    await step(
      `fly machine restart ${restarted.id}: its disk is that of the image again`,
    );
    await load.leave(restarted.id);
    await sandbox.restartMachine(restarted.id);
    await sandbox.waitUntilReady(restarted.id);
    const restart_reapplied = expect(
      await text(restarted.url, "/hello") === "Welcome, world",
      "the restarted machine does not run version 2",
    );
    await load.add(restarted.id, restarted.url);

    await makeItCrash(app);
    await step(
      "flyhot hot --local: version 3, which crashes a moment after it is applied",
    );
    const local = ["hot", "--local", "--json"];
    const crashed = await flyhot(signing, app, local, say);
    const crash_undone = expect(
      failedIn(crashed, "probation") && await welcome(),
      `the release that crashes ended with ${crashed.code}`,
    );

    await mend(app);
    await step("flyhot hot --local: version 4, but signed by a stranger");
    const stranger = await makeKeyPair();
    const foreign = await flyhot(
      { ...sandbox.env, FLYHOT_SIGNING_KEY: stranger.privateKey },
      app,
      local,
      say,
    );
    const stranger_refused = expect(
      failedIn(foreign, "verify") && await welcome(),
      `the release of a stranger ended with ${foreign.code}`,
    );

    await untilCounted(load, load.counts.increments + 30);
    await step(
      "fly deploy: version 4, cold; its machines must not run version 2",
    );
    for (const { id } of machines) await load.leave(id);
    await sandbox.deploy(app);
    const last = await each(machines, (url) => text(url, "/hello"));
    const cold_deploy_clean = expect(
      Object.values(last).every((word) => word === "Good day, world"),
      `the machines say ${JSON.stringify(last)} after the cold deploy`,
    );
    for (const { id, url } of machines) await load.add(id, url);
    await untilCounted(load, load.counts.increments + 30);
    // A poll that would overlay the new image has had its chance.
    const settled = await each(machines, (url) => text(url, "/hello"));
    expect(
      Object.values(settled).every((word) => word === "Good day, world"),
      `the machines say ${
        JSON.stringify(settled)
      } some polls after the cold deploy`,
    );
    await load[Symbol.asyncDispose]();
    const { counts } = load;
    expect(counts.requests > 0, "no request was sent");
    expect(
      counts.failed === 0,
      `${counts.failed} requests failed: ${counts.errors.join("; ")}`,
    );
    expect(counts.dropped === 0, `${counts.dropped} sockets were dropped`);
    await step("the small Fly stops");
    return {
      requests: { total: counts.requests, failed: counts.failed },
      sockets: {
        opened: counts.opened,
        dropped: counts.dropped,
        closed_with_machine: counts.closedWithMachine,
        messages: counts.messages,
        met_new_code,
      },
      state: { before, after, followed },
      machines: upgraded,
      package_added,
      restart_reapplied,
      crash_undone,
      stranger_refused,
      cold_deploy_clean,
      total_ms: Math.round(performance.now() - from),
      problems,
      ok: problems.length === 0,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function flyhot(
  env: Readonly<Record<string, string>>,
  cwd: string,
  args: readonly string[],
  say: (line: string) => Promise<void>,
): Promise<{ code: number; json: unknown }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--config",
      new URL("deno.json", ROOT).pathname,
      new URL("cli.ts", ROOT).pathname,
      ...args,
    ],
    cwd,
    env,
  }).output();
  const decoder = new TextDecoder();
  for (const line of decoder.decode(stderr).trimEnd().split("\n")) {
    await say(`        ${line}`);
  }
  const answer = decoder.decode(stdout);
  try {
    return { code, json: JSON.parse(answer) };
  } catch {
    throw new Error(
      `flyhot ${args.join(" ")} ended with ${code} and no JSON: ${answer}`,
    );
  }
}

/** Whether one machine failed in a phase, no other took the release, and all was taken back. */
function failedIn(
  { code, json }: { readonly code: number; readonly json: unknown },
  phase: string,
): boolean {
  const { outcome, machines } = json as RolloutReport;
  const failed = machines.filter((it) => it.failure?.phase === phase);
  return code === 7 && outcome === "rolled_back" && failed.length === 1;
}

async function allReplied(load: Load, words: string): Promise<boolean> {
  const deadline = performance.now() + 5_000;
  while (!load.lastReplies().every((reply) => reply === words)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

async function each<T>(
  machines: readonly { readonly id: string; readonly url: string }[],
  ask: (url: string) => Promise<T>,
): Promise<Record<string, T>> {
  const answers: Record<string, T> = {};
  for (const { id, url } of machines) answers[id] = await ask(url);
  return answers;
}

async function text(url: string, path: string): Promise<string> {
  return await (await fetch(new URL(path, url))).text();
}

async function read(url: string, path: string): Promise<unknown> {
  return await (await fetch(new URL(path, url))).json();
}

async function untilCounted(load: Load, increments: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (load.counts.increments < increments) {
    if (performance.now() > deadline) {
      throw new Error(
        `The load came to a halt at ${load.counts.increments} increments`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
