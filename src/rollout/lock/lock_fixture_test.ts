/**
 * A lock over a bucket that misbehaves, on a clock of its own.
 *
 * @module
 */

import {
  MemoryBucket,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import { Sim } from "../../../tests/sim/sim.ts";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import type { ReportEvent } from "../../ui/reporter.ts";
import { acquireLock } from "./lock.ts";
import type { LockLease } from "./lease.ts";
import { readLock } from "./store.ts";

/** How long a lock is held without a renewal. */
export const TTL_MS = 30_000;

type Fault = (
  content: string,
  condition: WriteCondition,
) => WriteOutcome | Error | "lose the answer" | undefined;

/** A bucket whose writes go wrong as told. */
class OddBucket extends MemoryBucket {
  fault: Fault = () => undefined;

  override async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
  ): Promise<WriteOutcome> {
    const fault = this.fault(new TextDecoder().decode(content), condition);
    if (fault instanceof Error) throw fault;
    if (typeof fault === "object") return fault;
    const outcome = await super.put(key, content, condition);
    return fault === undefined
      ? outcome
      : { status: "unknown", reason: "the line was cut" };
  }
}

/** A deployer with a lock to take. */
export class Setting {
  readonly sim = new Sim({ seed: 1 });
  readonly host = new SimHost(this.sim);
  readonly bucket = new OddBucket(undefined, () => this.sim.now);
  readonly events: ReportEvent[] = [];
  readonly deps = {
    host: this.host,
    bucket: this.bucket,
    reporter: { emit: (event: ReportEvent) => void this.events.push(event) },
  };

  acquire(
    options: { holder?: string; force?: boolean; ttlMs?: number } = {},
    signal?: AbortSignal,
  ): Promise<LockLease> {
    const { holder = "ann", ttlMs = TTL_MS, force = false } = options;
    const purpose = "deploy 1.2.3";
    return acquireLock(
      { app: "a", holder, purpose, ttlMs, force },
      this.deps,
      signal,
    );
  }

  run(act: () => Promise<void>): Promise<void> {
    return this.sim.run(act());
  }

  async state(): Promise<string | undefined> {
    return (await readLock(this.bucket, "a"))?.record.state;
  }
}
