/** What an upgrade closes while it works on state: one gate for a holder, one for all members of a family.
 * @module
 */

/** Whatever stands behind a gate. */
export interface Gated {
  /** The gate. */
  readonly gate: {
    state: "open" | "draining" | "closed";
    readonly busy: ReadonlySet<GatedCell>;
  };
}

/** What a gate knows of the holders behind it. */
export interface GatedCell {
  /** What it is called in messages. */
  readonly name: string;
  /** Serves the calls that wait, as far as they are admitted. */
  serve(): void;
  /** Waits until no action runs. */
  settled(): Promise<void>;
}

/** Thrown where state cannot be brought to rest. */
export type BusyError = (name: string) => Error;

/** A gate; closing it costs the same for one holder and for a million. */
export class Gate<Cell extends GatedCell> {
  /** `draining`: only calls that an action in flight waits for; `closed`: none from outside. */
  state: "open" | "draining" | "closed" = "open";
  /** Those with an action that has not ended. */
  readonly busy: Set<Cell> = new Set();
  /** Those with calls that wait. */
  readonly waiting: Set<Cell> = new Set();
  /** While an upgrade copies ahead: those whose state may have changed since their copy. */
  touched: Set<Cell> | null = null;
  /** While an upgrade looks for kept instances: those whose state may have changed since. */
  walked: Set<Cell> | null = null;
  /** While new code is not yet trusted: the state that outsiders are shown, where it is another one. */
  before: ((cell: Cell) => { readonly state: unknown } | null) | null = null;

  /** Takes calls again, those that waited first. */
  open(): void {
    this.state = "open";
    for (const cell of [...this.waiting]) cell.serve();
  }
}

/**
 * Brings holders to rest: none takes calls from outside, and each finishes the action it is in. Throws what `stillBusy`
 * makes, at the deadline; the gates are left draining.
 */
export async function quiesceGates(
  gated: readonly Gated[],
  deadline: AbortSignal,
  stillBusy: BusyError,
): Promise<void> {
  const gates = gated.map(({ gate }) => gate);
  for (const gate of gates) gate.state = "draining";
  const expired = Promise.withResolvers<void>();
  const expire = () => expired.resolve();
  deadline.addEventListener("abort", expire, { once: true });
  try {
    // While one holder finishes, an action in flight may start work on another: a whole pass must find all idle.
    for (let restless = true; restless;) {
      restless = false;
      for (const gate of gates) {
        for (const cell of gate.busy) {
          restless = true;
          if (deadline.aborted) throw stillBusy(cell.name);
          await Promise.race([cell.settled(), expired.promise]);
        }
      }
    }
  } finally {
    deadline.removeEventListener("abort", expire);
  }
  for (const gate of gates) gate.state = "closed";
}
