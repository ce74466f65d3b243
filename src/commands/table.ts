/** All commands.
 * @module
 */
import type { Command } from "./command.ts";
import { completionsCommand } from "./completions.ts";
import { doctorCommand } from "./doctor.ts";
import { hotCommand } from "./hot.ts";
import { orchestrateCommand } from "./orchestrate.ts";
import { packCommand } from "./pack.ts";
import { planCommand } from "./plan.ts";
import { initCommand } from "./init.ts";
import { keygenCommand } from "./keygen.ts";
import { lockCommand } from "./lock.ts";
import { rehearseCommand } from "./rehearse.ts";
import { releasesCommand } from "./releases.ts";
import { rollbackCommand } from "./rollback.ts";
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
