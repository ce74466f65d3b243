/** Probations that nobody watches any more: their deployer is gone, and its lock has lapsed.
 * @module
 */
import {
  type HotUpgrade,
  type Pointer,
  sameImage,
} from "@flyhot/runtime/protocol";
import { lockState } from "../lock/decision.ts";
import type { StoredLock } from "../lock/store.ts";

/** An upgrade that was left on probation. */
export interface AbandonedProbation {
  /** The upgrade. */
  readonly upgrade_id: string;
  /** Its version. */
  readonly version: string;
  /** The base image. */
  readonly image_ref: string;
  /** Who began it. */
  readonly deployed_by: string;
  /** When, RFC 3339. */
  readonly deployed_at: string;
  /** The machines that may run it. */
  readonly machines: HotUpgrade["wave"];
}

/** What settles an abandoned probation. */
export const SETTLES = "flyhot rollback";

/** Finds the upgrades on probation, whether or not somebody watches them. */
export function onProbation(
  pointer: Pointer,
  imageRefs: readonly string[],
): readonly AbandonedProbation[] {
  return Object.values(pointer.generations).flatMap((generation) => {
    const { hot_upgrade, image_ref } = generation;
    if (hot_upgrade?.state !== "probation") return [];
    if (!imageRefs.some((ref) => sameImage(ref, image_ref))) return [];
    const { id, version, deployed_by, deployed_at, wave } = hot_upgrade;
    return [{
      upgrade_id: id,
      version,
      image_ref,
      deployed_by,
      deployed_at,
      machines: wave,
    }];
  });
}

/** Tells whether nobody watches a rollout any more. */
export function isUnwatched(lock: StoredLock | null): boolean {
  return lock === null || lockState(lock.record, lock.date) !== "held";
}

/** Says in one sentence what was left and what settles it. */
export function describeAbandoned(
  { version, deployed_by, machines, upgrade_id }: AbandonedProbation,
): string {
  const where = machines === "*"
    ? "all machines"
    : machines.length === 0
    ? "no machine"
    : machines.join(", ");
  return `v${version} was left on probation by ${deployed_by} on ${where} (upgrade ${upgrade_id})`;
}
