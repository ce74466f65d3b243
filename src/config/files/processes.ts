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

/** The command of a task of a `deno.json`, or of a script of a `package.json`, as `deno task` finds it; empty if there is none. */
export function taskIn(
  denoJson: Readonly<Record<string, unknown>> | null | undefined,
  packageJson?: Readonly<Record<string, unknown>> | null,
): (name: string) => string {
  const tables = [denoJson?.tasks, packageJson?.scripts];
  return (name) => {
    const tasks = tables.find((table) =>
      isRecord(table) && Object.hasOwn(table, name)
    );
    const task = isRecord(tasks) ? tasks[name] : undefined;
    if (typeof task === "string") return task;
    return isRecord(task) && typeof task.command === "string"
      ? task.command
      : "";
  };
}

/** The path of the Dockerfile that a `fly.toml` names; `Dockerfile` where it names none. */
export function dockerfileIn(flyToml: string | null): string {
  const usual = "Dockerfile";
  if (flyToml === null) return usual;
  try {
    const { build } = parseToml(flyToml);
    const path = isRecord(build) ? build.dockerfile : undefined;
    return typeof path === "string" && path !== "" && !path.startsWith("/") &&
        !path.split("/").includes("..")
      ? path.replaceAll(/(^|\/)(?:\.\/+)+/g, "$1")
      : usual;
  } catch {
    return usual;
  }
}
