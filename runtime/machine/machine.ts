/** The part of the runtime that acts: does what the pointer says, and says what became of it.
 * @module
 */
import { performance } from "../base/platform/globals.ts";
import type { HotUpgrade } from "../protocol/hot_upgrade.ts";
import type { MachineResult } from "../protocol/machine/machine_result.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { UpgradeOutcome } from "../upgrade/context.ts";
import { boot, proven } from "./start/boot.ts";
import {
  BringIn,
  type BringInDeps,
  TRANSACTION,
  type Transaction,
} from "./bring_in.ts";
import type { MachineContext } from "./context.ts";
import { bootUpgrades, decideUpgrade } from "./decide_upgrade.ts";
import { looking } from "./pointer/look_error.ts";
import { PointerReading } from "./pointer/pointer_reading.ts";
import { Starts } from "./start/starts.ts";
import { Upgrades } from "./results/upgrade_memory.ts";

export type { Transaction } from "./bring_in.ts";

/** Brings upgrades in on this machine. */
export class Machine {
  readonly #deps: BringInDeps;
  readonly #bringIn: BringIn;
  #isBooting = false;
  /** What boot could not download. */
  #owed: HotUpgrade | null = null;

  constructor(context: MachineContext, transaction: Transaction = TRANSACTION) {
    const { bucket, settings, appProcess } = context;
    const upgrades = new Upgrades(context);
    const begunAt = performance.now();
    const starts = bucket && new Starts({
      bucket,
      app: settings.app,
      machineId: settings.machineId,
      livedMs: settings.livedMs,
      ageMs: () => performance.now() - begunAt,
      onEnd: (act) => appProcess.endSignals.onEnd(act),
      onProven: (wanted) => proven(wanted, { context, upgrades }),
    });
    const pointer = new PointerReading(context);
    this.#deps = { context, transaction, pointer, upgrades, starts };
    this.#bringIn = new BringIn(this.#deps);
  }

  /** The newest upgrade that has ended here, or null. */
  get lastUpgradeId(): string | null {
    return this.#deps.upgrades.lastId;
  }

  /** Applies, before the app serves, what its generation runs. */
  async boot(): Promise<MachineResult | null> {
    // What the pointer says is not acted on twice.
    this.#isBooting = true;
    try {
      const { result, owed } = await boot(this.#deps, this.#bringIn);
      this.#owed = owed;
      return result;
    } finally {
      this.#isBooting = false;
    }
  }

  /** Says that the process ends in order. */
  async rest(): Promise<void> {
    await this.#deps.starts?.forget();
  }

  /** Reads the pointer once and does what it says. */
  async poll(): Promise<number | null> {
    const { context: { settings }, pointer, upgrades } = this.#deps;
    if (this.#isBooting) return null;
    await looking("the pointer cannot be read", () => pointer.read());
    if (this.#isBooting) return null;
    const decision = decideUpgrade(
      pointer.generation,
      settings.machineId,
      upgrades.memory,
      performance.now(),
    );
    if (decision.act === "wait") return decision.until - performance.now();
    if (decision.act === "none") return await this.#bringInOwed();
    const { id, version } = decision.upgrade;
    const hasFailed = !upgrades.memory.has(id) && await looking(
      `what this machine has said of ${version} before cannot be read`,
      () => upgrades.failedBefore(id),
    );
    if (hasFailed) return null;
    this.#owed = null;
    await this.#take(decision.upgrade);
    return null;
  }

  /** Tries again what could not be had at boot: the image serves, and goes on serving however long that takes. */
  async #bringInOwed(): Promise<number | null> {
    const { pointer, upgrades } = this.#deps;
    const owed = this.#owed;
    const memory = owed && upgrades.memory.get(owed.id);
    if (!owed || memory?.state === "ended") return null;
    if (!bootUpgrades(pointer.generation).some(({ id }) => id === owed.id)) {
      this.#owed = null;
      return null;
    }
    const wait = (memory?.retryAt ?? 0) - performance.now();
    if (wait > 0) return wait;
    const { state } = await this.#take(owed);
    if (state !== "pending") this.#owed = null;
    return null;
  }

  #take(wanted: HotUpgrade): Promise<MachineResult> {
    return looking(
      `${wanted.version} cannot be brought in`,
      () => this.#bringIn.bringIn(wanted, null),
    );
  }

  /** Brings a release in that is named by its URL alone. */
  bringInDirectly(release: WantedRelease): Promise<UpgradeOutcome> {
    return this.#bringIn.directly(release);
  }

  /** Looks at the pointer now, where new code is watched. */
  nudge(): void {
    this.#bringIn.nudge();
  }
}
