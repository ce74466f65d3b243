/** A bucket behind a bad network, in a simulated world.
 * @module
 */
import {
  type Bucket,
  BucketError,
  type BucketRequestOptions,
  type ListedObject,
  type ReadOutcome,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import type { Sim } from "./sim.ts";

/** How bad the network is; each a likelihood of 0 to 1. */
export interface FaultRates {
  /** A read fails. Default 0. */
  readonly read?: number;
  /** The answer of a write is lost; whether it happens is open. Default 0. */
  readonly write?: number;
  /** How late a write may happen whose answer was lost, in milliseconds. Default 0: at once or never. */
  readonly lateMs?: number;
  /** A read of pointer or results answers with what was there before. Default 0. */
  readonly stale?: number;
  /** A write arrives twice. Default 0. */
  readonly doubled?: number;
}

/** A bucket that remembers what was there before. */
export interface RememberingBucket extends Bucket {
  /** What a replica that lags behind would answer; null where it lags behind nothing. */
  before?(key: string): ReadOutcome | null;
}

/** The view that one client has of a shared {@linkcode MemoryBucket}. */
export class FaultyBucket implements Bucket {
  readonly #sim: Sim;
  readonly #inner: RememberingBucket;
  #faults: FaultRates;
  /** Whether nothing reaches the bucket any more. */
  cut = false;

  /**
   * @param sim decides when requests arrive, answers return and what fails
   * @param inner the objects
   * @param faults how much fails
   */
  constructor(sim: Sim, inner: RememberingBucket, faults: FaultRates = {}) {
    this.#sim = sim;
    this.#inner = inner;
    this.#faults = faults;
  }

  /** From now on the network is good. */
  mend(): void {
    this.#faults = {};
  }

  url(key: string): string {
    return this.#inner.url(key);
  }

  keyOf(url: string): string | null {
    return this.#inner.keyOf(url);
  }

  async get(
    key: string,
    options: BucketRequestOptions & { readonly ifNoneMatch?: string } = {},
  ): Promise<ReadOutcome> {
    await this.#sim.turn(options.signal);
    this.#mayFail(`read ${key}`);
    const stale = /-(current|results)/.test(key) &&
        this.#sim.chance(this.#faults.stale ?? 0)
      ? this.#inner.before?.(key) ?? null
      : null;
    const outcome = stale ?? await this.#inner.get(key, options);
    await this.#sim.turn(options.signal);
    return outcome;
  }

  async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
    options: BucketRequestOptions = {},
  ): Promise<WriteOutcome> {
    await this.#sim.turn(options.signal);
    if (this.cut) return { status: "unknown", reason: "the line is cut" };
    // Once sent, a write takes its run, whether or not the sender still listens.
    const arrive = () => this.#inner.put(key, content, condition);
    if (this.#sim.chance(this.#faults.write ?? 0)) {
      const { lateMs = 0 } = this.#faults;
      const fate = this.#sim.between(0, lateMs > 0 ? 2 : 1);
      if (fate === 1) await arrive();
      if (fate === 2) {
        this.#sim.sleep(this.#sim.between(0, lateMs)).then(arrive, () => {});
      }
      await this.#sim.turn(options.signal);
      return { status: "unknown", reason: "the line was cut" };
    }
    const outcome = await arrive();
    if (this.#sim.chance(this.#faults.doubled ?? 0)) {
      this.#sim.sleep(this.#sim.between(0, 2_000)).then(arrive, () => {});
    }
    await this.#sim.turn(options.signal);
    return outcome;
  }

  async delete(
    key: string,
    options: BucketRequestOptions = {},
  ): Promise<void> {
    await this.#sim.turn(options.signal);
    this.#mayFail(`remove ${key}`);
    await this.#inner.delete(key, options);
  }

  async *list(
    prefix: string,
    options: BucketRequestOptions = {},
  ): AsyncIterable<ListedObject> {
    await this.#sim.turn(options.signal);
    this.#mayFail(`list ${prefix}`);
    yield* this.#inner.list(prefix, options);
  }

  #mayFail(what: string): void {
    if (this.cut || this.#sim.chance(this.#faults.read ?? 0)) {
      throw new BucketError("network", `Cannot ${what}: the line was cut`);
    }
  }
}
