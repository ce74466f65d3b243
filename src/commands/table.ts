/** All commands; each is loaded when it is asked for.
 * @module
 */
import type { Command } from "./command.ts";
import { HIDDEN, SUMMARIES } from "./summaries.ts";

/** What is known of a command before it is loaded. */
interface ListedCommand {
  readonly name: string;
  /** One line on it. */
  readonly summary: string;
  /** Whether the overview leaves it out. */
  readonly hidden: boolean;
  readonly load: () => Promise<Command>;
}

// Written out one by one: only literal specifiers are found by whoever bundles or compiles this.
const LOADERS = {
  init: async () => (await import("./project/init.ts")).initCommand,
  hot: async () => (await import("./rollout/hot.ts")).hotCommand,
  plan: async () => (await import("./project/plan.ts")).planCommand,
  rehearse: async () => (await import("./project/rehearse.ts")).rehearseCommand,
  pack: async () => (await import("./project/pack.ts")).packCommand,
  status: async () => (await import("./inspect/status.ts")).statusCommand,
  logs: async () => (await import("./inspect/logs.ts")).logsCommand,
  rollback: async () => (await import("./rollout/rollback.ts")).rollbackCommand,
  releases: async () => (await import("./inspect/releases.ts")).releasesCommand,
  lock: async () => (await import("./rollout/lock.ts")).lockCommand,
  doctor: async () => (await import("./inspect/doctor.ts")).doctorCommand,
  keygen: async () => (await import("./project/keygen.ts")).keygenCommand,
  sandbox: async () => (await import("./project/sandbox.ts")).sandboxCommand,
  completions: async () =>
    (await import("./completions.ts")).completionsCommand(loadAll),
  orchestrate: async () =>
    (await import("./rollout/orchestrate.ts")).orchestrateCommand,
} as const satisfies Record<keyof typeof SUMMARIES, () => Promise<Command>>;

/** The commands, in the order of the overview. */
export const COMMANDS: readonly ListedCommand[] = Object.entries(SUMMARIES).map(
  ([name, summary]) => ({
    name,
    summary,
    hidden: HIDDEN.has(name),
    load: LOADERS[name as keyof typeof LOADERS],
  }),
);

/** Loads all commands, in the order of the overview. */
export async function loadAll(): Promise<readonly Command[]> {
  return await Promise.all(COMMANDS.map(({ load }) => load()));
}
