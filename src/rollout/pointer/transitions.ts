/** How the pointer changes: pure, and idempotent, so that a write whose answer was lost can simply be repeated.
 * @module
 */
import {
  boundedGenerations,
  emptyPointer,
  type Generation,
  generationKey,
  generationOf,
  HISTORY_MAX,
  type HotUpgrade,
  type Pointer,
  pointerWithGeneration,
  pointerWithGenerations,
  sameImage,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { lastCommitted } from "./history.ts";

/** One change of the pointer: gives back the very same pointer where there is nothing to change. */
export type Transition = (pointer: Pointer | null) => Pointer | null;

/** What undoes an upgrade. */
export interface RollbackOptions {
  /** The upgrade to undo; it must be the current one. */
  readonly upgradeId: string;
  /** The id of the upgrade that undoes it. */
  readonly id: string;
  /** Who does it. */
  readonly deployedBy: string;
  /** When, RFC 3339. */
  readonly now: string;
  /** What to go back to. Default: {@linkcode lastCommitted}; null for the base image as it is. */
  readonly target?: HotUpgrade | null;
}

/** Makes an upgrade the current one of its base image, on probation. */
export function withUpgrade(
  app: string,
  imageRef: string,
  upgrade: HotUpgrade,
  now: string,
): Transition {
  return (pointer) => {
    const key = generationKey(pointer, imageRef) ?? imageRef;
    const before: Generation = generationOf(pointer, imageRef) ??
      { image_ref: imageRef, first_seen: now, hot_upgrade: null, history: [] };
    if (before.hot_upgrade?.id === upgrade.id) return pointer;
    if (before.history.some(({ id }) => id === upgrade.id)) {
      throw replaced(upgrade.id, before);
    }
    return pointerWithGeneration(
      pointer,
      app,
      replacedBy(before, upgrade),
      now,
      key,
    );
  };
}

/** Says which machines may apply the current upgrade. */
export function withWave(
  upgradeId: string,
  wave: HotUpgrade["wave"],
  now: string,
): Transition {
  return changeCurrent(
    upgradeId,
    now,
    (upgrade) =>
      JSON.stringify(upgrade.wave) === JSON.stringify(wave)
        ? upgrade
        : { ...upgrade, wave },
  );
}

/** Makes the current upgrade what every machine of its base image runs, restarted ones included. */
export function committed(upgradeId: string, now: string): Transition {
  return changeCurrent(
    upgradeId,
    now,
    (upgrade) =>
      upgrade.state === "committed" && upgrade.wave === "*"
        ? upgrade
        : { ...upgrade, state: "committed", wave: "*" },
  );
}

/** Undoes the current upgrade by an ordinary one, back to what was committed before it. */
export function rolledBack(options: RollbackOptions): Transition {
  const { upgradeId, id, deployedBy, now } = options;
  return (pointer) => {
    const generations = Object.entries(pointer?.generations ?? {});
    if (generations.some(([, { hot_upgrade }]) => hot_upgrade?.id === id)) {
      return pointer;
    }
    const { key, generation, upgrade } = current(pointer, upgradeId);
    const target = options.target === undefined
      ? lastCommitted(generation)
      : options.target;
    const back: HotUpgrade = {
      id,
      version: target?.version ?? "base",
      source_image_ref: target?.source_image_ref ?? generation.image_ref,
      key: target?.key ?? null,
      tarball_url: target?.tarball_url ?? null,
      sha256: target?.sha256 ?? null,
      size: target?.size ?? 0,
      deployed_at: now,
      deployed_by: deployedBy,
      state: "committed",
      wave: "*",
      rollback_of: upgradeId,
      // The release is vouched for, not the upgrade: nobody has to sign again.
      ...(target?.signature ? { signature: target.signature } : {}),
    };
    const undone: Generation = {
      ...generation,
      hot_upgrade: { ...upgrade, state: "rolled_back" },
    };
    return changed(pointer!, key, replacedBy(undone, back), now);
  };
}

/** Puts an entry for the base image as it is in the place of one that cannot be read. */
export function rebased(
  app: string,
  imageRef: string,
  { id, deployedBy, now }: Omit<RollbackOptions, "upgradeId" | "target">,
): Transition {
  return withUpgrade(app, imageRef, {
    id,
    version: "base",
    source_image_ref: imageRef,
    key: null,
    tarball_url: null,
    sha256: null,
    size: 0,
    deployed_at: now,
    deployed_by: deployedBy,
    state: "committed",
    wave: "*",
  }, now);
}

/** Makes writes that may still be under way fail: they were based on the pointer as it was before. */
export function fenced(app: string, imageRef: string, now: string): Transition {
  return (pointer) => ({
    ...pointer ?? emptyPointer(app, imageRef, now),
    revision: (pointer?.revision ?? 0) + 1,
    set_at: now,
  });
}

function changeCurrent(
  upgradeId: string,
  now: string,
  change: (upgrade: HotUpgrade) => HotUpgrade,
): Transition {
  return (pointer) => {
    const { key, generation, upgrade } = current(pointer, upgradeId);
    const after = change(upgrade);
    if (after === upgrade) return pointer;
    return changed(
      pointer!,
      key,
      { ...generation, hot_upgrade: after },
      now,
    );
  };
}

function changed(
  pointer: Pointer,
  key: string,
  generation: Generation,
  now: string,
): Pointer {
  return pointerWithGeneration(pointer, pointer.app, generation, now, key);
}

function current(
  pointer: Pointer | null,
  upgradeId: string,
): { key: string; generation: Generation; upgrade: HotUpgrade } {
  let last: Generation | undefined;
  for (const [key, generation] of Object.entries(pointer?.generations ?? {})) {
    const upgrade = generation.hot_upgrade;
    if (upgrade?.id === upgradeId) return { key, generation, upgrade };
    if (generation.history.some(({ id }) => id === upgradeId)) {
      last = generation;
    }
  }
  throw replaced(upgradeId, last);
}

function replaced(upgradeId: string, generation?: Generation): FlyhotError {
  const by = generation?.hot_upgrade;
  return new FlyhotError(
    "conflict",
    `Cannot change upgrade ${upgradeId}: ${
      by
        ? `${by.id} (${by.version}, by ${by.deployed_by}) has replaced it`
        : "the pointer does not name it"
    }`,
    { hint: "see what runs with: flyhot status" },
  );
}

function replacedBy(before: Generation, upgrade: HotUpgrade): Generation {
  const last = before.hot_upgrade;
  if (!last) return { ...before, hot_upgrade: upgrade };
  // What never got past probation was never what everybody runs.
  const final: HotUpgrade = last.state === "probation"
    ? { ...last, state: "rolled_back" }
    : last;
  return {
    ...before,
    hot_upgrade: upgrade,
    history: [final, ...before.history].slice(0, HISTORY_MAX),
  };
}

/** Drops the oldest generations past 20, but none that a machine runs. */
export function withoutOldGenerations(
  images: readonly string[],
  now: string,
): Transition {
  return (pointer) => {
    // Where nobody can tell what a machine runs, nothing may go.
    const isKnown = images.every((image) => image !== "");
    if (!pointer || !isKnown) return pointer;
    const inUse = new Set(
      Object.entries(pointer.generations)
        .filter(([, { image_ref }]) =>
          images.some((image) => sameImage(image, image_ref))
        )
        .map(([key]) => key),
    );
    const kept = boundedGenerations(pointer.generations, inUse, true);
    return kept === pointer.generations
      ? pointer
      : pointerWithGenerations(pointer, kept, now);
  };
}
