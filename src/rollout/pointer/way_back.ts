/** Where a rollback leads: pure decisions about the pointer and the machines.
 * @module
 */
import {
  type Generation,
  generationOf,
  type HotUpgrade,
  isUnread,
  type Pointer,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import { isRunning } from "../machines/ask_machines.ts";
import { previousUpgrade } from "./history.ts";

/** What is undone, and where that leads. */
interface WayBack {
  /** The base image that it is about. */
  readonly imageRef: string;
  /** The upgrade to undo; null where nobody can read which it is. */
  readonly upgradeId: string | null;
  /** The release to go back to; null for the base image. */
  readonly target: HotUpgrade | null;
}

/** Decides what is undone. */
export function chooseWay(
  pointer: Pointer | null,
  machines: readonly AppMachine[],
  { app, to }: { readonly app: string; readonly to?: string },
): WayBack {
  const ordered = [...machines.filter(isRunning), ...machines];
  const images = ordered.map(({ imageRef }) => imageRef);
  const unread = unreadImage(pointer, machines);
  if (unread !== null) {
    // What it names cannot be told: of all that machines may have run, only the image is left.
    if (to !== undefined && to !== "base") {
      throw new FlyhotError(
        "not_found",
        `Cannot roll ${app} back to ${to}: the pointer's entry of ${unread} cannot be read`,
        { hint: "go back to its image with: flyhot rollback --to-base" },
      );
    }
    return { imageRef: unread, upgradeId: null, target: null };
  }
  const generation = pointer && generationToUndo(pointer, machines);
  const current = generation?.hot_upgrade;
  if (!generation || !current) {
    const imageRef = images.find((image) => image !== "") ?? pointer?.image_ref;
    throw nothing(
      app,
      imageRef === undefined
        ? "nothing was released yet"
        : `its machines run ${imageRef} as it is`,
    );
  }
  const target = chooseTarget(app, generation, to);
  if (
    current.state === "committed" &&
    (target?.sha256 ?? null) === current.sha256
  ) {
    throw nothing(app, `${current.version} runs already`);
  }
  const { image_ref: imageRef } = generation;
  return { imageRef, upgradeId: current.id, target };
}

/** The image of a machine whose entry cannot be read; of one at rest only where none that runs can be read. */
function unreadImage(
  pointer: Pointer | null,
  machines: readonly AppMachine[],
): string | null {
  const isLost = ({ imageRef }: AppMachine) =>
    isUnread(pointer, imageRef) && generationOf(pointer, imageRef) === null;
  const running = machines.filter(isRunning);
  const lost = running.find(isLost) ??
    (running.length === 0 ? machines.find(isLost) : undefined);
  return lost?.imageRef ?? null;
}

/**
 * Finds what a rollback is about: the generation of the machines that run, else of those that there are, else the
 * newest; of several, one that was left on probation, else, while a deploy is under way, the newest of those that were
 * upgraded.
 */
function generationToUndo(
  pointer: Pointer,
  machines: readonly AppMachine[],
): Generation | null {
  const running = machines.filter(isRunning);
  const known = [...running, ...machines.filter((it) => !isRunning(it))]
    .map(({ imageRef }) => generationOf(pointer, imageRef))
    .filter((generation) => generation !== null);
  const newest = generationOf(pointer, pointer.image_ref);
  const candidates = known.length > 0 ? known : newest ? [newest] : [];
  const runs = new Set(
    running.map(({ imageRef }) => generationOf(pointer, imageRef)),
  );
  const upgraded = candidates.filter(({ hot_upgrade }) => hot_upgrade !== null)
    .sort((a, b) =>
      Number(runs.has(b)) - Number(runs.has(a)) ||
      Number(isOpen(b)) - Number(isOpen(a)) ||
      (a.first_seen < b.first_seen ? 1 : -1)
    );
  return upgraded[0] ?? candidates[0] ?? null;
}

function isOpen({ hot_upgrade }: Generation): boolean {
  return hot_upgrade?.state === "probation";
}

function chooseTarget(
  app: string,
  generation: Generation,
  to: string | undefined,
): HotUpgrade | null {
  if (to === "base") return null;
  if (to === undefined) return previousUpgrade(generation);
  const upgrade = [generation.hot_upgrade, ...generation.history]
    .find((each) => each?.id === to);
  if (upgrade) return upgrade.key === null ? null : upgrade;
  throw new FlyhotError(
    "not_found",
    `Cannot roll ${app} back to ${to}: the history of ${generation.image_ref} has no such upgrade`,
    { hint: "see what it has with: flyhot releases" },
  );
}

/** The error for an app that cannot go back. */
export function nothing(app: string, why: string): FlyhotError {
  return new FlyhotError(
    "not_found",
    `Cannot roll ${app} back: ${why}`,
    { hint: "see what runs with: flyhot status" },
  );
}
