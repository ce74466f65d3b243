/** A simulated app on Fly: its bucket, its machines, and deployers.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import type { Pointer } from "@flyhot/runtime/protocol";
import { pollDelay } from "../../runtime/machine/watcher.ts";
import type { WantedRelease } from "../../runtime/release/wanted.ts";
import type { Fleet } from "../../src/fly/fleet/fleet.ts";
import { MachinesApi } from "../../src/fly/machines_api.ts";
import { MachinesFleet } from "../../src/fly/fleet/machines_fleet.ts";
import { parseFlyToken } from "../../src/fly/token.ts";
import type { RolloutDeps } from "../../src/rollout/deps.ts";
import {
  orchestrate,
  type OrchestrateOptions,
} from "../../src/rollout/orchestrate.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { rollback, type RollbackRequest } from "../../src/rollout/rollback.ts";
import type { ReportEvent } from "../../src/ui/reporter.ts";
import { type FaultRates, FaultyBucket } from "./faulty_bucket.ts";
import { POLL_MS } from "./machine/runtime.ts";
import type { Nature, Temper } from "./machine/transaction.ts";
import { Sim, SimProcess } from "./sim.ts";
import { type FlyCall, SimFly, TOKEN } from "./sim_fly.ts";
import { useSimClock } from "./sim_globals.ts";
import { SimHost } from "./sim_host.ts";
import { SimMachine } from "./sim_machine.ts";
import { APP, appFiles, baseManifest, denoInfo, IMAGE } from "./world/shop.ts";
import { SECRET, WatchedBucket } from "./world/watched_bucket.ts";

// From the look until what it found is in.
const TAKE_MS = 15_000;

/** What a world begins with. */
export interface WorldOptions {
  readonly seed: number;
  readonly impatience?: number;
  /** One machine for each. */
  readonly tempers: readonly Temper[];
  /** States of further machines, for example `stopped`. */
  readonly resting?: readonly string[];
  /** How bad the deployers' network is. */
  readonly faults?: FaultRates;
  /** How bad the machines' network is. */
  readonly machineFaults?: FaultRates;
  /** How often the Machines API fails, 0 to 1. Default as often as the deployers' reads. */
  readonly flyFaultRate?: number;
  /** How far the machines' clocks may be off, in milliseconds. Default 0. */
  readonly skewMs?: number;
  /** Replaces real behavior by a planted bug. */
  readonly plant?: Plant;
}

/** Where a bug can be planted: each wraps what is real. */
export interface Plant {
  /** How deployers reach the bucket. */
  readonly deployerBucket?: (bucket: Bucket) => Bucket;
  /** How machines reach it. */
  readonly machineBucket?: (bucket: Bucket, machineId: string) => Bucket;
  /** How deployers reach the machines. */
  readonly fleet?: (fleet: Fleet, world: SimWorld) => Fleet;
  /** What a deployer makes of its report. */
  readonly report?: (report: RolloutReport) => RolloutReport;
  /** What a deployer tells. */
  readonly event?: (event: ReportEvent) => ReportEvent;
}

/** Who deploys, for a world with several. */
export interface Deployer {
  /** Runs it; is killed and frozen through this. */
  readonly process?: SimProcess;
}

/** One simulated app. */
export class SimWorld {
  readonly sim: Sim;
  readonly bucket: WatchedBucket;
  readonly machines: SimMachine[];
  readonly events: ReportEvent[] = [];
  /** Called for every event. */
  onEvent: (event: ReportEvent) => void = () => {};
  readonly #options: WorldOptions;
  /** What every version does; others work. */
  readonly natures = new Map<string, Nature>();
  /** Calls of the Machines API that changed a machine. */
  readonly calls: FlyCall[] = [];
  /** Called for every request of a deployer to the Machines API. */
  onRequest: (request: Request) => void = () => {};
  /** Called before a machine takes a release. */
  onTake: (
    machine: SimMachine,
    wanted: WantedRelease,
    atBoot: boolean,
  ) => void = () => {};
  /** Called when a release is in. */
  onTaken: (machine: SimMachine, wanted: WantedRelease) => void = () => {};
  /** Called when a process has started. */
  onStarted: (machine: SimMachine) => void = () => {};
  /** Called when the pointer has moved. */
  onPointer: (pointer: Pointer, before: Pointer | undefined) => void = () => {};
  readonly #clock: Disposable;
  readonly #make: (temper: Temper, index: number, state?: string) => SimMachine;
  readonly #lines: FaultyBucket[] = [];
  #deployers = 0;

  constructor(options: WorldOptions) {
    const { seed, impatience = 0, tempers, resting = [] } = options;
    this.#options = options;
    const sim = this.sim = new Sim({ seed, impatience, slowestMs: 5_000 });
    this.bucket = new WatchedBucket(undefined, () => sim.now);
    this.#clock = useSimClock(sim);
    const { skewMs = 0, plant = {} } = options;
    const machine = (temper: Temper, index: number, state?: string) => {
      const bucket = new FaultyBucket(sim, this.bucket, options.machineFaults);
      this.#lines.push(bucket);
      return new SimMachine(sim, {
        natureOf: (version) => this.natures.get(version) ?? "works",
        onTake: (...taken) => this.onTake(...taken),
        onTaken: (machine, wanted) => this.onTaken(machine, wanted),
        onStarted: (machine) => this.onStarted(machine),
        skewMs: skewMs === 0 ? 0 : sim.between(-skewMs, skewMs),
        id: `m${index}`,
        app: APP,
        imageRef: IMAGE,
        base: baseManifest(),
        temper,
        bucket: plant.machineBucket?.(bucket, `m${index}`) ?? bucket,
        ...(state === undefined ? {} : { state }),
      });
    };
    this.#make = machine;
    this.bucket.onPointer = (pointer, before) =>
      this.onPointer(pointer, before);
    this.machines = [
      ...tempers.map((temper, index) => machine(temper, index)),
      ...resting.map((state, index) =>
        machine("applies", tempers.length + index, state)
      ),
    ];
    for (const each of this.machines) each.begin();
  }

  /** The pointer's entry of the one base image, as it is now. */
  get generation() {
    return this.bucket.pointers.at(-1)?.generations[IMAGE] ?? null;
  }

  /** Adds a machine, as scaling does. */
  scaleUp(imageRef: string): void {
    const machine = this.#make("applies", this.machines.length);
    machine.imageRef = imageRef;
    machine.disturbedAt = this.sim.elapsed;
    this.machines.push(machine);
    machine.begin();
  }

  /** Deploys a version; `text` is what its one hot module holds. */
  deploy(
    text: string,
    options: Partial<OrchestrateOptions> = {},
    signal?: AbortSignal,
    files: Readonly<Record<string, string>> = {},
    deployer: Deployer = {},
  ): Promise<RolloutReport> {
    const process = this.#processOf(deployer);
    const host = this.#host(process);
    host.files.put("/app", { ...appFiles(text), ...files });
    return this.#run(process, () =>
      orchestrate(
        {
          app: APP,
          root: "/app",
          deployedBy: "ann",
          canary: 1,
          maxConcurrency: 2,
          timeoutMs: 30_000,
          lockTtlMs: 60_000,
          force: false,
          dryRun: false,
          gitIgnored: false,
          ...options,
        },
        this.#deps(host),
        signal,
      ));
  }

  /** Goes back as a person would. */
  rollback(
    options: Partial<RollbackRequest> = {},
    signal?: AbortSignal,
    deployer: Deployer = {},
  ): Promise<RolloutReport> {
    const process = this.#processOf(deployer);
    return this.#run(process, () =>
      rollback(
        {
          app: APP,
          deployedBy: "bob",
          timeoutMs: 30_000,
          lockTtlMs: 60_000,
          force: false,
          ...options,
        },
        this.#deps(this.#host(process)),
        signal,
      ));
  }

  #processOf({ process }: Deployer): SimProcess {
    return process ?? new SimProcess(`deployer ${++this.#deployers}`);
  }

  #host(process: SimProcess): SimHost {
    const { faults = {}, flyFaultRate = faults.read ?? 0 } = this.#options;
    const fly = new SimFly(this.sim, () => this.machines, {
      rate: flyFaultRate,
    });
    fly.onCall = (call) => void this.calls.push(call);
    fly.onRequest = (request) => this.onRequest(request);
    return new SimHost(this.sim, {
      skewMs: process.skewMs,
      run: (_, args) => denoInfo(args.at(-1) ?? ""),
      fetch: (request) => fly.fetch(request),
    });
  }

  async #run(
    process: SimProcess,
    work: () => Promise<RolloutReport>,
  ): Promise<RolloutReport> {
    const report = await process.run(work);
    return this.#options.plant?.report?.(report) ?? report;
  }

  #deps(host: SimHost): RolloutDeps {
    const { faults = {}, plant = {} } = this.#options;
    const bucket = new FaultyBucket(this.sim, this.bucket, faults);
    const fleet = new MachinesFleet(
      new MachinesApi({
        host,
        app: APP,
        token: parseFlyToken(TOKEN, "environment FLY_API_TOKEN"),
      }),
    );
    return {
      host,
      bucket: plant.deployerBucket?.(bucket) ?? bucket,
      fleet: plant.fleet?.(fleet, this) ?? fleet,
      reporter: {
        emit: (told) => {
          const event = plant.event?.(told) ?? told;
          if (JSON.stringify(event).includes(SECRET)) {
            this.bucket.broken.push(`the token was told: ${event.type}`);
          }
          this.events.push(event);
          this.onEvent(event);
        },
      },
    };
  }

  /** Runs the world until a promise is settled, and some time more. */
  async run<T>(main: Promise<T>, moreMs = 0): Promise<T> {
    // In small steps: one long sleep may end before a network that is slow by chance.
    const more = async () => {
      for (let left = moreMs; left > 0; left -= 1_000) {
        await this.sim.sleep(Math.min(left, 1_000));
      }
    };
    return await this.sim.run(main.finally(more));
  }

  /**
   * Leaves the machines alone, on the network that they have, until each could look at the pointer.
   *
   * @param ms for how long
   * @returns whether one needed longer than that
   */
  async rest(ms: number): Promise<boolean> {
    await this.run(Promise.resolve(), ms);
    if (!this.machines.some(({ backsOff }) => backsOff)) return false;
    // Three failed looks in a row put the next one off by eight intervals, as they should: a machine is late only where
    // its line is good, and the longest back-off is over.
    for (const line of this.#lines) line.mend();
    const longest = pollDelay(POLL_MS, Infinity, 1);
    await this.run(Promise.resolve(), longest + TAKE_MS);
    return true;
  }

  /** Ends all lives. */
  end(): void {
    for (const machine of this.machines) machine.destroy();
    this.#clock[Symbol.dispose]();
  }
}
