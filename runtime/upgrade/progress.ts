/** The phases of one upgrade as a state machine: which step may follow which, and how it can end.
 * @module
 */

/** A step that is under way. */
export type Step =
  | "check"
  | "fetch"
  | "verify"
  | "unpack"
  | "diff"
  | "prepare"
  | "suspend"
  | "migrate"
  | "swap"
  | "start"
  | "health"
  | "undo"
  | "probation"
  | "return"
  | "commit";

/** How an upgrade ended. */
export type End =
  /** The new code is in. */
  | "applied"
  /** No file that runs differs. */
  | "nothing_to_do"
  /** Refused before anything changed: what ran before is intact. */
  | "abort"
  /** The new code was in and was taken out again: what ran before is intact. */
  | "rolled_back"
  /** It could not be taken out: recycle this machine. */
  | "fail";

/** Where an upgrade stands. */
export type Progress =
  | {
    /** It goes on. */
    readonly step: Step;
  }
  | {
    /** It is over. */
    readonly end: End;
  };

/** What a step came to. */
export type StepOutcome = "done" | "nothing" | "failed";

const AFTER: Readonly<Record<Step, Step | End>> = {
  check: "fetch",
  fetch: "verify",
  verify: "unpack",
  unpack: "diff",
  diff: "prepare",
  prepare: "suspend",
  suspend: "migrate",
  migrate: "swap",
  swap: "start",
  start: "health",
  health: "probation",
  undo: "rolled_back",
  probation: "commit",
  return: "rolled_back",
  commit: "applied",
};

/** Failing here has changed nothing that runs. */
const BEFORE_SWAP: readonly Step[] = [
  "check",
  "fetch",
  "verify",
  "unpack",
  "diff",
  "prepare",
  "suspend",
  "migrate",
];

/** The phases of every upgrade begins here. */
export const BEGIN: Progress = { step: "check" };

/**
 * The next step, or the end.
 *
 * A step of `undo` or `return` that fails is the way to `fail`. Failing in `return` leaves the new code in, because the
 * way back is closed: a holder has no `down` migration, or the earlier code does not load any more.
 *
 * @param progress where the upgrade stands
 * @param outcome what the step came to
 * @returns where it stands then
 * @throws {TypeError} if the upgrade is over, or the step cannot come to that
 */
export function advance(progress: Progress, outcome: StepOutcome): Progress {
  if ("end" in progress) {
    throw new TypeError(`Cannot go on after the end "${progress.end}"`);
  }
  const { step } = progress;
  if (outcome === "nothing") {
    if (step === "check" || step === "diff") return { end: "nothing_to_do" };
    throw new TypeError(`Cannot find nothing to do in the step "${step}"`);
  }
  if (outcome === "done") {
    const next = AFTER[step];
    return isEnd(next) ? { end: next } : { step: next };
  }
  if (BEFORE_SWAP.includes(step)) return { end: "abort" };
  if (step === "swap" || step === "start" || step === "health") {
    return { step: "undo" };
  }
  if (step === "probation") return { step: "return" };
  if (step === "undo" || step === "return") return { end: "fail" };
  return { end: "applied" };
}

function isEnd(value: Step | End): value is End {
  return value === "applied" || value === "nothing_to_do" ||
    value === "abort" ||
    value === "rolled_back" || value === "fail";
}
