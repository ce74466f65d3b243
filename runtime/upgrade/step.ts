/** The steps of an upgrade: each failure says in which one it happened.
 * @module
 */
import type { UpgradePhase } from "../base/phases.ts";
import { upgradeError } from "../base/upgrade_error.ts";

/** Does one step. Throws with that phase, if it fails. */
export async function step<T>(
  phase: UpgradePhase,
  act: () => T,
): Promise<Awaited<T>> {
  try {
    return await act();
  } catch (thrown) {
    throw upgradeError(phase, null, thrown);
  }
}
