/** Commands that start an app, where they are written down.
 * @module
 */
import { parse as parseToml } from "@std/toml";
import { isRecord } from "../../base/values.ts";

/** The process groups of a `fly.toml`. */
export function processesOf(
  flyToml: string | null,
): readonly (readonly [group: string, command: string])[] {
  if (flyToml === null) return [];
  try {
    const { processes } = parseToml(flyToml);
    return Object.entries(isRecord(processes) ? processes : {}).flatMap((
      [group, command],
    ) => typeof command === "string" ? [[group, command] as const] : []);
  } catch {
    return [];
  }
}

/** The command of a task of a `deno.json`; empty if there is none. */
export function taskIn(
  denoJson: Readonly<Record<string, unknown>> | undefined,
): (name: string) => string {
  const tasks = denoJson?.tasks;
  return (name) => {
    const task = isRecord(tasks) && Object.hasOwn(tasks, name)
      ? tasks[name]
      : undefined;
    if (typeof task === "string") return task;
    return isRecord(task) && typeof task.command === "string"
      ? task.command
      : "";
  };
}
