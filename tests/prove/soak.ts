/** One process that is upgraded again and again while clients never stop asking: what it holds on to.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { HotUpgrade } from "../../runtime/protocol/mod.ts";
import { MachineProcess } from "../support/programs/machine_process.ts";

/** What a process has open and has left, at one moment. */
export interface Held {
  /** Upgrades so far. */
  readonly upgrades: number;
  /** Open file descriptors. */
  readonly descriptors: number;
  /** Threads. */
  readonly threads: number;
  /** Release folders, and what else is beside them. */
  readonly folders: number;
  /** Files and folders of its own in the folder for temporary files. */
  readonly temporary: number;
  /** Memory, in MB. */
  readonly megabytes: number;
}

/** What a soak has found. */
export interface SoakFigures {
  /** After the first upgrades, and at the end. */
  readonly held: readonly [Held, Held];
  /** Requests that were answered while upgrades came. */
  readonly answered: number;
  /** From start to end, in seconds. */
  readonly seconds: number;
}

/** Caches and pools are full by then. */
const WARM = 8;
/** Connections and timers come and go. */
const SLACK = 4;
const CLIENTS = 2;
const LOOKS = 10;

const app = (version: number) => `
import { holder, service } from "@flyhot/runtime";
import { helper } from "./helper.ts";
export const count = holder("count", {
  state: () => ({ count: 0 }),
  actions: { add: (state) => ++state.count },
});
service("clock", {
  start: ({ signal }) => {
    const timer = setInterval(() => {}, 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
  },
});
const data = await Deno.readTextFile(new URL("./data.txt", import.meta.url));
export const handle = async (request: Request): Promise<Response> => {
  if (new URL(request.url).pathname === "/add") return new Response(String(await count.add()));
  return new Response(["v${version}", helper(), data].join(" "));
};
`;
const files = (version: number) => ({
  "helper.ts": `export const helper = () => "h${version}";`,
  "data.txt": `d${version}`,
});

/**
 * Upgrades a process, and holds that no request fails, no count is lost, and that descriptors, threads, release folders
 * and temporary files do not become more.
 *
 * @param upgrades how many times
 * @param onLook told from time to time what is held
 * @returns the figures
 * @throws {AssertionError} if something grows, fails or is lost
 */
export async function soak(
  upgrades: number,
  onLook: (held: Held) => void = () => {},
): Promise<SoakFigures> {
  const from = performance.now();
  await using machine = await MachineProcess.make(
    app(0),
    { FLYHOT_POLL_MS: "25", FLYHOT_PROBATION_MS: "10" },
    "",
    files(0),
  );
  assert(await machine.start(), machine.log);
  const pid = machine.pid;
  const load = keepAsking(machine);
  let added = 0;
  let history: HotUpgrade[] = [];
  let warm: Held | null = null;
  try {
    for (let version = 1; version <= upgrades; version++) {
      const next = await machine.release(
        `r${version}`,
        app(version),
        {},
        files(version),
      );
      await machine.point(next, history);
      history = [next, ...history].slice(0, 3);
      await machine.answers(`v${version} h${version} d${version}`);
      const { failure } = await machine.said(next.id, "applied", "failed");
      assertEquals(failure, null, `upgrade ${version}`);
      await machine.forget(next.id);
      assertEquals(await machine.ask("/add"), `${++added}`);
      if (version === WARM) warm = await heldBy(machine, version);
      if (version % Math.ceil(upgrades / LOOKS) === 0) {
        onLook(await heldBy(machine, version));
      }
    }
  } finally {
    await load.stop();
  }
  assertEquals(load.failed, []);
  assertEquals(machine.pid, pid);
  const last = await heldBy(machine, upgrades);
  assert(warm, `more than ${WARM} upgrades are needed`);
  for (
    const what of ["descriptors", "threads", "folders", "temporary"] as const
  ) {
    assert(
      last[what] <= warm[what] + SLACK,
      `${what} went from ${warm[what]} to ${
        last[what]
      } in ${upgrades} upgrades`,
    );
  }
  return {
    held: [warm, last],
    answered: load.answered,
    seconds: Math.round((performance.now() - from) / 1000),
  };
}

function keepAsking(machine: MachineProcess) {
  const load = {
    failed: [] as string[],
    answered: 0,
    isOver: false,
    stop: async () => {
      load.isOver = true;
      await Promise.all(clients);
    },
  };
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!load.isOver) {
      try {
        const said = await machine.ask();
        const [version, helper, data] = said.split(" ").map((it) =>
          it.slice(1)
        );
        if (version === helper && helper === data) load.answered++;
        else load.failed.push(said);
      } catch (error) {
        load.failed.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  return load;
}

async function heldBy(
  machine: MachineProcess,
  upgrades: number,
): Promise<Held> {
  const count = async (folder: string): Promise<number> => {
    try {
      return (await Array.fromAsync(Deno.readDir(folder))).length;
    } catch {
      return 0;
    }
  };
  const proc = `/proc/${machine.pid}`;
  const status = await Deno.readTextFile(`${proc}/status`);
  const kilobytes = Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]);
  // What the machine makes; the rest there is the test's own.
  const temporary = (await Array.fromAsync(Deno.readDir(machine.folder)))
    .filter(({ name }) => name.startsWith("flyhot")).length;
  return {
    upgrades,
    descriptors: await count(`${proc}/fd`),
    threads: await count(`${proc}/task`),
    folders: await count(join(machine.folder, "image", ".flyhot", "releases")),
    temporary,
    megabytes: Math.round(kilobytes / 1024),
  };
}
