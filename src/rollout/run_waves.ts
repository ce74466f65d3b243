/** What one rollout knows and does: forward, wave by wave, or back.
 * @module
 */
import type { HotUpgrade } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { PublishedRelease } from "../release/publish.ts";
import { ulid } from "../ulid.ts";
import { describeBad, machineReport, restingReport } from "./outcome.ts";
import { PointerMover } from "./pointer/pointer.ts";
import type { Prepared } from "./prepare.ts";
import type { MachineReport, RolloutReport } from "./report.ts";
import { returnMachines } from "./return_machines.ts";
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
} from "./verdict.ts";
import { readResult, type RolloutDeps, watchMachines } from "./watch.ts";
import { planWaves, type WaveOptions } from "./waves.ts";

/** Options of a rollout. */
export interface RollOutOptions extends WaveOptions {
  /** Who does it. */
  readonly deployedBy: string;
  /** How long the machines of a wave may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** How a rollout ended. */
export interface RolledOut
  extends Pick<RolloutReport, "outcome" | "summary" | "machines"> {
  /** The upgrade. */
  readonly upgradeId: string;
}

/** One rollout, from the move of the pointer to its end. */
export class WaveRun {
  readonly #options: RollOutOptions;
  readonly #prepared: Prepared;
  readonly #deps: RolloutDeps;
  readonly #app: string;
  readonly #mover: PointerMover;
  readonly #waves: readonly MachineState[][];
  readonly #states: Map<string, MachineState>;
  readonly #upgrade: HotUpgrade;
  readonly #allowed = new Set<string>();

  /**
   * Plans the waves; nothing is written yet.
   *
   * @param options by whom, how many at a time and for how long
   * @param prepared machines and release
   * @param published where the release is
   * @param deps clock, bucket, machines and reporter
   */
  constructor(
    options: RollOutOptions,
    prepared: Prepared,
    published: PublishedRelease,
    deps: RolloutDeps,
  ) {
    const { manifest, sha256, size } = prepared.release;
    this.#options = options;
    this.#prepared = prepared;
    this.#deps = deps;
    this.#app = manifest.app;
    this.#mover = new PointerMover(manifest.app, deps);
    this.#waves = planWaves(prepared.running.map(queued), options);
    this.#states = new Map(
      this.#waves.flat().map((state) => [state.machine.id, state]),
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
      wave: idsOf(this.#waves[0] ?? []),
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
    const { timeoutMs } = this.#options;
    this.#tellAll();
    for (const [index, wave] of this.#waves.entries()) {
      const known = await tell(this.#deps, {
        name: `Upgrade wave ${index + 1} of ${this.#waves.length}`,
        detail: counted(wave.length, "machine"),
        result: (known) => known.some(isBad) ? null : countGood(known),
      }, () => this.#goOneWave(wave, signal));
      if (verdict(known) === "good") continue;
      return known.filter(isBad).map((state) => describeBad(state, timeoutMs))
        .join("; ");
    }
    const { id, version } = this.#upgrade;
    await tell(
      this.#deps,
      { name: "Commit", detail: version },
      () => this.#mover.move(committed(id, this.#now()), signal),
    );
    return null;
  }

  async #goOneWave(
    wave: readonly MachineState[],
    signal: AbortSignal,
  ): Promise<MachineState[]> {
    signal.throwIfAborted();
    const { id } = this.#upgrade;
    const isFirst = this.#allowed.size === 0;
    for (const machineId of idsOf(wave)) this.#allowed.add(machineId);
    await this.#mover.move(
      isFirst
        ? withUpgrade(
          this.#app,
          this.#prepared.imageRef,
          this.#upgrade,
          this.#upgrade.deployed_at,
        )
        : withWave(id, [...this.#allowed], this.#now()),
      signal,
    );
    return await watchMachines(
      wave,
      {
        app: this.#app,
        upgradeId: id,
        timeoutMs: this.#options.timeoutMs,
        onChange: (state) => {
          this.#states.set(state.machine.id, state);
          tellMachine(state, this.#deps);
        },
      },
      this.#deps,
      signal,
    );
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
            this.#allowed.has(machine.id) && standing !== "silent" &&
            standing !== "gone" && standing !== "applies_at_next_start",
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
    return {
      outcome: "rolled_back",
      summary: [
        `${version} is rolled back: ${why}`,
        `${countGood(states)} back on ${returned.version}`,
        ...states.filter(isBad).map((state) =>
          `not back: ${describeBad(state, timeoutMs)}`
        ),
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
    const said = reason instanceof Error ? reason.message : String(reason);
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
