/** All commands.
 * @module
 */
import type { Command } from "./command.ts";
import { completionsCommand } from "./completions.ts";
import { doctorCommand } from "./doctor.ts";
import { hotCommand } from "./rollout/hot.ts";
import { orchestrateCommand } from "./rollout/orchestrate.ts";
import { packCommand } from "./pack.ts";
import { planCommand } from "./plan.ts";
import { initCommand } from "./init.ts";
import { keygenCommand } from "./keygen.ts";
import { lockCommand } from "./rollout/lock.ts";
import { rehearseCommand } from "./rehearse.ts";
import { releasesCommand } from "./releases.ts";
import { rollbackCommand } from "./rollout/rollback.ts";
import { sandboxCommand } from "./sandbox.ts";
import { statusCommand } from "./status.ts";

/** The commands, in the order of the overview. */
export const COMMANDS: readonly Command[] = [
  initCommand,
  hotCommand,
  planCommand,
  rehearseCommand,
  packCommand,
  statusCommand,
  rollbackCommand,
  releasesCommand,
  lockCommand,
  doctorCommand,
  keygenCommand,
  sandboxCommand,
  completionsCommand(() => COMMANDS),
  orchestrateCommand,
];
