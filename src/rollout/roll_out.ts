/** One release brought to all machines, wave by wave, or undone on all of them.
 * @module
 */
import type { HotUpgrade } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { PublishedRelease } from "../release/publish.ts";
import { ulid } from "../ulid.ts";
import { describeBad, machineReport, restingReport } from "./outcome.ts";
import { PointerMover } from "./pointer.ts";
import type { Prepared } from "./prepare.ts";
import type { MachineReport, RolloutReport } from "./report.ts";
import { returnMachines } from "./return_machines.ts";
import { counted, tell } from "./steps.ts";
import { committed, withUpgrade, withWave } from "./transitions.ts";
import { isBad, type MachineState, queued, verdict } from "./verdict.ts";
import { type RolloutDeps, watchMachines } from "./watch.ts";
import { planWaves, type WaveOptions } from "./waves.ts";

/** Options of {@linkcode rollOut}. */
export interface RollOutOptions extends WaveOptions {
  /** Who does it. */
  readonly deployedBy: string;
  /** How long the machines of a wave may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What ends a rollout early. */
export interface RollOutSignals {
  /** Aborted when the person interrupts: the machines are brought back. */
  readonly interrupted: AbortSignal;
  /** Aborted when the deploy lock is lost: the pointer is somebody else's then. */
  readonly lockLost: AbortSignal;
}

/** How a rollout ended. */
export interface RolledOut
  extends Pick<RolloutReport, "outcome" | "summary" | "machines"> {
  /** The upgrade. */
  readonly upgradeId: string;
}

/**
 * Moves the pointer to a published release, lets the machines apply it wave by wave, and commits it, or undoes it.
 *
 * @param options by whom, how many at a time and for how long
 * @param prepared machines and release
 * @param published where the release is
 * @param deps clock, bucket, machines and reporter
 * @param signals what ends it early
 * @returns how it ended: `committed` or `rolled_back`
 * @throws {FlyhotError} `conflict` if the lock is lost or somebody else moved the pointer, `incomplete` if it cannot be undone
 */
export async function rollOut(
  options: RollOutOptions,
  prepared: Prepared,
  published: PublishedRelease,
  deps: RolloutDeps,
  signals: RollOutSignals,
): Promise<RolledOut> {
  const { manifest, sha256, size } = prepared.release;
  const { app } = manifest;
  const { host, reporter } = deps;
  const now = () => new Date(host.now()).toISOString();
  const work = AbortSignal.any([signals.interrupted, signals.lockLost]);
  const mover = new PointerMover(app, deps);
  const waves = planWaves(prepared.running.map(queued), options);
  const states = new Map(
    waves.flat().map((state) => [state.machine.id, state]),
  );
  const change = (state: MachineState) => {
    states.set(state.machine.id, state);
    tellMachine(state, deps);
  };
  const upgrade: HotUpgrade = {
    id: ulid(host.now(), host.randomBytes(10)),
    version: manifest.version,
    source_image_ref: manifest.source_image_ref,
    tarball_url: published.url,
    sha256,
    size,
    deployed_at: now(),
    deployed_by: options.deployedBy,
    state: "probation",
    wave: idsOf(waves[0] ?? []),
  };
  const allowed: string[] = [];

  const goForward = async (): Promise<string | null> => {
    for (const [index, wave] of waves.entries()) {
      allowed.push(...idsOf(wave));
      await tell(deps, {
        name: `Upgrade wave ${index + 1} of ${waves.length}`,
        detail: counted(wave.length, "machine"),
      }, async () => {
        await mover.move(
          index === 0
            ? withUpgrade(app, prepared.imageRef, upgrade, upgrade.deployed_at)
            : withWave(upgrade.id, [...allowed], now()),
          work,
        );
        const { timeoutMs } = options;
        const watch = {
          app,
          upgradeId: upgrade.id,
          timeoutMs,
          onChange: change,
        };
        await watchMachines(wave, watch, deps, work);
      });
      const known = [...states.values()];
      if (verdict(known.filter(isIn(allowed))) !== "good") {
        return known.filter(isBad).map((state) =>
          describeBad(state, options.timeoutMs)
        ).join("; ");
      }
    }
    await tell(
      deps,
      { name: "Commit", detail: upgrade.version },
      () => mover.move(committed(upgrade.id, now()), work),
    );
    return null;
  };

  let why: string | null;
  let trouble: unknown;
  try {
    why = await goForward();
  } catch (error) {
    if (signals.lockLost.aborted) {
      throw lockLost(signals.lockLost.reason, upgrade.id, allowed.length);
    }
    trouble = error;
    why = signals.interrupted.aborted
      ? "interrupted"
      : error instanceof Error
      ? error.message
      : String(error);
  }
  const resting = prepared.resting.map(restingReport);
  if (why === null) {
    const machines = [...states.values()].map((state) => machineReport(state));
    return {
      outcome: "committed",
      summary: `${upgrade.version} runs on ${
        counted(
          machines.filter((machine) => machine !== null).length,
          "machine",
        )
      }`,
      upgradeId: upgrade.id,
      machines: [...present(machines), ...resting],
    };
  }
  reporter.emit({ type: "warning", text: `Goes back: ${why}` });
  const touched = [...states.values()].filter(isIn(allowed))
    .filter(({ standing }) => standing !== "silent" && standing !== "gone");
  let returned;
  try {
    returned = await returnMachines(
      {
        ...options,
        app,
        upgradeId: upgrade.id,
        machines: touched,
      },
      mover,
      deps,
      signals.lockLost,
    );
  } catch (error) {
    if (signals.lockLost.aborted) {
      throw lockLost(signals.lockLost.reason, upgrade.id, allowed.length);
    }
    // The pointer never named it, or names something else by now: nothing is to be undone.
    if (error instanceof FlyhotError && error.code === "conflict") {
      throw trouble ?? error;
    }
    throw error;
  }
  const stuck = returned.states.filter(isBad);
  const back = new Set(
    returned.states.filter((state) => !isBad(state))
      .map(({ machine }) => machine.id),
  );
  const machines = [...states.values()].map((state) =>
    machineReport(
      state,
      back.has(state.machine.id) && !isBad(state) ? "returned" : state.standing,
    )
  );
  return {
    outcome: "rolled_back",
    summary: [
      `${upgrade.version} is rolled back: ${why}`,
      `${counted(back.size, "machine")} back on ${returned.version}`,
      ...stuck.map((state) =>
        `not back: ${describeBad(state, options.timeoutMs)}`
      ),
    ].join("; "),
    upgradeId: upgrade.id,
    machines: [...present(machines), ...resting],
  };
}

function idsOf(states: readonly MachineState[]): string[] {
  return states.map(({ machine }) => machine.id);
}

function isIn(ids: readonly string[]): (state: MachineState) => boolean {
  const set = new Set(ids);
  return ({ machine }) => set.has(machine.id);
}

function present(
  reports: readonly (MachineReport | null)[],
): MachineReport[] {
  return reports.filter((report) => report !== null);
}

function tellMachine(
  { machine, standing, failure }: MachineState,
  { reporter }: RolloutDeps,
): void {
  const { id, region } = machine;
  if (standing === "gone") {
    const text =
      `machine ${id} is gone, or runs another image, and leaves the rollout`;
    return reporter.emit({ type: "note", text });
  }
  const detail = failure ? `${failure.phase}: ${failure.message}` : undefined;
  reporter.emit({
    type: "machine",
    id,
    region,
    standing,
    ...(detail === undefined ? {} : { detail }),
  });
}

function lockLost(
  reason: unknown,
  upgradeId: string,
  machines: number,
): FlyhotError {
  const said = reason instanceof Error ? reason.message : String(reason);
  return new FlyhotError(
    "conflict",
    `${said}; upgrade ${upgradeId} stays as it is on up to ${
      counted(machines, "machine")
    }`,
    { hint: "see what runs with: flyhot status", cause: reason },
  );
}
