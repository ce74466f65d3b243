/** What must hold at every step of a simulated fleet's life, whatever goes wrong.
 * @module
 */
import {
  generationOf,
  type HotUpgrade,
  type Pointer,
  sameImage,
} from "@flyhot/runtime/protocol";
import type { WantedRelease } from "../../runtime/release/wanted.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import type { SimProcess } from "./sim.ts";
import type { FlyCall } from "./sim_fly.ts";
import type { SimMachine } from "./sim_machine.ts";
import type { SimWorld } from "./sim_world.ts";

/** A promise that was broken. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
  /** Its number in the list of promises. */
  readonly promise: number;

  constructor(promise: number, message: string) {
    super(`promise ${promise}: ${message}`);
    this.promise = promise;
  }
}

/** One process that took one upgrade. */
interface Taken {
  readonly machine: SimMachine;
  readonly process: SimProcess;
  readonly at: number;
}

/** How far the world's network may put off what a deployer sees, in milliseconds. */
export interface PromiseOptions {
  /** How late a commit may come after the last look at the machines. */
  readonly blindMs: number;
  /** How often a release may end the process of one machine. */
  readonly deathsMax: number;
  /** Whether several deployers work at the same time. */
  readonly several: boolean;
}

const PROBATION_MS = 5_000;
const REST_MS = 30_000;

/** Watches a world. */
export class Promises {
  /** The first promise that was broken, or null. */
  broken: BrokenPromise | null = null;
  /** How many looks were taken. */
  looks = 0;
  readonly #world: SimWorld;
  readonly #options: PromiseOptions;
  readonly #taken = new Map<string, Taken[]>();
  readonly #revisions = new WeakMap<SimProcess, number>();
  #calls = 0;

  constructor(world: SimWorld, options: PromiseOptions) {
    this.#world = world;
    this.#options = options;
    world.onTake = (...taken) => this.#onTake(...taken);
    world.onTaken = (machine, wanted) => this.#onTaken(machine, wanted);
    world.onPointer = (pointer, before) => this.#onPointer(pointer, before);
    world.sim.onStep = () => this.#look();
  }

  /** Throws the first promise that was broken. */
  check(): void {
    if (this.broken) throw this.broken;
    const [first] = this.#world.bucket.broken;
    if (first === undefined) return;
    throw new BrokenPromise(first.includes("token") ? 10 : 7, first);
  }

  #break(promise: number, message: string): void {
    this.broken ??= new BrokenPromise(promise, message);
  }

  #look(): void {
    this.looks++;
    const { calls, machines } = this.#world;
    for (; this.#calls < calls.length; this.#calls++) {
      this.#onCall(calls[this.#calls]!, calls.slice(0, this.#calls));
    }
    for (const machine of machines) this.#countDeaths(machine);
  }

  #countDeaths({ id, deaths }: SimMachine): void {
    for (const [sha256, count] of deaths) {
      if (sha256 === "base" || count <= this.#options.deathsMax) continue;
      this.#break(11, `${id} died ${count} times of ${sha256.slice(0, 12)}`);
    }
  }

  /** Nobody's requests may fail because of a rollout: it stops only what it has started itself. */
  #onCall({ machineId, action }: FlyCall, earlier: readonly FlyCall[]): void {
    if (action === "start") return;
    const started = earlier.some((call) =>
      call.machineId === machineId && call.action === "start"
    );
    if (action !== "stop" || !started) {
      this.#break(1, `a deployer asked for the ${action} of ${machineId}`);
    }
  }

  #onTake(machine: SimMachine, wanted: WantedRelease, atBoot: boolean): void {
    const { process } = machine;
    if (!process) return;
    const last = this.#revisions.get(process) ?? 0;
    let allowed: number | null = null;
    let isForeign = false;
    for (const pointer of this.#world.bucket.pointers) {
      for (const generation of Object.values(pointer.generations)) {
        const all = [generation.hot_upgrade, ...generation.history];
        const upgrade = all.find((each) => each?.id === wanted.id);
        if (!upgrade) continue;
        if (!sameImage(generation.image_ref, machine.imageRef)) {
          isForeign = true;
        } else if (
          atBoot
            ? upgrade.state === "committed"
            : upgrade === generation.hot_upgrade && mayTake(upgrade, machine)
        ) allowed = pointer.revision;
      }
    }
    const what = `${machine.id} takes ${wanted.version} (${wanted.id})`;
    if (allowed === null) {
      this.#break(
        isForeign ? 5 : atBoot ? 4 : 3,
        isForeign
          ? `${what}, which is of another base image`
          : `${what}, which it was never to take ${
            atBoot ? "at a start" : "in its wave"
          }`,
      );
    } else if (!atBoot && allowed < last) {
      this.#break(5, `${what} of revision ${allowed}, after revision ${last}`);
    } else if (!atBoot) {
      const first = this.#firstRevision(wanted.id);
      this.#revisions.set(process, Math.max(last, first));
    }
  }

  #firstRevision(id: string): number {
    return this.#world.bucket.pointers.find((pointer) =>
      Object.values(pointer.generations).some(({ hot_upgrade }) =>
        hot_upgrade?.id === id
      )
    )?.revision ?? 0;
  }

  #onTaken(machine: SimMachine, { id }: WantedRelease): void {
    const { process } = machine;
    if (!process) return;
    const at = this.#world.sim.elapsed;
    const all = this.#taken.get(id) ?? [];
    this.#taken.set(id, [...all, { machine, process, at }]);
  }

  /** "Committed" is written once machines have lived through it, and none has died of it. */
  #onPointer(pointer: Pointer, before: Pointer | undefined): void {
    for (const [key, { hot_upgrade }] of Object.entries(pointer.generations)) {
      if (hot_upgrade?.state !== "committed" || hot_upgrade.rollback_of) {
        continue;
      }
      const was = before?.generations[key]?.hot_upgrade;
      if (was?.id !== hot_upgrade.id || was.state === "committed") continue;
      this.#judgeCommit(hot_upgrade);
    }
  }

  #judgeCommit({ id, version }: HotUpgrade): void {
    const now = this.#world.sim.elapsed;
    const takes = this.#taken.get(id) ?? [];
    for (const { machine, process } of takes) {
      const diedAt = machine.diedAt.get(process);
      if (diedAt !== undefined && now - diedAt > this.#options.blindMs) {
        this.#break(
          8,
          `${version} is committed ${
            Math.round(now - diedAt)
          } ms after ${process.name} died of it`,
        );
      }
    }
    const lived = takes.some(({ machine, process, at }) =>
      (machine.diedAt.get(process) ?? now) - at >= PROBATION_MS
    );
    if (takes.length > 0 && !lived) {
      this.#break(
        8,
        `${version} is committed, and no process lived through it`,
      );
    }
  }

  /**
   * Holds a report against the world at the moment it is given.
   *
   * @param report the report
   * @param begun when its command began, in milliseconds since the world began
   */
  judgeReport(report: RolloutReport, begun: number): void {
    const { outcome, upgrade_id, version } = report;
    const { bucket, machines, sim } = this.#world;
    const said = `${version} ended ${outcome}`;
    const named = (test: (upgrade: HotUpgrade) => boolean) =>
      bucket.pointers.some(({ generations }) =>
        Object.values(generations).some(({ hot_upgrade, history }) =>
          [hot_upgrade, ...history].some((it) => it !== null && test(it))
        )
      );
    if (
      outcome === "committed" &&
      !named(({ id, state }) => id === upgrade_id && state === "committed")
    ) this.#break(8, `${said}, and the pointer never said so`);
    if (
      outcome === "rolled_back" &&
      !named(({ rollback_of }) => rollback_of === upgrade_id)
    ) this.#break(8, `${said}, and the pointer was never moved back`);
    if (this.#options.several) return;
    for (const { id, standing, failure } of report.machines) {
      const machine = machines.find((each) => each.id === id);
      const isQuiet = machine !== undefined && machine.state === "started" &&
        machine.disturbedAt < begun;
      if (!isQuiet) continue;
      if (
        outcome === "committed" &&
        (standing === "applied" || standing === "nothing_to_do") &&
        machine.sha256 !== report.sha256
      ) this.#break(8, `${said}, and ${id} (${standing}) runs something else`);
      if (outcome === "committed" && standing === "failed") {
        this.#break(8, `${said}, and ${id} failed: ${failure?.message}`);
      }
      if (outcome === "nothing_to_do" && machine.process?.isDead) {
        this.#break(8, `${said}, and ${id} does not run`);
      }
    }
    void sim;
  }

  /** Two deployers never worked at once: an upgrade that was replaced never comes back. */
  judgeEnd(): void {
    const byImage = new Map<string, string[]>();
    for (const pointer of this.#world.bucket.pointers) {
      for (
        const [key, { hot_upgrade }] of Object.entries(pointer.generations)
      ) {
        const ids = byImage.get(key) ?? [];
        if (hot_upgrade && ids.at(-1) !== hot_upgrade.id) {
          byImage.set(key, [...ids, hot_upgrade.id]);
        }
      }
    }
    for (const [key, ids] of byImage) {
      if (new Set(ids).size !== ids.length) {
        this.#break(6, `an upgrade of ${key} came back after it was replaced`);
      }
    }
    const leases = this.#world.bucket.leases;
    for (const [index, { owner }] of leases.entries()) {
      const isBack = leases.slice(0, index).some((it) => it.owner === owner) &&
        leases[index - 1]?.owner !== owner;
      if (isBack) this.#break(6, `${owner} held the lock again after another`);
    }
  }

  /**
   * Left alone, every machine runs what a machine that starts now would run.
   *
   * @param wantedOf what that is for a base image; undefined where it cannot be told
   */
  judgeRest(
    wantedOf: (machine: SimMachine) => string | null | undefined,
  ): void {
    for (const machine of this.#world.machines) {
      if (machine.state !== "started" || !machine.serve()) continue;
      // It has not had the time.
      if (this.#world.sim.elapsed - machine.disturbedAt < REST_MS) continue;
      const wanted = wantedOf(machine);
      if (wanted === undefined || machine.sha256 === wanted) continue;
      // Two processes that ran it were crashed from outside: what was before it runs there, on trial or for good.
      if ((machine.deaths.get(wanted ?? "base") ?? 0) >= 2) continue;
      this.#break(
        4,
        `${machine.id} runs ${
          machine.sha256?.slice(0, 12) ?? "its image"
        }, not ${wanted?.slice(0, 12) ?? "its image"}`,
      );
    }
  }
}

function mayTake({ wave, state }: HotUpgrade, { id }: SimMachine): boolean {
  return state !== "rolled_back" && (wave === "*" || wave.includes(id));
}

/** The generation of a machine's base image. */
export function generationFor(pointer: Pointer | undefined, imageRef: string) {
  return generationOf(pointer ?? null, imageRef);
}
