/** The pointer of an app under test: which release it runs, as the orchestrator would write it.
 * @module
 */
import {
  generationOf,
  HISTORY_MAX,
  type HotUpgrade,
  type Pointer,
  pointerWithGeneration,
} from "../../protocol/pointer.ts";

/** An upgrade that nobody has applied yet. */
export type NewUpgrade = Omit<HotUpgrade, "state" | "wave">;

/** What the one generation of an app under test runs. */
export interface Deployed {
  /** The current upgrade, or null for the code that the app was started with. */
  readonly current: HotUpgrade | null;
  /** Earlier ones, newest first. */
  readonly history: readonly HotUpgrade[];
}

/** Begins an upgrade: only this machine may apply it, and one that starts again does not. */
export function begun(
  { current, history }: Deployed,
  upgrade: NewUpgrade,
  machineId: string,
): Deployed {
  return {
    current: { ...upgrade, state: "probation", wave: [machineId] },
    history: current ? [current, ...history].slice(0, HISTORY_MAX) : history,
  };
}

/** Begins the way back to what was committed before; the next way back then leads one step further. */
export function begunBack(
  { current, history }: Deployed,
  target: HotUpgrade | null,
  upgrade: NewUpgrade,
  machineId: string,
): Deployed {
  const undone = current && { ...current, state: "rolled_back" as const };
  const rest = target ? history.slice(history.indexOf(target) + 1) : [];
  return begun({ current: undone, history: rest }, upgrade, machineId);
}

/** Ends an upgrade well: from now on a machine that starts again applies it too. */
export function committed({ current, history }: Deployed): Deployed {
  return {
    current: current && { ...current, state: "committed", wave: "*" },
    history,
  };
}

/** Ends an upgrade badly: what ran before is current again. */
export function refused(before: Deployed, { current }: Deployed): Deployed {
  if (!current) return before;
  return {
    current: before.current,
    history: [{ ...current, state: "rolled_back" as const }, ...before.history]
      .slice(0, HISTORY_MAX),
  };
}

/** What was committed before the current upgrade and differs from it: where a rollback leads. */
export function previous({ current, history }: Deployed): HotUpgrade | null {
  return history.find(({ state, sha256 }) =>
    state === "committed" && sha256 !== current?.sha256
  ) ?? null;
}

/** Writes what is deployed into the pointer. */
export function pointerWith(
  pointer: Pointer | null,
  where: { readonly app: string; readonly imageRef: string },
  { current, history }: Deployed,
  now: string,
): Pointer {
  const { app, imageRef } = where;
  const known = generationOf(pointer, imageRef);
  const generation = {
    image_ref: imageRef,
    first_seen: known?.first_seen ?? now,
    hot_upgrade: current,
    history,
  };
  return pointerWithGeneration(pointer, app, generation, now);
}
