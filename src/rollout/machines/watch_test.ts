import { assert, assertEquals, assertRejects } from "@std/assert";
import { appMachine } from "../../../tests/cli/app_machine.ts";
import { BucketError, MemoryBucket, putJson } from "@flyhot/runtime/bucket";
import {
  type MachineResult,
  PROTOCOL_VERSION,
  resultKey,
} from "@flyhot/runtime/protocol";
import { Sim } from "../../../tests/sim/sim.ts";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import { FlyhotError } from "../../errors.ts";
import type { Fleet } from "../../fly/fleet/fleet.ts";
import type { ReportEvent } from "../../ui/reporter.ts";
import { type MachineState, queued } from "./verdict.ts";
import { watchMachines, type WatchOptions } from "./watch.ts";

const APP = "shop";
const UPGRADE = "01A";

const machine = (id: string, state = "started") => appMachine(id, { state });

class Setting {
  readonly sim = new Sim({ seed: 1, impatience: 0 });
  readonly bucket = new MemoryBucket();
  readonly events: ReportEvent[] = [];
  readonly changes: string[] = [];
  readonly nudged: string[] = [];
  machines = ["m1", "m2"].map((id) => machine(id));
  lists = 0;
  reads = 0;
  readonly fleet: Fleet = {
    list: async (signal) => {
      this.lists++;
      await this.sim.turn(signal);
      return this.machines;
    },
    nudge: async (id, signal) => {
      await this.sim.turn(signal);
      this.nudged.push(id);
    },
    info: () => Promise.reject(new Error("not asked")),
    start: () => Promise.reject(new Error("not asked")),
    stop: () => Promise.reject(new Error("not asked")),
    manifest: () => Promise.reject(new Error("not asked")),
  };

  constructor() {
    const get = this.bucket.get.bind(this.bucket);
    this.bucket.get = async (...args) => {
      this.reads++;
      await this.sim.turn(args[1]?.signal);
      return await get(...args);
    };
  }

  async say(machineId: string, state: MachineResult["state"]): Promise<void> {
    const result: MachineResult = {
      protocol: PROTOCOL_VERSION,
      upgrade_id: UPGRADE,
      machine_id: machineId,
      region: "fra",
      image_ref: "img:1",
      state,
      version: "1",
      started_at: "2026-01-02T03:04:05.000Z",
      ended_at: null,
      fingerprint: "abc",
      reloaded: [],
      modules: 1,
      holders: [],
      suspend_ms: null,
      total_ms: 0,
      at_boot: false,
      failure: null,
    };
    await putJson(
      this.bucket,
      resultKey(APP, UPGRADE, machineId),
      result,
      "always",
    );
  }

  sayAt(ms: number, machineId: string, state: MachineResult["state"]): void {
    this.sim.sleep(ms).then(() => this.say(machineId, state));
  }

  async watch(
    options: Partial<WatchOptions> = {},
    signal = new AbortController().signal,
  ): Promise<string[]> {
    const states = await this.sim.run(watchMachines(
      this.machines.map(queued),
      {
        app: APP,
        upgradeId: UPGRADE,
        timeoutMs: 20_000,
        onChange: ({ machine, standing }: MachineState) =>
          void this.changes.push(`${machine.id} ${standing}`),
        ...options,
      },
      {
        host: new SimHost(this.sim),
        bucket: this.bucket,
        fleet: this.fleet,
        reporter: { emit: (event) => void this.events.push(event) },
      },
      signal,
    ));
    return states.map(({ machine, standing }) => `${machine.id} ${standing}`);
  }
}

Deno.test("watchMachines() nudges all, and ends as soon as all have ended well", async () => {
  const all = new Setting();
  all.sayAt(1_000, "m1", "pending");
  all.sayAt(2_000, "m1", "applied");
  all.sayAt(5_000, "m2", "nothing_to_do");
  assertEquals(await all.watch(), ["m1 applied", "m2 nothing_to_do"]);
  assertEquals(all.nudged.sort(), ["m1", "m2"]);
  assertEquals(all.changes.filter((change) => change.startsWith("m1")), [
    "m1 nudged",
    "m1 pending",
    "m1 applied",
  ]);
  assert(
    all.sim.elapsed >= 5_000 && all.sim.elapsed <= 6_000,
    `${all.sim.elapsed}`,
  );
});

Deno.test("watchMachines() looks soon at a machine that was told to look, and ends with its word", async () => {
  const all = new Setting();
  const nudge = all.fleet.nudge.bind(all.fleet);
  // The answer comes while all are waited for, in the middle of a long pause.
  const slow: Fleet["nudge"] = async (id, signal) => {
    await all.sim.sleep(3_000, signal);
    await nudge(id, signal);
  };
  all.fleet.nudge = slow;
  all.sayAt(3_050, "m1", "applied");
  all.sayAt(3_050, "m2", "applied");
  assertEquals(await all.watch(), ["m1 applied", "m2 applied"]);
  assert(all.sim.elapsed < 3_100, `${all.sim.elapsed}`);
});

Deno.test("watchMachines() asks less and less often, and lists at most every few seconds", async () => {
  const all = new Setting();
  assertEquals(await all.watch({ timeoutMs: 60_000 }), [
    "m1 silent",
    "m2 silent",
  ]);
  assertEquals(all.sim.elapsed, 60_000);
  // 200, 300, 450, 675 ms and then a second each.
  assert(all.reads >= 2 * 60 && all.reads <= 2 * 66, `${all.reads}`);
  assert(all.lists >= 15 && all.lists <= 20, `${all.lists}`);
});

Deno.test("watchMachines() ends a moment after the first bad end, unless it is to see all of them", async () => {
  for (const toTheEnd of [false, true]) {
    const all = new Setting();
    all.sayAt(1_000, "m1", "failed");
    all.sayAt(9_000, "m2", "applied");
    const ends = await all.watch({ toTheEnd });
    assertEquals(ends, ["m1 failed", toTheEnd ? "m2 applied" : "m2 nudged"]);
    assert(toTheEnd ? all.sim.elapsed >= 9_000 : all.sim.elapsed < 6_000);
  }
});

Deno.test("watchMachines() sees that a release is bad everywhere, not only on the first machine", async () => {
  const all = new Setting();
  all.sayAt(1_000, "m1", "failed");
  all.sayAt(2_500, "m2", "failed");
  assertEquals(await all.watch(), ["m1 failed", "m2 failed"]);
  assert(all.sim.elapsed < 4_000, `${all.sim.elapsed}`);
});

Deno.test("watchMachines() gives up at its deadline, even while a request hangs", async () => {
  const all = new Setting();
  all.bucket.get = (_, options) =>
    all.sim.sleep(1e9, options?.signal).then(() => ({ status: "missing" }));
  assertEquals(await all.watch(), ["m1 silent", "m2 silent"]);
  assertEquals(all.sim.elapsed, 20_000);
});

Deno.test("watchMachines() takes a nudge that fails or hangs for no more than a note", async () => {
  const all = new Setting();
  all.fleet.nudge = (id, signal) =>
    id === "m1"
      ? Promise.reject(new FlyhotError("network", "Cannot reach machine m1"))
      : all.sim.sleep(1e9, signal);
  all.sayAt(3_000, "m1", "applied");
  all.sayAt(4_000, "m2", "applied");
  assertEquals(await all.watch(), ["m1 applied", "m2 applied"]);
  assertEquals(all.events, [{
    type: "note",
    text: "Cannot reach machine m1; it looks at the pointer by itself",
  }]);
});

Deno.test("watchMachines() notices machines that vanish or stop, and lives with a list that fails", async () => {
  const all = new Setting();
  all.sim.sleep(1_000).then(() => all.machines = [machine("m2", "stopped")]);
  assertEquals(await all.watch(), ["m1 gone", "m2 applies_at_next_start"]);
  assert(all.sim.elapsed < 6_000);
  const bad = new Setting();
  bad.fleet.list = () =>
    Promise.reject(new FlyhotError("network", "Cannot list"));
  bad.sayAt(7_000, "m1", "applied");
  bad.sayAt(7_000, "m2", "applied");
  assertEquals(await bad.watch(), ["m1 applied", "m2 applied"]);
  assertEquals(bad.events[0], { type: "note", text: "Cannot list" });
});

Deno.test("watchMachines() passes over what it cannot read or reach for a while", async () => {
  const all = new Setting();
  const get = all.bucket.get;
  let failures = 0;
  all.bucket.get = (...args) =>
    ++failures % 3 === 0
      ? get(...args)
      : Promise.reject(new BucketError("network", "Cannot read: cut"));
  const encoder = new TextEncoder();
  await all.bucket.put(
    resultKey(APP, UPGRADE, "m1"),
    encoder.encode("{"),
    "always",
  );
  await all.bucket.put(
    resultKey(APP, UPGRADE, "m2"),
    encoder.encode(`{"protocol":9}`),
    "always",
  );
  all.sayAt(5_000, "m1", "applied");
  all.sayAt(5_000, "m2", "applied");
  assertEquals(await all.watch(), ["m1 applied", "m2 applied"]);
  const notes = all.events.map((event) =>
    event.type === "note" ? event.text : ""
  );
  assertEquals(notes.length, 2, `${notes}`);
  assert(notes.some((text) => text.includes("it is not JSON")), `${notes}`);
  assert(
    notes.some((text) => text.includes("Cannot read result.protocol")),
    `${notes}`,
  );
});

Deno.test("watchMachines() ends with what no waiting can cure, or when it is told to", async () => {
  const all = new Setting();
  all.bucket.get = () =>
    Promise.reject(new BucketError("credentials", "Cannot read: 403"));
  await assertRejects(() => all.watch(), BucketError, "Cannot read: 403");
  const told = new Setting();
  const controller = new AbortController();
  told.sim.sleep(2_500).then(() => controller.abort(new Error("enough")));
  await assertRejects(() => told.watch({}, controller.signal), Error, "enough");
  assertEquals(told.sim.elapsed, 2_500);
});

Deno.test("watchMachines() is done at once where there is nobody to wait for", async () => {
  const all = new Setting();
  all.machines = [];
  assertEquals(await all.watch(), []);
  assertEquals([all.sim.elapsed, all.reads], [0, 0]);
});
