/** Whether the processes that said "applied" are still alive: judged by identity, fingerprint and exit events.
 * @module
 */
import {
  errorText,
  type MachineInfo,
  type ProcessIdentity,
  sameImage,
  type UpgradeFailure,
} from "@flyhot/runtime/protocol";
import {
  type AppMachine,
  restartHint,
  ServesNobodyError,
} from "../../fly/fleet/fleet.ts";
import type { MachineExit } from "../../fly/machine.ts";
import { oneLine } from "../../base/one_line.ts";
import { runningSha } from "./running_code.ts";
import type { MachineState } from "./verdict.ts";

/** Where no runtime says how long a release is on probation. */
export const PROBATION_MS_DEFAULT = 5_000;

/** What was known of a machine before an upgrade reached it. */
export interface LifeBefore {
  /** Its process; null where it could not be asked. */
  readonly process: ProcessIdentity | null;
  /** When its newest exit was, on the platform's clock; null if none is known. */
  readonly lastExitAt: number | null;
  /** For how long a release is on probation there, in milliseconds. */
  readonly probationMs: number;
}

/** What is seen of a machine now. */
interface LifeNow {
  /** As it is listed; null if it is not there any more. */
  readonly machine: AppMachine | null;
  /** What its process says, or why it says nothing; undefined where it was not asked. */
  readonly answer?: { readonly info: MachineInfo } | {
    readonly error: unknown;
  };
}

/** What follows for a machine. */
export type Life =
  | {
    /** The same process runs the release, at rest in order, started again in order, or not the rollout's any more. */
    readonly life: "alive" | "rests" | "left";
  }
  | {
    /** Its process ended, or does not serve. */
    readonly life: "dead";
    /** Why. */
    readonly failure: UpgradeFailure;
    /** Whether it is started and answers nobody. */
    readonly servesNobody: boolean;
  };

/** Writes down who runs on a machine before an upgrade. */
export function lifeBefore(
  machine: AppMachine,
  info: MachineInfo | null,
): LifeBefore {
  return {
    process: info && identityOf(info),
    lastExitAt: newestExit(machine)?.at ?? null,
    probationMs: info?.probationMs ?? PROBATION_MS_DEFAULT,
  };
}

/** Judges one machine. */
export function judgeLife(
  state: MachineState,
  before: LifeBefore,
  { machine, answer }: LifeNow,
  sha256?: string | null,
): Life {
  if (machine === null) return { life: "left" };
  const exits = exitsSince(machine, before);
  if (!sameImage(machine.imageRef, state.machine.imageRef)) {
    // What ended first did so before another image came.
    const first = oldestExit(exits);
    return first && isCrashBeforeDeploy(first)
      ? dead(describeExit(first, state))
      : { life: "left" };
  }
  const bad = exits.find(({ requestedStop }) => !requestedStop);
  if (bad) return dead(describeExit(bad, state));
  if (machine.state !== "started") return { life: "rests" };
  if (answer === undefined) return { life: "alive" };
  if ("error" in answer) return judgeSilence(answer.error);
  const { info } = answer;
  const known = state.result?.process ?? before.process;
  if (known && !isSame(known, identityOf(info))) {
    if (exits.length > 0) return { life: "rests" };
    return dead(
      "another process runs there than the one that said it applied it",
    );
  }
  if (sha256 !== undefined && runningSha(info) !== sha256) {
    return dead(`it runs other code again (fingerprint ${info.fingerprint})`);
  }
  return { life: "alive" };
}

/**
 * Judges a machine that came to rest, or was restarted, after it had applied a release: it may have woken, or have taken
 * it again, and its process have died since.
 */
export function judgeRested(
  state: MachineState,
  before: LifeBefore,
  machine: AppMachine | null,
): Life {
  if (machine === null) return { life: "rests" };
  const exits = exitsSince(machine, before);
  // Still of a wave, each process that came after takes the release again; on another image only the first had it.
  const first = oldestExit(exits);
  const crash = sameImage(machine.imageRef, state.machine.imageRef)
    ? oldestExit(exits.filter(({ requestedStop }) => !requestedStop))
    : first && isCrashBeforeDeploy(first)
    ? first
    : null;
  return crash === null ? { life: "rests" } : dead(describeExit(crash, state));
}

function judgeSilence(error: unknown): Life {
  const said = errorText(error);
  if (!(error instanceof ServesNobodyError)) {
    return dead(`it does not answer any more (${oneLine(said)})`);
  }
  return {
    ...dead(`it serves nobody; ${restartHint(error.machineId)}`),
    servesNobody: true,
  };
}

/** The exits of a machine since it was looked at before an upgrade. */
export function exitsSince(
  machine: AppMachine,
  { lastExitAt }: Pick<LifeBefore, "lastExitAt">,
): readonly MachineExit[] {
  return (machine.exits ?? []).filter(({ at }) =>
    lastExitAt === null || at > lastExitAt
  );
}

/** Puts what a machine logged last behind the words of its failure. */
export function withLastWords(
  failure: UpgradeFailure,
  lines: readonly string[],
): UpgradeFailure {
  const last = lines.map(oneLine).filter((line) => line.trim() !== "")
    .slice(-LINES_MAX).map((line) => line.slice(0, LINE_MAX));
  if (last.length === 0) return failure;
  const message = `${failure.message}; it last said: ${last.join(" | ")}`;
  return { ...failure, message };
}

const LINES_MAX = 3;
const LINE_MAX = 240;

function describeExit(exit: MachineExit, { result }: MachineState): string {
  const how = exit.oomKilled
    ? `was killed for want of memory (code ${exit.code})`
    : exit.signal !== null
    ? `was ended by signal ${exit.signal}`
    : `ended with code ${exit.code}`;
  const said = result?.state === "pending" ? null : result?.ended_at;
  const ms = said ? exit.at - Date.parse(said) : NaN;
  const when = said === null || said === undefined
    ? " before it said how the upgrade went"
    : ms >= 0
    ? ` after ${(ms / 1000).toFixed(1)} s`
    : "";
  return `its process ${how}${when}`;
}

function dead(
  message: string,
): { life: "dead"; failure: UpgradeFailure; servesNobody: boolean } {
  return {
    life: "dead",
    failure: { phase: "probation", message, end: "fail", transient: false },
    servesNobody: false,
  };
}

function oldestExit(exits: readonly MachineExit[]): MachineExit | null {
  return exits.reduce<MachineExit | null>(
    (oldest, exit) => oldest && oldest.at <= exit.at ? oldest : exit,
    null,
  );
}

/**
 * Whether a process of a machine that has another image now had ended by itself. Nobody has promised that the stop of a
 * deploy is told as one: an end as a stop makes it counts as that, unless the platform was about to start it again.
 */
function isCrashBeforeDeploy(exit: MachineExit): boolean {
  const { requestedStop, restarting, code, signal } = exit;
  if (requestedStop) return false;
  return restarting || !STOP_CODES.has(code) ||
    (signal !== null && !STOP_SIGNALS.has(signal));
}

/** An end by itself, and those by SIGINT and SIGTERM, as a shell tells them. */
const STOP_CODES = new Set([0, 130, 143]);
const STOP_SIGNALS = new Set([2, 15]);

function newestExit({ exits = [] }: AppMachine): MachineExit | null {
  return exits.reduce<MachineExit | null>(
    (newest, exit) => newest && newest.at >= exit.at ? newest : exit,
    null,
  );
}

function identityOf({ pid, startedAt }: MachineInfo): ProcessIdentity {
  return { pid, started_at: startedAt };
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.started_at === other.started_at;
}
