/** State that the new code does not declare: given up by name, or the upgrade is refused.
 * @module
 */
import { UpgradeError } from "../../../base/upgrade_error.ts";
import type { RemovedName } from "./state_pairs.ts";

/** Refuses to remove state that nobody has given up by name. Throws naming the first one, with a refusal for each. */
export function refuseRemovals(
  removed: readonly RemovedName[],
  consent: ReadonlySet<string>,
): void {
  const refused = removed.filter(({ consent: wanted }) => !consent.has(wanted));
  const [first] = refused;
  if (!first) return;
  const { name, consent: wanted } = first;
  throw new UpgradeError(
    "load",
    `Cannot remove ${name}: ${heldBy(first)}; declare ${
      renameOf(first)
    } where it is called otherwise now, or give it up with --drop ${name} (consent "${wanted}")`,
    {
      refusals: refused.map((each) => ({
        rule: "holder",
        path: each.module,
        line: each.line ?? 0,
        column: 0,
        subject: each.name,
        why: `is removed: ${heldBy(each)}`,
        remedy: `declare ${
          renameOf(each)
        } where it is called otherwise now, or give it up with --drop ${each.name}`,
        consent: each.consent,
      })),
    },
  );
}

function heldBy({ size, sockets }: RemovedName): string {
  const what = sockets
    ? `it has ${size} open ${size === 1 ? "socket" : "sockets"}`
    : `it holds state (${size} ${size === 1 ? "state" : "states"})`;
  return `${what} that the new code does not declare`;
}

function renameOf({ name }: RemovedName): string {
  return `renamedFrom: "${name}"`;
}
