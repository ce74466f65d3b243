/** One rollout, from the move of the pointer to its end: forward, wave by wave, or back.
 * @module
 */
import {
  errorText,
  type HotUpgrade,
  type Refusal,
  sameImage,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { type AppMachine, restartHint } from "../../fly/fleet/fleet.ts";
import { keepPublished, type PublishedRelease } from "../../release/publish.ts";
import type { RolloutDeps } from "../deps.ts";
import {
  countGood,
  describeAllBad,
  idsOf,
  KnownMachines,
} from "../machines/known_machines.ts";
import { hasRested, liveThrough } from "../machines/live_through.ts";
import { meetWave } from "../machines/meet_wave.ts";
import { returnMachines } from "../machines/return_machines.ts";
import {
  isBad,
  isFinal,
  isGood,
  type MachineState,
  step,
  verdict,
} from "../machines/verdict.ts";
import type { WokenMachines } from "../machines/wake.ts";
import { readResult, watchMachines } from "../machines/watch.ts";
import { describeBad, refusedBy } from "./outcome.ts";
import { newUpgrade, type UpgradeOptions } from "../pointer/new_upgrade.ts";
import { PointerMover } from "../pointer/pointer.ts";
import { committed, withUpgrade, withWave } from "../pointer/transitions.ts";
import type { Prepared } from "../prepare.ts";
import type { RolloutReport } from "../report.ts";
import { counted, tell } from "../steps.ts";
import { planWaves, type WaveOptions } from "./waves.ts";

/** Options of a rollout. */
export interface RollOutOptions extends WaveOptions, UpgradeOptions {
  /** How long the machines of a wave may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** How a rollout ended. */
export interface RolledOut
  extends Pick<RolloutReport, "outcome" | "summary" | "machines"> {
  readonly upgradeId: string;
  /** What machines have refused, where nothing else went wrong. */
  readonly refusals?: readonly Refusal[];
}

/** For how long a machine that said that it lives need not be asked again before the commit: about what asking takes. */
const WORD_HOLDS_MS = 1_000;

/** One rollout, from the move of the pointer to its end. */
export class WaveRun {
  readonly #options: RollOutOptions;
  readonly #prepared: Prepared;
  readonly #deps: RolloutDeps;
  readonly #app: string;
  readonly #mover: PointerMover;
  readonly #woken: WokenMachines;
  readonly #known: KnownMachines;
  readonly #upgrade: HotUpgrade;
  readonly #published: PublishedRelease;
  readonly #allowed = new Set<string>();

  /** Plans the waves; nothing is written yet. */
  constructor(
    options: RollOutOptions,
    prepared: Prepared,
    published: PublishedRelease,
    deps: RolloutDeps,
    woken: WokenMachines,
  ) {
    this.#options = options;
    this.#prepared = prepared;
    this.#published = published;
    this.#deps = deps;
    this.#app = prepared.release.manifest.app;
    this.#mover = new PointerMover(this.#app, deps);
    this.#woken = woken;
    this.#known = new KnownMachines(prepared, deps);
    this.#upgrade = newUpgrade(options, prepared, published, deps.host);
  }

  /** Goes wave after wave, and commits. */
  async goForward(signal: AbortSignal): Promise<string | null> {
    this.#known.tellAll();
    const queue = this.#known.states;
    let isProved = false;
    for (let done = 1;; done++) {
      if (queue.length === 0 && !isProved) {
        const machine = await this.#wakeOne(signal);
        if (machine === null) throw this.#woken.failed(this.#app);
        queue.push(this.#known.again(machine));
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
      if (verdict(known) === "bad") {
        return describeAllBad(known, this.#options.timeoutMs);
      }
      // One that came to rest, or left, has proved nothing.
      isProved ||= ofWave(known).some(isGood);
    }
    // Whom the last wave has asked just now is not asked again: its exits are looked at all the same.
    const fresh = this.#deps.host.monotonicNow() - WORD_HOLDS_MS;
    const last = await this.#liveOn(
      this.#known.states,
      0,
      signal,
      this.#known.heardSince(fresh),
    );
    if (last.some(isBad)) return describeAllBad(last, this.#options.timeoutMs);
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
    const wave = await meetWave(planned, {
      known: this.#known,
      sha256: this.#upgrade.sha256,
      deps: this.#deps,
      signal,
    });
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
    const earlier = this.#known.states.filter((state) =>
      isGood(state) && !ids.has(state.machine.id)
    );
    const known = await watchMachines(
      [...earlier, ...wave],
      {
        app: this.#app,
        upgradeId: id,
        // A machine says "applied" when the probation is over.
        timeoutMs: this.#options.timeoutMs + (this.#options.probationMs ?? 0),
        before: this.#known.lives,
        onChange: (state) => this.#known.note(state),
        onDeaf: (machineId) => void this.#known.deaf.add(machineId),
      },
      this.#deps,
      signal,
    );
    if (verdict(known) !== "good") return known;
    const holdMs = this.#options.probationMs ?? Math.max(
      0,
      ...wave.map(({ machine }) =>
        this.#known.lives.get(machine.id)?.probationMs ?? 0
      ),
    );
    const rested = this.#known.states.filter((state) =>
      hasRested(state) && !ids.has(state.machine.id)
    );
    return await this.#liveOn(
      [...known, ...rested],
      holdMs,
      signal,
      idsOf(earlier),
    );
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
        before: this.#known.lives,
        sha256: this.#upgrade.sha256,
        holdMs,
        earlier: new Set(earlier),
        heardAt: this.#known.heardAt,
        onChange: (state) => this.#known.note(state),
        onDeaf: (machineId) => void this.#known.deaf.add(machineId),
      },
      this.#deps,
      signal,
    );
  }

  /** Reports a rollout that went well. */
  committed(): RolledOut {
    return {
      outcome: "committed",
      summary: `${this.#upgrade.version} runs on ${
        countGood(this.#known.states)
      }`,
      upgradeId: this.#upgrade.id,
      machines: this.#known.reports(),
    };
  }

  /** Undoes what was done, and reports that. */
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
        machines: this.#known.states.filter(
          ({ machine, standing }) =>
            this.#allowed.has(machine.id) &&
            !this.#known.deaf.has(machine.id) &&
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
      trouble === null && this.#known.deaf.size === 0 && !states.some(isBad)
        ? refusedBy(this.#known.states)
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
        ...[...this.#known.deaf].map((id) =>
          `not back: ${id}; ${restartHint(id)}`
        ),
      ].join("; "),
      upgradeId: id,
      machines: this.#known.reports(states),
    };
  }

  /** Makes the error that ends a rollout whose lock is lost. */
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
      const state = this.#known.get(id);
      if (!state || isFinal(state)) return;
      const ignore = () => {};
      const event = await readResult(
        state.machine,
        upgrade,
        bucket,
        ignore,
        signal,
      ).catch(ignore);
      if (event) this.#known.set(step(state, event));
    }));
  }

  #now(): string {
    return new Date(this.#deps.host.now()).toISOString();
  }
}
