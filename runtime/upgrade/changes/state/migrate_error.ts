/** What went wrong with copies and migrations, as an upgrade says it.
 * @module
 */
import {
  RefusedError,
  type UpgradeError,
  upgradeError,
} from "../../../base/upgrade_error.ts";
import { CopyError } from "../../../state/copy/copy_error.ts";
import type { StateDefinition } from "../../../state/definition.ts";

/** What cannot be copied is refused as what cannot be kept is: by its module. */
export function migrateError(
  error: unknown,
  definitions: readonly StateDefinition[],
): UpgradeError {
  if (!(error instanceof CopyError)) {
    return upgradeError("migrate", null, error);
  }
  const { path, className, why, remedy, message } = error;
  const [owner] = definitions
    .filter(({ name }) => path.startsWith(name))
    .sort((one, other) => other.name.length - one.name.length);
  const refused = new RefusedError({
    rule: "state",
    path: owner?.module ?? "",
    line: owner?.line ?? 0,
    column: 0,
    subject: `${path} (${className})`,
    why,
    remedy,
  }, message);
  refused.cause = error;
  return upgradeError("migrate", null, refused);
}
