/** Keeps the record of a start in the bucket until the process has lived a minute, or ends in order.
 *
 * A local file would not do: it does not survive a restart on Fly. Without the bucket no death is counted.
 *
 * @module
 */
import { AbortSignal } from "../../base/platform/globals.ts";
import { pause } from "../../base/waiting/pause.ts";
import { natives, type Timer } from "../../base/platform/natives.ts";
import { type Bucket, getJson, putJson } from "../../bucket/bucket.ts";
import { PROTOCOL_VERSION } from "../../protocol/manifest/manifest.ts";
import { startKey } from "../../protocol/object_keys.ts";
import {
  parseStartRecord,
  type StartRecord,
  type TakenRecord,
} from "../../protocol/machine/start_record.ts";
import {
  DEATHS_MAX,
  decideStart,
  isDoubtful,
  type StartDecision,
  type StartWanted,
  takenBefore,
} from "./decide_start.ts";

const ANSWER_MS = 5000;
const TRIES_MAX = 3;
const RETRY_MS = 200;

/** What is needed. */
interface StartsContext {
  readonly bucket: Bucket;
  readonly app: string;
  readonly machineId: string;
  /** How long a process has to live for its start to be a good one, in milliseconds. */
  readonly livedMs: number;
  /** How long the process has lived, in milliseconds. */
  ageMs(): number;
  /** Calls back when a signal asks the process to end; gives back what stops that. */
  onEnd(act: () => Promise<void>): () => void;
  /** Told that what was before the wanted release has lived on trial. */
  onProven(wanted: StartWanted): Promise<void>;
}

/** What is noted besides the decision. */
interface Besides {
  /** Another release, which a running process took. Default none */
  readonly taken?: TakenRecord | null;
  /** Whether a death may be of what ran before. Default false */
  readonly doubtful?: boolean;
  /** Whether the release could not be had yet. Default false */
  readonly missing?: boolean;
}

/** The starts of one machine. */
export class Starts {
  readonly #context: StartsContext;
  #timer: Timer | null = null;
  /** What this process has noted; undefined before that. */
  #noted: StartRecord | null | undefined;
  /** What the start was noted with, until the release of it is had. */
  #start: {
    readonly wanted: StartWanted;
    readonly decision: StartDecision;
    readonly taken: TakenRecord | null;
    readonly now: number;
    readonly ageMs: number;
  } | null = null;
  #writing: Promise<void> = Promise.resolve();
  #unsubscribe = () => {};

  constructor(context: StartsContext) {
    this.#context = context;
  }

  /** Decides what to start with, and notes the start. */
  async begin(wanted: StartWanted): Promise<StartDecision> {
    const { livedMs } = this.#context;
    let read: { record: StartRecord | null; now: number } | null = null;
    try {
      read = await this.#read();
    } catch {
      // Not known is not counted.
    }
    const record = read?.record ?? null;
    const decision = decideStart(record, wanted, read?.now ?? 0, livedMs);
    if (read !== null) {
      const { now } = read;
      const { upgradeId } = wanted;
      const taken = takenBefore(record, upgradeId, now, livedMs);
      const missing = decision.run === "wanted";
      const doubtful = missing && record?.upgrade_id === upgradeId &&
        record.doubtful === true;
      const ageMs = this.#context.ageMs();
      this.#start = missing ? { wanted, decision, taken, now, ageMs } : null;
      const noted = this.#note(wanted, decision, now, {
        taken,
        doubtful,
        missing,
      });
      // What is wanted is not charged before it is had, which takes longer than this.
      if (!missing) await noted;
    }
    return decision;
  }

  /** Notes that the release of the start runs from here on. */
  async had(upgradeId: string): Promise<void> {
    const start = this.#start;
    if (start?.wanted.upgradeId !== upgradeId) return;
    this.#start = null;
    const { wanted, decision, taken, now, ageMs } = start;
    await this.#note(
      wanted,
      decision,
      now + this.#context.ageMs() - ageMs,
      { taken },
    );
  }

  /** Notes that a release runs from here on, which the running process takes. */
  async taking(wanted: StartWanted): Promise<number> {
    try {
      const { record, now } = await this.#read();
      const { upgradeId } = wanted;
      const fresh = decideStart(null, wanted, now);
      const noted = this.#noted;
      this.#start = null;
      if (noted?.upgrade_id === upgradeId) {
        // The start could not get it: its deaths go on counting.
        const { stage, deaths, innocent, doubtful = false } = noted;
        const again = { ...fresh, stage, deaths, innocent };
        await this.#note(wanted, again, now, {
          doubtful: noted.missing
            ? isDoubtful(noted, wanted, this.#isYoung)
            : doubtful && this.#isYoung,
        });
        return deaths;
      }
      const taken = noted === undefined
        ? takenBefore(record, null, now, this.#context.livedMs)
        : noted?.taken ?? null;
      const deaths = taken?.upgrade_id === upgradeId ? taken.deaths : 0;
      if (deaths < DEATHS_MAX) {
        const isOpen = !!noted && noted.stage !== "ended";
        const doubtful = isDoubtful(record, wanted, isOpen || this.#isYoung);
        await this.#note(wanted, { ...fresh, deaths }, now, { doubtful });
      }
      return deaths;
    } catch {
      // As above.
      return 0;
    }
  }

  /** Removes the record, at an orderly end. */
  async forget(): Promise<void> {
    this.#stopWaiting();
    await this.#remove();
  }

  /** Stops waiting and leaves the record, as a process does that is killed. */
  abandon(): void {
    this.#stopWaiting();
  }

  async #note(
    wanted: StartWanted,
    decision: StartDecision,
    now: number,
    { taken = null, doubtful = false, missing = false }: Besides,
  ): Promise<void> {
    this.#stopWaiting();
    const { stage, deaths, innocent } = decision;
    const { livedMs, onEnd } = this.#context;
    const record: StartRecord = {
      ...this.#record(wanted, decision, now, taken),
      ...(doubtful ? { doubtful } : {}),
      ...(missing ? { missing } : {}),
    };
    this.#noted = record;
    const written = this.#write(record);
    if (stage === "ended") return await written;
    // Before it is written: an end meanwhile is in order too.
    this.#unsubscribe = onEnd(async () => {
      // A trial that is cut short has said nothing; the next start goes on with it.
      if (stage !== "trial") return await this.forget();
      this.#stopWaiting();
      await this.#write({
        ...record,
        stage: "normal",
        deaths: Math.max(0, deaths - 1),
        innocent,
      });
    });
    this.#timer = natives.setTimeout(() => {
      this.#stopWaiting();
      if (stage === "trial") {
        this.#write({ ...record, stage: "ended" });
        this.#context.onProven(wanted);
      } else this.#remove();
    }, livedMs);
    this.#timer.unref();
    await written;
  }

  #record(
    { upgradeId, revision }: StartWanted,
    { run, stage, deaths, innocent }: StartDecision,
    now: number,
    taken: TakenRecord | null,
  ): StartRecord {
    return {
      protocol: PROTOCOL_VERSION,
      machine_id: this.#context.machineId,
      upgrade_id: upgradeId,
      revision,
      at: new Date(now).toISOString(),
      stage,
      deaths,
      innocent,
      ...(run === "wanted" ? {} : { instead: run }),
      ...(taken === null ? {} : { taken }),
    };
  }

  #stopWaiting(): void {
    if (this.#timer !== null) natives.clearTimeout(this.#timer);
    this.#timer = null;
    this.#unsubscribe();
    this.#unsubscribe = () => {};
  }

  get #isYoung(): boolean {
    return this.#context.ageMs() < this.#context.livedMs;
  }

  get #key(): string {
    return startKey(this.#context.app, this.#context.machineId);
  }

  async #read(): Promise<{ record: StartRecord | null; now: number }> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    let now: number | null = null;
    const read = await getJson(this.#context.bucket, this.#key, {
      signal,
      onDate: (date) => now = date,
    });
    // A clock of its own would be compared with those of other hosts.
    if (now === null) throw new TypeError("the bucket tells no time");
    if (read.status !== "found") return { record: null, now };
    try {
      return { record: parseStartRecord(read.value), now };
    } catch {
      // By a newer runtime, or damaged: it says nothing.
      return { record: null, now };
    }
  }

  #write(record: StartRecord): Promise<void> {
    // Without the bucket no death is counted.
    return this.#inTurn((signal) =>
      putJson(this.#context.bucket, this.#key, record, "always", { signal })
    );
  }

  #remove(): Promise<void> {
    this.#noted = null;
    // Left behind by one that lived a minute, it is too old to count; by one that ended in order, it would be a death.
    return this.#inTurn((signal) =>
      this.#context.bucket.delete(this.#key, { signal })
    );
  }

  /** One after the other: the last word must be the one that stays. */
  #inTurn(act: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    return this.#writing = this.#writing.then(() => this.#tried(act));
  }

  /** Tries a few times, within the few seconds that the platform gives a process to end. */
  async #tried(act: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    for (let left = TRIES_MAX; left > 0 && !signal.aborted; left--) {
      try {
        await act(signal);
        return;
      } catch {
        await pause(RETRY_MS, { signal });
      }
    }
  }
}
