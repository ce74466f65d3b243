/** A machine whose process is killed at a point of an upgrade or of a start: what it runs afterwards.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { HotUpgrade } from "../../runtime/protocol/mod.ts";
import {
  type KillAt,
  MachineProcess,
  type SeenRequest,
} from "../support/programs/machine_process.ts";

type Trap = (request: SeenRequest) => KillAt | null;

const result =
  (state: string, kill: KillAt): Trap => ({ method, path, text }) =>
    method === "PUT" && path.includes("-results/") &&
      new RegExp(`"state":\\s*"${state}"`).test(text())
      ? kill
      : null;
const tarball = (kill: KillAt): Trap => ({ path }) =>
  path.endsWith(".tar.gz") ? kill : null;
const pointerRead = (kill: KillAt): Trap => ({ path }) =>
  path.endsWith("-current.json") ? kill : null;
const startNoted = (kill: KillAt): Trap => ({ method, path }) =>
  method === "PUT" && path.includes("-starts/") ? kill : null;

/** Where a process is killed: by the word of the app, or by a request of the runtime; in an upgrade, or in a start. */
interface Point {
  readonly at: "upgrade" | "start";
  readonly trap?: Trap;
}

/** By name; those without a trap are places in the app's own code. */
const POINTS = {
  "the pointer is read": { at: "upgrade", trap: pointerRead("after") },
  "the take is noted": { at: "upgrade", trap: startNoted("after") },
  "the result is pending": { at: "upgrade", trap: result("pending", "before") },
  "the download begins": { at: "upgrade", trap: tarball("before") },
  "half is unpacked": { at: "upgrade", trap: tarball("half") },
  "new modules are evaluated": { at: "upgrade" },
  prepared: { at: "upgrade" },
  suspended: { at: "upgrade" },
  "a state is migrated": { at: "upgrade" },
  migrated: { at: "upgrade" },
  "old code is disposed of": { at: "upgrade" },
  "a service starts": { at: "upgrade" },
  "health is asked": { at: "upgrade" },
  completed: { at: "upgrade" },
  committed: { at: "upgrade" },
  "the result is not written": {
    at: "upgrade",
    trap: result("applied", "before"),
  },
  "the result is written": { at: "upgrade", trap: result("applied", "after") },
  "the start is noted": { at: "start", trap: startNoted("after") },
  "the start reads the pointer": { at: "start", trap: pointerRead("after") },
  "half is unpacked at a start": { at: "start", trap: tarball("half") },
  "modules are evaluated at a start": { at: "start" },
} as const satisfies Readonly<Record<string, Point>>;

/** The name of a point. */
export type MachinePoint = keyof typeof POINTS;

/** All points. */
export const MACHINE_POINTS: readonly MachinePoint[] = Object.keys(
  POINTS,
) as MachinePoint[];

const FOLDERS_MAX = 3;
const DEADLINE_MS = 30_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An app that kills its process, once, where a file says so; whoever starts again runs the same code to its end. */
const app = (version: number, waits = "") => `
import { health, holder, hot, service, subscribe } from "@flyhot/runtime";
${waits}
const at = (point: string): void => {
  const path = Deno.env.get("TMPDIR") + "/kill-at";
  try {
    if (Deno.readTextFileSync(path) !== point) return;
    Deno.removeSync(path);
  } catch {
    return;
  }
  // By somebody else: what new code does to its own process is undone.
  new Deno.Command("sh", { args: ["-c", "kill -KILL " + Deno.pid] }).outputSync();
};
at("new modules are evaluated");
at("modules are evaluated at a start");
export const count = holder("count", {
  version: ${version},
  state: () => ({ count: 0, version: ${version} }),
  migrate: {
    ${version}: {
      up: (old: { count: number }) => {
        at("a state is migrated");
        return { ...old, version: ${version} };
      },
      down: (old: { count: number }) => ({ ...old, version: ${version - 1} }),
    },
  },
  actions: { add: (state) => ++state.count },
});
subscribe(({ type }) => at(type));
hot(import.meta).dispose(() => at("old code is disposed of"));
service("clock", { start: () => at("a service starts") });
health(() => {
  at("health is asked");
  return true;
});
export const handle = async (_request: Request): Promise<Response> => {
  const text = await Deno.readTextFile(new URL("./data.txt", import.meta.url));
  return new Response(["v${version}", text, count.state.version].join(" "));
};
`;
const data = (version: number) => ({ "data.txt": `d${version}` });
const said = (version: number) => `v${version} d${version} ${version}`;

/**
 * Kills a machine at points, one after the other, and holds after each that it starts with what its generation runs,
 * code, files and state of one version, that a way forward is open, and that nothing is left on the disk.
 *
 * @param points the points
 * @param onPoint told before each
 * @throws {AssertionError} naming the point
 */
export async function killMachineAt(
  points: readonly MachinePoint[],
  onPoint: (point: MachinePoint) => void = () => {},
): Promise<void> {
  await using machine = await MachineProcess.make(
    app(1),
    { FLYHOT_LIVED_MS: "300" },
    "",
    data(1),
  );
  assert(await machine.start(), machine.log);
  let version = 1;
  let history: HotUpgrade[] = [];
  for (const [index, point] of points.entries()) {
    onPoint(point);
    const { at, trap }: Point = POINTS[point];
    await machine.answers(said(version));
    version++;
    // The canary's state and the committed one, in turn; a start takes only what is committed.
    const isCommitted = at === "start" || index % 2 === 0;
    const next = await machine.release(
      `r${version}`,
      app(version),
      { state: isCommitted ? "committed" : "probation" },
      data(version),
    );
    const pid = machine.pid;
    if (at === "start") await machine.stop("SIGTERM");
    await Deno.writeTextFile(join(machine.folder, "kill-at"), point);
    await machine.point(next, history);
    machine.trap = once(trap);
    if (at === "start") await soon(machine.start(), point, machine);
    const { signal } = await soon(machine.ended(), point, machine);
    machine.trap = () => null;
    await Deno.remove(join(machine.folder, "kill-at")).catch(() => {});
    assertEquals(signal, "SIGKILL", `${point}: ${machine.log}`);

    assert(await machine.start(), `${point}: ${machine.log}`);
    assert(machine.pid !== pid);
    const first = await machine.ask();
    // It boots what is committed; what is on probation it may take as soon as it serves.
    const allowed = isCommitted
      ? [said(version)]
      : [said(version - 1), said(version)];
    assert(allowed.includes(first), `${point}: it answers ${first}`);
    const settled: HotUpgrade = { ...next, state: "committed" };
    if (!isCommitted) await machine.point(settled, history);
    await soon(machine.answers(said(version)), point, machine);
    await soon(
      machine.said(next.id, "applied", "nothing_to_do"),
      point,
      machine,
    );
    history = [settled, ...history].slice(0, 3);
    // Long enough to count as alive.
    await pause(400);
    const left = await releasesOnDisk(machine.folder);
    assert(
      left.length <= FOLDERS_MAX && !left.some((name) => name.startsWith(".")),
      `${point}: ${left.join(" ")} are left on the disk`,
    );
  }
}

/** What does not come is not waited for until the run is cut off. */
async function soon<T>(
  awaited: Promise<T>,
  point: MachinePoint,
  machine: MachineProcess,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      awaited,
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`${point}: nothing comes: ${machine.log}`)),
          DEADLINE_MS,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Kills at the first request that fits. */
function once(trap: Trap | undefined): Trap {
  let isOver = false;
  return (request) => {
    const kill = isOver ? null : trap?.(request) ?? null;
    isOver ||= kill !== null;
    return kill;
  };
}

async function releasesOnDisk(folder: string): Promise<string[]> {
  const found: string[] = [];
  const path = join(folder, "image", ".flyhot", "releases");
  try {
    for await (const { name } of Deno.readDir(path)) found.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}
