/** Random lives of a fleet: deploys, rollbacks and everything that can go wrong between them, from one seed each.
 * @module
 */
import { BucketError } from "@flyhot/runtime/bucket";
import { bootUpgrades } from "../../runtime/machine/decide_upgrade.ts";
import { FlyhotError } from "../../src/errors.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { generationFor, Promises } from "./promises.ts";
import { Sim, SimProcess } from "./sim.ts";
import type { Nature } from "./machine/transaction.ts";
import type { SimMachine } from "./sim_machine.ts";
import { type Plant, SimWorld, type WorldOptions } from "./sim_world.ts";
import { IMAGE } from "./world/shop.ts";

/** How the commands of many lives ended, and what happened in between. */
export interface FleetTally {
  [what: string]: number;
}

/** What a run of many lives found. */
export interface FleetProof {
  /** How many lives were lived. */
  readonly seeds: number;
  /** What happened in them. */
  readonly tally: Readonly<FleetTally>;
  /** How many steps were looked at. */
  readonly looks: number;
}

const NATURES: readonly Nature[] = [
  "fails",
  "dies on probation",
  "dies at once",
  "dies soon",
  "hangs",
  "dies at start",
];
const SECOND_IMAGE = "registry.fly.io/shop:deployment-2";
const SKEW_MS = 20 * 60_000;
const LOCK_TTL_MS = 60_000;
// Two for each upgrade that names the release, of which a life has five at most: two rounds of two deployers, and what
// settles the last. The others are those that a lost write or a stale read hides, or a crash from outside adds.
const DEATHS_MAX = 16;

/**
 * Lives many lives and holds every promise against each step of each.
 *
 * @param seeds how many
 * @param from the first seed. Default 1
 * @param options a planted bug, and who is told of a broken promise. Default none, and nobody
 * @returns what happened
 * @throws {Error} naming the seed, at the first promise that is broken where nobody is told
 */
export async function proveFleet(
  seeds: number,
  from = 1,
  options: {
    readonly plant?: Plant;
    readonly onBroken?: (error: Error) => void;
  } = {},
): Promise<FleetProof> {
  const tally: FleetTally = {};
  let looks = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      looks += await liveOnce(seed, tally, options.plant);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new Error(`seed ${seed}: ${why}`, { cause });
      if (!options.onBroken) throw error;
      options.onBroken(error);
    }
  }
  return { seeds, tally, looks };
}

/** The conditions that a seed decides. */
function conditionsOf(seed: number, dice: Sim): WorldOptions {
  const isClean = seed % 3 === 0;
  const machines = dice.between(1, 3);
  return {
    seed,
    impatience: isClean ? 0 : [0.005, 0.02][seed % 2]!,
    tempers: Array.from({ length: machines }, () => "applies" as const),
    resting: Array.from(
      { length: dice.chance(0.3) ? dice.between(1, 2) : 0 },
      () => "stopped",
    ),
    skewMs: SKEW_MS,
    ...(isClean ? {} : {
      faults: {
        read: 0.02,
        write: 0.05,
        lateMs: 120_000,
        stale: 0.05,
        doubled: 0.05,
      },
      machineFaults: { read: 0.02, write: 0.03, stale: 0.05 },
      flyFaultRate: 0.05,
    }),
  };
}

async function liveOnce(
  seed: number,
  tally: FleetTally,
  plant: Plant | undefined,
): Promise<number> {
  const dice = new Sim({ seed: seed + 1_000_000 });
  const conditions = conditionsOf(seed, dice);
  const several = seed % 5 === 0;
  const world = new SimWorld({ ...conditions, ...(plant ? { plant } : {}) });
  const promises = new Promises(world, {
    blindMs: conditions.faults ? 150_000 : 1_000,
    deathsMax: DEATHS_MAX,
    several,
  });
  const life = new FleetLife(world, promises, dice, tally, several);
  try {
    await life.live();
    promises.check();
    return promises.looks;
  } finally {
    world.end();
  }
}

class FleetLife {
  readonly #world: SimWorld;
  readonly #promises: Promises;
  readonly #dice: Sim;
  readonly #tally: FleetTally;
  readonly #several: boolean;
  #version = 0;
  #deploys = 0;

  constructor(
    world: SimWorld,
    promises: Promises,
    dice: Sim,
    tally: FleetTally,
    several: boolean,
  ) {
    this.#world = world;
    this.#promises = promises;
    this.#dice = dice;
    this.#tally = tally;
    this.#several = several;
  }

  async live(): Promise<void> {
    const dice = this.#dice;
    const world = this.#world;
    for (let round = 0; round < 2; round++) {
      const deployers = this.#several ? 2 : 1;
      const commands = Array.from(
        { length: deployers },
        () => this.#command(dice.chance(0.85)),
      );
      this.#disturb();
      await world.run(Promise.all(commands), dice.between(0, 20_000));
      this.#promises.check();
      this.#mend();
    }
    await this.#settle();
  }

  /** One deployer's command, whatever becomes of the deployer. */
  async #command(isDeploy: boolean): Promise<void> {
    const dice = this.#dice;
    const world = this.#world;
    const process = new SimProcess(
      `deployer ${++this.#deploys}`,
      dice.between(-SKEW_MS, SKEW_MS),
    );
    const interrupt = new AbortController();
    const killed = this.#fate(process, interrupt);
    if (this.#several) await world.sim.sleep(dice.between(0, 20_000));
    const begun = world.sim.elapsed;
    const work = isDeploy
      ? this.#deploy(process, interrupt.signal)
      : world.rollback({ lockTtlMs: LOCK_TTL_MS }, interrupt.signal, {
        process,
      });
    await this.#judge(Promise.race([work, killed]), begun);
  }

  #deploy(process: SimProcess, signal: AbortSignal): Promise<RolloutReport> {
    const dice = this.#dice;
    const isSame = this.#version > 0 && dice.chance(0.1);
    const version = `1.0.${isSame ? this.#version : ++this.#version}`;
    if (!isSame) {
      const nature = dice.chance(0.65)
        ? "works"
        : NATURES[dice.between(0, NATURES.length - 1)]!;
      this.#world.natures.set(version, nature);
      this.#count(`release ${nature}`);
    }
    return this.#world.deploy(
      version,
      {
        canary: dice.between(0, 2),
        maxConcurrency: dice.between(1, 3),
        lockTtlMs: LOCK_TTL_MS,
      },
      signal,
      {},
      { process },
    );
  }

  async #judge(
    work: Promise<RolloutReport | null>,
    begun: number,
  ): Promise<void> {
    try {
      const report = await work;
      if (report === null) return this.#count("deployer killed");
      this.#count(report.outcome);
      this.#promises.judgeReport(report, begun);
    } catch (error) {
      if (error instanceof BucketError) return this.#count("network");
      if (!(error instanceof FlyhotError)) throw error;
      if (error.code === "unexpected" || error.code === "usage") throw error;
      this.#count(error.code);
    }
  }

  /** Kills a deployer between any two effects, stops it past its lock, or interrupts it. */
  #fate(process: SimProcess, interrupt: AbortController): Promise<null> {
    const dice = this.#dice;
    const { sim } = this.#world;
    const at = dice.between(0, 40_000);
    const fate = dice.between(0, 9);
    if (fate === 0) {
      return sim.sleep(at).then(() => {
        process.kill();
        return null;
      });
    }
    if (fate === 1) {
      this.#count("deployer frozen");
      const forMs = dice.between(1_000, 3 * LOCK_TTL_MS);
      sim.sleep(at).then(async () => {
        process.freeze();
        await sim.sleep(forMs);
        process.thaw();
      });
    }
    if (fate === 2) {
      sim.sleep(at).then(() => interrupt.abort(new Error("interrupted")));
    }
    return new Promise(() => {});
  }

  /** What happens to machines while deployers work. */
  #disturb(): void {
    const dice = this.#dice;
    const { sim, machines } = this.#world;
    for (let count = dice.between(0, 2); count > 0; count--) {
      const machine = machines[dice.between(0, machines.length - 1)]!;
      const what = dice.between(0, 7);
      sim.sleep(dice.between(0, 60_000)).then(async () => {
        this.#count(`event ${what}`);
        switch (what) {
          case 0:
            return machine.crash(dice.between(0, 139));
          case 1:
            return machine.stop();
          case 2: {
            machine.suspend();
            await sim.sleep(dice.between(1_000, 60_000));
            return machine.state === "suspended" ? machine.start() : undefined;
          }
          case 3:
            return machine.state === "started" ? machine.restart() : undefined;
          case 4:
            return machine.destroy();
          case 5:
            return this.#world.scaleUp(machine.imageRef);
          case 6:
            if (!dice.chance(0.3)) return;
            return await this.#coldDeploy();
          default:
            return machine.start();
        }
      });
    }
  }

  /** Another image, machine after machine. */
  async #coldDeploy(): Promise<void> {
    this.#count("cold deploy");
    for (const machine of this.#world.machines) {
      if (machine.state !== null) machine.deploy(SECOND_IMAGE);
      await this.#world.sim.sleep(this.#dice.between(0, 5_000));
    }
  }

  /** What a person does between two commands. */
  #mend(): void {
    const { machines } = this.#world;
    for (const machine of machines) {
      if (machine.state === "stopped" && this.#dice.chance(0.5)) {
        machine.start();
      }
      if (machine.state === "started" && !machine.serve()) machine.restart();
    }
    if (machines.every(({ state }) => state === null)) {
      this.#world.scaleUp(IMAGE);
    }
  }

  /** Whatever was left half way is settled by one command; then every machine comes to run what it should. */
  async #settle(): Promise<void> {
    const world = this.#world;
    this.#mend();
    const isOpen = () =>
      Object.values(world.bucket.pointers.at(-1)?.generations ?? {})
        .some(({ hot_upgrade }) => hot_upgrade?.state === "probation");
    if (isOpen()) {
      this.#count("abandoned");
      const begun = world.sim.elapsed;
      await world.run(this.#judge(
        world.rollback({ force: true, lockTtlMs: LOCK_TTL_MS }),
        begun,
      ));
    }
    if (await world.rest(60_000)) this.#count("backs off");
    this.#promises.judgeEnd();
    this.#promises.judgeRest((machine) => this.#wantedOf(machine));
  }

  /** What a machine should run; undefined where it has reason to run something else. */
  #wantedOf(machine: SimMachine): string | null | undefined {
    const pointer = this.#world.bucket.pointers.at(-1);
    const generation = generationFor(pointer, machine.imageRef);
    if (generation?.hot_upgrade?.state === "probation") return undefined;
    const wanted = bootUpgrades(generation)[0] ?? null;
    const nature = this.#world.natures.get(wanted?.version ?? "") ?? "works";
    return nature === "works" ? wanted?.sha256 ?? null : undefined;
  }

  #count(what: string): void {
    this.#tally[what] = (this.#tally[what] ?? 0) + 1;
  }
}
