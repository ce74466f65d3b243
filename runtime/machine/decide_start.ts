/** Decides what a machine starts with, from how its last starts ended. Nothing here has an effect.
 *
 * A release whose process dies twice in a row within a minute gives way to the release before, on trial. If that dies
 * too, the release is innocent: a database is down, memory is short. If it lives, the release is ended on this machine.
 *
 * @module
 */
import type { StartRecord } from "../protocol/start_record.ts";

/** How long a process has to live for its start to count as a good one, in milliseconds. */
export const LIVED_MS = 60_000;
/** A start so long ago may have lived: its record was left behind. */
const DIED_WITHIN_FACTOR = 2;
const DEATHS_MAX = 2;
const RETRY_FIRST_MS = 1000;
const RETRY_LAST_MS = 60_000;

/** What is to be started, as the pointer says. */
export interface StartWanted {
  /** The upgrade. */
  readonly upgradeId: string;
  /** The pointer's revision. */
  readonly revision: number;
}

/** What to start with. */
export interface StartDecision {
  /** The release that is wanted, or what was before it. */
  readonly run: "wanted" | "before";
  /** How this start is judged. */
  readonly stage: StartRecord["stage"];
  /** How many starts in a row have died. */
  readonly deaths: number;
  /** How many times in a row what was before died on trial too. */
  readonly innocent: number;
  /** How long to wait before the start, in milliseconds. */
  readonly delayMs: number;
}

const FRESH: StartDecision = {
  run: "wanted",
  stage: "normal",
  deaths: 0,
  innocent: 0,
  delayMs: 0,
};

/**
 * Decides what to start with.
 *
 * @param record what the last start left, or null if it ended well, or nothing is known
 * @param wanted what the pointer says
 * @param now the time by the bucket's clock, in milliseconds
 * @param livedMs how long a process has to live. Default {@linkcode LIVED_MS}
 * @returns the decision
 */
export function decideStart(
  record: StartRecord | null,
  wanted: StartWanted,
  now: number,
  livedMs: number = LIVED_MS,
): StartDecision {
  if (record?.upgrade_id !== wanted.upgradeId) return FRESH;
  const { stage, deaths, innocent } = record;
  if (stage === "ended") {
    return record.revision === wanted.revision
      ? { ...FRESH, run: "before", stage: "ended" }
      : FRESH;
  }
  const died = now - Date.parse(record.at) < livedMs * DIED_WITHIN_FACTOR;
  if (stage === "trial") {
    if (!died) return { ...FRESH, run: "before", stage: "ended" };
    return {
      run: "wanted",
      stage: "again",
      deaths: 0,
      innocent: innocent + 1,
      delayMs: Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** innocent),
    };
  }
  if (!died) return FRESH;
  if (deaths + 1 < DEATHS_MAX) {
    return { run: "wanted", stage, deaths: deaths + 1, innocent, delayMs: 0 };
  }
  return {
    run: "before",
    stage: "trial",
    deaths: deaths + 1,
    innocent,
    delayMs: 0,
  };
}
