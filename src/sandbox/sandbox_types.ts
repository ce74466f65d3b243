/** What is asked of a sandbox, and what it answers.
 * @module
 */
import type { FaultHook } from "./server/faults.ts";
import type { LogLine } from "./machine/records/machine_log.ts";
import type { MachineSettings } from "./machine/records/machine_types.ts";
import type { SandboxMachine } from "./sandbox_machine.ts";

/** Options of {@linkcode startSandbox}. */
export interface SandboxOptions {
  /** The app's name. Default `sandbox-app`. */
  readonly app?: string;
  /** Where machines are placed, one after the other. Default `["iad"]`; the first is the primary region. */
  readonly regions?: readonly string[];
  /** An empty or missing folder that everything is kept in. Default a new temporary one. */
  readonly folder?: string;
  /** The bucket's name. Default `flyhot-sandbox`. */
  readonly bucket?: string;
  /** App secrets besides the credentials that the sandbox makes up itself. Default none. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Whether the Machines API keeps Fly's rate limits and answers 429 beyond them. Default true. */
  readonly rateLimits?: boolean;
  /** Makes trouble. Default none. */
  readonly faults?: FaultHook;
  /** Whether `stop()` leaves the folder behind. Default false. */
  readonly keep?: boolean;
  /** Who `fly auth whoami` says is logged in. Default `you@sandbox.invalid`. */
  readonly email?: string;
  /** Called with every line that a machine logs. Default none. */
  readonly onLog?: (line: LogLine) => void;
  /** Gives up starting; afterwards it does nothing. */
  readonly signal?: AbortSignal;
}

/** How to make one machine by hand. */
export interface CreateMachineOptions {
  /** The image, as `buildImage()` returned it. */
  readonly image: string;
  /** Its name. Default a generated one. */
  readonly name?: string;
  /** Its region. Default the primary region. */
  readonly region?: string;
  /** More configuration. Default none. */
  readonly config?: MachineSettings;
}

/** What a deploy did. */
export interface Deployment {
  /** The image that the machines run now. */
  readonly imageRef: string;
  /** The machines made or updated. */
  readonly machines: readonly SandboxMachine[];
}

/** Options of everything that waits. */
export interface WaitOptions {
  /** How long, in milliseconds. Default 10000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Options of `waitForLog()`. */
export interface LogWaitOptions extends WaitOptions {
  /** Whether lines from before the machine's last start do not count. Default false. */
  readonly sinceStart?: boolean;
}

/** Options of `exec()`. */
export interface ExecOptions extends WaitOptions {
  /** What the process reads. Default nothing. */
  readonly stdin?: string;
}
