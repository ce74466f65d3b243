/** What one rollout knows and does: forward, wave by wave, or back.
 * @module
 */
import {
  errorText,
  type HotUpgrade,
  type Refusal,
  ulid,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import { keepPublished, type PublishedRelease } from "../release/publish.ts";
import {
  describeBad,
  machineReport,
  refusedBy,
  restingReport,
} from "./outcome.ts";
import { PointerMover } from "./pointer/pointer.ts";
import { judgeLife, type LifeBefore, lifeBefore } from "./machines/lives.ts";
import { afterLife, hasRested, liveThrough } from "./machines/live_through.ts";
import { runningSha } from "./machines/running_code.ts";
import type { Prepared } from "./prepare.ts";
import type { MachineReport, RolloutReport } from "./report.ts";
import { returnMachines } from "./machines/return_machines.ts";
import { counted, tell } from "./steps.ts";
import { committed, withUpgrade, withWave } from "./pointer/transitions.ts";
import {
  isBad,
  isFinal,
  isGood,
  type MachineState,
  queued,
  step,
  verdict,
} from "./machines/verdict.ts";
import type { RolloutDeps } from "./deps.ts";
import { readResult, watchMachines } from "./machines/watch.ts";
import { isRunning } from "./machines/ask_machines.ts";
import type { WokenMachines } from "./machines/wake.ts";
import { planWaves, type WaveOptions } from "./waves.ts";
import { type AppMachine, restartHint } from "../fly/fleet.ts";
import { sameImage } from "@flyhot/runtime/protocol";

/** Options of a rollout. */
export interface RollOutOptions extends WaveOptions {
  /** Who does it. */
  readonly deployedBy: string;
  /** How long the machines of a wave may take, in milliseconds. */
  readonly timeoutMs: number;
  /** For how long machines watch new code, in milliseconds. Default: what each was started with. */
  readonly probationMs?: number;
  /** What is consented to for this upgrade, besides what deno.json says. */
  readonly consent?: readonly string[];
  /** The commit that the release was packed from, where it is exactly that. */
  readonly commit?: string;
}

/** How a rollout ended. */
export interface RolledOut
  extends Pick<RolloutReport, "outcome" | "summary" | "machines"> {
  /** The upgrade. */
  readonly upgradeId: string;
  /** What machines have refused, where nothing else went wrong. */
  readonly refusals?: readonly Refusal[];
}

/** One rollout, from the move of the pointer to its end. */
export class WaveRun {
  readonly #options: RollOutOptions;
  readonly #prepared: Prepared;
  readonly #deps: RolloutDeps;
  readonly #app: string;
  readonly #mover: PointerMover;
  readonly #woken: WokenMachines;
  readonly #states: Map<string, MachineState>;
  readonly #lives: Map<string, LifeBefore>;
  readonly #deaf = new Set<string>();
  readonly #upgrade: HotUpgrade;
  readonly #published: PublishedRelease;
  readonly #allowed = new Set<string>();

  /**
   * Plans the waves; nothing is written yet.
   *
   * @param options by whom, how many at a time and for how long
   * @param prepared machines and release
   * @param published where the release is
   * @param deps clock, bucket, machines and reporter
   * @param woken starts a machine where all come to rest before one has proved the release
   */
  constructor(
    options: RollOutOptions,
    prepared: Prepared,
    published: PublishedRelease,
    deps: RolloutDeps,
    woken: WokenMachines,
  ) {
    const { manifest, sha256, size } = prepared.release;
    this.#options = options;
    this.#prepared = prepared;
    this.#published = published;
    this.#deps = deps;
    this.#app = manifest.app;
    this.#mover = new PointerMover(manifest.app, deps);
    this.#woken = woken;
    this.#states = new Map(
      prepared.running.map((machine) => [machine.id, queued(machine)]),
    );
    this.#lives = new Map(
      prepared.asked.map(({ machine, info }) => [
        machine.id,
        lifeBefore(machine, info),
      ]),
    );
    this.#upgrade = {
      id: ulid(deps.host.now(), deps.host.randomBytes(10)),
      version: manifest.version,
      source_image_ref: manifest.source_image_ref,
      key: published.key,
      tarball_url: published.url,
      sha256,
      size,
      deployed_at: this.#now(),
      deployed_by: options.deployedBy,
      state: "probation",
      wave: [],
      ...(options.probationMs === undefined
        ? {}
        : { probation_ms: options.probationMs }),
      ...(options.commit === undefined ? {} : { commit: options.commit }),
      ...(options.consent?.length ? { consent: options.consent } : {}),
      ...(published.signature ? { signature: published.signature } : {}),
    };
  }

  /**
   * Goes wave after wave, and commits.
   *
   * @param signal gives up early
   * @returns why it has to go back, or null once all is committed
   */
  async goForward(signal: AbortSignal): Promise<string | null> {
    this.#tellAll();
    const queue = [...this.#states.values()];
    let isProved = false;
    for (let done = 1;; done++) {
      if (queue.length === 0 && !isProved) {
        const machine = await this.#wakeOne(signal);
        if (machine === null) throw this.#woken.failed(this.#app);
        queue.push(this.#again(machine));
      }
      const canary: number = isProved ? 0 : this.#options.canary;
      const plan: MachineState[][] = planWaves(queue, {
        ...this.#options,
        canary,
      });
      const [wave] = plan;
      if (!wave) break;
      queue.splice(0, wave.length);
      const ids = new Set(idsOf(wave));
      const ofWave = (known: readonly MachineState[]) =>
        known.filter(({ machine }) => ids.has(machine.id));
      const known: MachineState[] = await tell(this.#deps, {
        name: `Upgrade wave ${done} of ${done - 1 + plan.length}`,
        detail: counted(wave.length, "machine"),
        result: (known) => known.some(isBad) ? null : countGood(ofWave(known)),
      }, () => this.#goOneWave(wave, signal));
      if (verdict(known) === "bad") return this.#describeAll(known);
      // One that came to rest, or left, has proved nothing.
      isProved ||= ofWave(known).some(isGood);
    }
    const last = await this.#liveOn([...this.#states.values()], 0, signal);
    if (last.some(isBad)) return this.#describeAll(last);
    if (last.every(({ standing }) => standing === "gone")) {
      return "all machines are gone or run another image: a deploy was faster";
    }
    const { id, version } = this.#upgrade;
    await this.#keepPublished(signal);
    await tell(
      this.#deps,
      { name: "Commit", detail: version },
      () => this.#mover.move(committed(id, this.#now()), signal),
    );
    return null;
  }

  /** A removal by a deployer whose lock was taken over may have been on its way when it looked at the pointer. */
  async #keepPublished(signal: AbortSignal): Promise<void> {
    const { release } = this.#prepared;
    await keepPublished(release, this.#published.key, this.#deps, signal);
  }

  #describeAll(states: readonly MachineState[]): string {
    return states.filter(isBad)
      .map((state) => describeBad(state, this.#options.timeoutMs)).join("; ");
  }

  /** A machine that rested after it had said something: what it said then is known, and is not news. */
  #again(machine: AppMachine): MachineState {
    const known = this.#states.get(machine.id);
    return known?.result
      ? { ...known, machine, standing: "nudged", failure: null }
      : queued(machine);
  }

  async #wakeOne(signal: AbortSignal): Promise<AppMachine | null> {
    const { fleet } = this.#deps;
    const own = (await fleet.list(signal)).filter(({ imageRef }) =>
      this.#prepared.running.some((it) => sameImage(it.imageRef, imageRef))
    );
    return await this.#woken.wakeOne(own, signal);
  }

  async #goOneWave(
    planned: readonly MachineState[],
    signal: AbortSignal,
  ): Promise<MachineState[]> {
    signal.throwIfAborted();
    const wave = await this.#meet(planned, signal);
    if (wave.length === 0) return [];
    const { id } = this.#upgrade;
    const isFirst = this.#allowed.size === 0;
    for (const machineId of idsOf(wave)) this.#allowed.add(machineId);
    await this.#mover.move(
      isFirst
        ? withUpgrade(
          this.#app,
          this.#prepared.imageRef,
          { ...this.#upgrade, wave: [...this.#allowed] },
          this.#upgrade.deployed_at,
        )
        : withWave(id, [...this.#allowed], this.#now()),
      signal,
    );
    if (isFirst) await this.#keepPublished(signal);
    // What went before is watched on: it may die of it meanwhile, and be gone before the end.
    const ids = new Set(idsOf(wave));
    const earlier = [...this.#states.values()].filter((state) =>
      isGood(state) && !ids.has(state.machine.id)
    );
    const known = await watchMachines(
      [...earlier, ...wave],
      {
        app: this.#app,
        upgradeId: id,
        // A machine says "applied" when the probation is over.
        timeoutMs: this.#options.timeoutMs + (this.#options.probationMs ?? 0),
        before: this.#lives,
        onChange: (state) => this.#note(state),
        onDeaf: (machineId) => void this.#deaf.add(machineId),
      },
      this.#deps,
      signal,
    );
    if (verdict(known) !== "good") return known;
    const holdMs = this.#options.probationMs ?? Math.max(
      0,
      ...wave.map(({ machine }) =>
        this.#lives.get(machine.id)?.probationMs ?? 0
      ),
    );
    const rested = [...this.#states.values()].filter((state) =>
      hasRested(state) && !ids.has(state.machine.id)
    );
    return await this.#liveOn(
      [...known, ...rested],
      holdMs,
      signal,
      idsOf(earlier),
    );
  }

  /** Looks who runs on the machines of a wave now; those at rest are left out. */
  async #meet(
    planned: readonly MachineState[],
    signal: AbortSignal,
  ): Promise<MachineState[]> {
    const { fleet } = this.#deps;
    let listed: readonly AppMachine[];
    try {
      listed = await fleet.list(signal);
    } catch (error) {
      signal.throwIfAborted();
      const text = errorText(error);
      this.#deps.reporter.emit({ type: "note", text });
      return [...planned];
    }
    const met = await Promise.all(planned.map(async (state) => {
      const { id } = state.machine;
      const machine = listed.find((it) => it.id === id) ?? null;
      if (machine === null || !isRunning(machine)) {
        const after = step(state, { type: "listed", machine });
        this.#note(after);
        return null;
      }
      const now = lifeBefore(machine, null);
      const known = this.#lives.get(id);
      const isBack = state.result !== null;
      if (known && isBack) {
        // It may have died of the release while it was started again.
        const life = judgeLife(state, known, { machine });
        const after = await afterLife(state, life, this.#deps, signal);
        if (isBad(after)) {
          this.#note(after);
          return after;
        }
      }
      if (known && !isBack && known.lastExitAt === now.lastExitAt) return state;
      const info = await fleet.info(id, signal).catch(() => null);
      if (
        isBack && known?.process && info && known.process.pid === info.pid &&
        known.process.started_at === info.startedAt &&
        runningSha(info) === this.#upgrade.sha256
      ) {
        // The very process that said it, gone to sleep and awake again: its word stands.
        return { ...state, standing: "applied" as const };
      }
      this.#lives.set(id, lifeBefore(machine, info));
      return state;
    }));
    return met.filter((state) => state !== null);
  }

  async #liveOn(
    states: readonly MachineState[],
    holdMs: number,
    signal: AbortSignal,
    earlier: readonly string[] = [],
  ): Promise<MachineState[]> {
    return await liveThrough(
      states,
      {
        before: this.#lives,
        sha256: this.#upgrade.sha256,
        holdMs,
        earlier: new Set(earlier),
        onChange: (state) => this.#note(state),
        onDeaf: (machineId) => void this.#deaf.add(machineId),
      },
      this.#deps,
      signal,
    );
  }

  #note(state: MachineState): void {
    this.#states.set(state.machine.id, state);
    tellMachine(state, this.#deps);
  }

  /**
   * Reports a rollout that went well.
   *
   * @returns the report
   */
  committed(): RolledOut {
    return {
      outcome: "committed",
      summary: `${this.#upgrade.version} runs on ${
        countGood([...this.#states.values()])
      }`,
      upgradeId: this.#upgrade.id,
      machines: this.#reports(),
    };
  }

  /**
   * Undoes what was done, and reports that.
   *
   * @param why why it has to go back
   * @param trouble what was thrown, if anything was
   * @param signal aborted when the lock is lost
   * @returns the report
   * @throws what was thrown, if the pointer never named the upgrade
   */
  async goBack(
    why: string,
    trouble: unknown,
    signal: AbortSignal,
  ): Promise<RolledOut> {
    if (!this.#mover.hasWritten) throw trouble ?? new TypeError(why);
    const { deployedBy, timeoutMs } = this.#options;
    const { id, version } = this.#upgrade;
    const text = `Goes back from ${version}: ${why}`;
    this.#deps.reporter.emit({ type: "warning", text });
    const returned = await returnMachines(
      {
        app: this.#app,
        imageRef: this.#prepared.imageRef,
        upgradeId: id,
        deployedBy,
        timeoutMs,
        machines: [...this.#states.values()].filter(
          ({ machine, standing }) =>
            this.#allowed.has(machine.id) && !this.#deaf.has(machine.id) &&
            standing !== "silent" && standing !== "gone" &&
            standing !== "applies_at_next_start",
        ),
      },
      this.#mover,
      this.#deps,
      signal,
    );
    // The pointer never named the upgrade: what kept it from that is all there is to say.
    if (returned === null) throw trouble ?? new TypeError(why);
    await this.#readLastWords(signal);
    const { states } = returned;
    const refusals =
      trouble === null && this.#deaf.size === 0 && !states.some(isBad)
        ? refusedBy(this.#states.values())
        : [];
    const isRefused = refusals.length > 0;
    return {
      outcome: isRefused ? "cold" : "rolled_back",
      refusals,
      summary: [
        `${version} ${isRefused ? "is refused" : "is rolled back"}: ${why}`,
        `${countGood(states)} back on ${returned.version}`,
        ...states.filter(isBad).map((state) =>
          `not back: ${describeBad(state, timeoutMs)}`
        ),
        ...[...this.#deaf].map((id) => `not back: ${id}; ${restartHint(id)}`),
      ].join("; "),
      upgradeId: id,
      machines: this.#reports(states),
    };
  }

  /**
   * Makes the error that ends a rollout whose lock is lost.
   *
   * @param signal the signal of the lock
   * @returns the error
   */
  lockLost(signal: AbortSignal): FlyhotError {
    const { reason } = signal;
    const said = errorText(reason);
    return new FlyhotError(
      "conflict",
      `${said}; upgrade ${this.#upgrade.id} stays as it is on up to ${
        counted(this.#allowed.size, "machine")
      }`,
      { hint: "see what runs with: flyhot status", cause: reason },
    );
  }

  /** Machines may have ended after the first bad one; afterwards all of that is known. */
  async #readLastWords(signal: AbortSignal): Promise<void> {
    const upgrade = { app: this.#app, upgradeId: this.#upgrade.id };
    const { bucket } = this.#deps;
    const ids = [...this.#allowed];
    await Promise.all(ids.map(async (id) => {
      const state = this.#states.get(id);
      if (!state || isFinal(state)) return;
      const ignore = () => {};
      const event = await readResult(
        state.machine,
        upgrade,
        bucket,
        ignore,
        signal,
      ).catch(ignore);
      if (event) this.#states.set(id, step(state, event));
    }));
  }

  #reports(backs: readonly MachineState[] = []): MachineReport[] {
    const back = new Map(backs.map((state) => [state.machine.id, state]));
    return [
      ...[...this.#states].map(([id, state]) =>
        machineReport(state, back.get(id))
      ).filter((report) => report !== null),
      ...this.#prepared.resting.map((machine) => restingReport(machine)),
    ];
  }

  #tellAll(): void {
    for (const state of this.#states.values()) tellMachine(state, this.#deps);
    for (const { id, region } of this.#prepared.resting) {
      const standing = "applies_at_next_start";
      this.#deps.reporter.emit({ type: "machine", id, region, standing });
    }
  }

  #now(): string {
    return new Date(this.#deps.host.now()).toISOString();
  }
}

function idsOf(states: readonly MachineState[]): string[] {
  return states.map(({ machine }) => machine.id);
}

function countGood(states: readonly MachineState[]): string {
  return counted(states.filter(isGood).length, "machine");
}

function tellMachine(
  { machine: { id, region }, standing, failure }: MachineState,
  { reporter }: RolloutDeps,
): void {
  if (standing === "gone") {
    const text =
      `machine ${id} leaves the rollout: it is gone, or runs another image`;
    return reporter.emit({ type: "note", text });
  }
  reporter.emit({
    type: "machine",
    id,
    region,
    standing,
    ...(failure ? { detail: `${failure.phase}: ${failure.message}` } : {}),
  });
}
