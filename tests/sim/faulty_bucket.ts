/** A bucket behind a bad network, in a simulated world.
 * @module
 */
import {
  type Bucket,
  BucketError,
  type BucketRequestOptions,
  type ListedObject,
  type MemoryBucket,
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
}

/** The view that one client has of a shared {@linkcode MemoryBucket}. */
export class FaultyBucket implements Bucket {
  readonly #sim: Sim;
  readonly #inner: MemoryBucket;
  readonly #faults: FaultRates;
  /** Whether nothing reaches the bucket any more. */
  cut = false;

  /**
   * @param sim decides when requests arrive, answers return and what fails
   * @param inner the objects
   * @param faults how much fails
   */
  constructor(sim: Sim, inner: MemoryBucket, faults: FaultRates = {}) {
    this.#sim = sim;
    this.#inner = inner;
    this.#faults = faults;
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
    const outcome = await this.#inner.get(key, options);
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
