/** Decides what a machine starts with, from how its last starts ended. Nothing here has an effect.
 *
 * A release whose process dies twice in a row within a minute gives way to the release before, on trial, and where that
 * dies too, to the image. If that dies as well, the release is innocent: a database is down, memory is short. If what
 * is on trial lives, the release is ended on this machine. A release that a running process took, and that is not what
 * a start would take, is not taken a third time after two deaths. A death while a release is taken in the place of
 * another, or of the image, that has not lived a minute may be of either: where a start takes the new one, it is not
 * counted, once. What could not be had has not run: no death is its own until its first line runs.
 *
 * @module
 */
import { retryDelayMs } from "../../base/waiting/retry.ts";
import type {
  StartRecord,
  TakenRecord,
} from "../../protocol/machine/start_record.ts";

/** How long a process has to live for its start to count as a good one, in milliseconds. */
export const LIVED_MS = 60_000;
/** A start so long ago may have lived: its record was left behind. */
const DIED_WITHIN_FACTOR = 2;
/** After how many deaths in a row a release is not simply run again. */
export const DEATHS_MAX = 2;
const RETRY = { firstMs: 1_000, lastMs: 60_000 };

/** What is to be started, as the pointer says. */
export interface StartWanted {
  readonly upgradeId: string;
  /** The pointer's revision. */
  readonly revision: number;
  /** Whether a release was before it; else only the image was. */
  readonly hasBefore: boolean;
  /** Whether a start takes it too, which then counts its deaths. Default false */
  readonly isCommitted?: boolean;
}

/** What to start with. */
export interface StartDecision {
  /** The release that is wanted, the one before it, or the image. */
  readonly run: "wanted" | "before" | "image";
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

/** Decides what to start with. */
export function decideStart(
  record: StartRecord | null,
  wanted: StartWanted,
  now: number,
  livedMs: number = LIVED_MS,
): StartDecision {
  if (record?.upgrade_id !== wanted.upgradeId) return FRESH;
  const { stage, deaths, innocent, instead = "before" } = record;
  if (stage === "ended") {
    return record.revision === wanted.revision
      ? { ...FRESH, run: instead, stage: "ended" }
      : FRESH;
  }
  const died = hasDied(record, now, livedMs);
  if (stage === "trial") {
    if (!died) return { ...FRESH, run: instead, stage: "ended" };
    if (instead === "before" && wanted.hasBefore) {
      // Two bad releases in a row must not be taken for two innocent ones.
      return { run: "image", stage, deaths, innocent, delayMs: 0 };
    }
    return {
      run: "wanted",
      stage: "again",
      deaths: 0,
      innocent: innocent + 1,
      delayMs: retryDelayMs(innocent + 1, RETRY),
    };
  }
  if (!died) return FRESH;
  if (isInnocent(record)) {
    return { run: "wanted", stage, deaths, innocent, delayMs: 0 };
  }
  if (deaths + 1 < DEATHS_MAX) {
    return { run: "wanted", stage, deaths: deaths + 1, innocent, delayMs: 0 };
  }
  return {
    run: wanted.hasBefore ? "before" : "image",
    stage: "trial",
    deaths: deaths + 1,
    innocent,
    delayMs: 0,
  };
}

/** Finds how often a release that a running process took has ended its process. */
export function takenBefore(
  record: StartRecord | null,
  wantedId: string | null,
  now: number,
  livedMs: number = LIVED_MS,
): TakenRecord | null {
  if (record === null || !hasDied(record, now, livedMs)) return null;
  const { upgrade_id, deaths, stage, taken = null } = record;
  if (upgrade_id === wantedId || stage !== "normal") return taken;
  return { upgrade_id, deaths: isInnocent(record) ? deaths : deaths + 1 };
}

/** Says whether a death after a release is taken may be of what ran before, and is therefore not to be counted. */
export function isDoubtful(
  record: StartRecord | null,
  { upgradeId, isCommitted = false }: StartWanted,
  isYoung: boolean,
): boolean {
  if (!isYoung || !isCommitted) return false;
  // Where no start can read the pointer, each process takes the release again: without this none of its deaths would count.
  return record?.upgrade_id !== upgradeId || record.doubtful !== true;
}

/** Whether the death after such a start is of something else, or may be. */
function isInnocent({ doubtful, missing }: StartRecord): boolean {
  return doubtful === true || missing === true;
}

function hasDied({ at }: StartRecord, now: number, livedMs: number): boolean {
  return now - Date.parse(at) < livedMs * DIED_WITHIN_FACTOR;
}
