/** Who listens to state, so that listeners end with the module whose evaluation made them.
 * @module
 */
import type { HolderCell } from "./holder_cell.ts";

/** Whose evaluation made a subscription. */
export interface SubscriptionOwner {
  /** The module. */
  readonly module: string;
  /** The attempt that evaluated it, or null for the base image. */
  readonly staging: object | null;
}

/** One subscription. */
export interface Subscription {
  /** What it listens to. */
  readonly cell: () => HolderCell;
  /** Whose evaluation made it, or null. */
  readonly owner: SubscriptionOwner | null;
  /** Ends it. */
  readonly end: () => void;
}

/** All subscriptions to state. */
export class Subscriptions {
  readonly #all = new Set<Subscription>();

  /** Adds one. */
  add(subscription: Subscription): () => void {
    this.#all.add(subscription);
    return () => void this.#all.delete(subscription);
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** Ends those of some owners. */
  endOf(isOver: (owner: SubscriptionOwner) => boolean): void {
    for (const { owner, end } of [...this.#all]) {
      if (owner && isOver(owner)) end();
    }
  }

  /** Tells those who listen to some holders. */
  notify(changed: (cell: HolderCell) => boolean): void {
    const cells = new Set([...this.#all].map(({ cell }) => cell()));
    for (const cell of cells) if (changed(cell)) cell.notify();
  }
}
