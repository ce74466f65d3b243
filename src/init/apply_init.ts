/** Writing what was planned, change by change.
 * @module
 */
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { joinPath } from "../base/values.ts";
import type { InitChange } from "./plan_types.ts";

/** Writes the edits of a change, unless a file is not any more what it was. */
export async function applyChange(
  { edits }: InitChange,
  folder: string,
  host: Pick<Host, "files">,
): Promise<void> {
  for (const { path, before } of edits) {
    if (await host.files.readText(joinPath(folder, path)) === before) continue;
    throw new FlyhotError(
      "conflict",
      `Cannot write ${path}: it changed since it was read`,
      { hint: "run flyhot init again" },
    );
  }
  for (const { path, after } of edits) {
    await host.files.write(joinPath(folder, path), after);
  }
}
