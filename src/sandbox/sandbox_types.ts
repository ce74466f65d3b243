/** What a sandbox is, for whoever uses it.
 * @module
 */
import type { FaultHook } from "./faults.ts";
import type { LogLine } from "./machine/records/machine_log.ts";
import type {
  MachineSettings,
  MachineState,
} from "./machine/records/machine_types.ts";

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
  /** Whether the Machines API keeps Fly's rate limits and answers 429 beyond them. Default false. */
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

/** A machine, as seen by whoever runs the sandbox. */
export interface SandboxMachine {
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Its region. */
  readonly region: string;
  /** Its process group, or null for one made outside `deploy`. */
  readonly group: string | null;
  /** What it is doing. */
  readonly state: MachineState;
  /** The image as its creator wrote it. */
  readonly imageRef: string;
  /** Which version of its configuration it runs. */
  readonly instanceId: string;
  /** Where its program is to listen: `http://127.0.0.1:<PORT>`. */
  readonly url: string;
  /** The folder that stands for the image's working folder, usually `/app`. */
  readonly root: string;
  /** Where the flyhot runtime listens: `FLYHOT_SOCKET`. */
  readonly socket: string;
  /** Its log file. */
  readonly logFile: string;
  /** The id of its main process, or null while none runs. */
  readonly pid: number | null;
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

/** Options of `buildImage()`. */
export interface BuildImageOptions {
  /** The tag. Default `deployment-<ULID>`. */
  readonly label?: string;
  /** Values of the Dockerfile's `ARG`s. Default none. */
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/** Options of `deploy()`. */
export interface DeployOptions extends BuildImageOptions {
  /** The configuration file. Default `fly.toml` in the folder; none there is no error. */
  readonly config?: string;
  /** An image to deploy instead of building one. */
  readonly image?: string;
  /** The regions of new machines, one after the other; existing ones elsewhere are left alone. Default the sandbox's. */
  readonly regions?: readonly string[];
  /** How many machines a process group gets when it has none yet. Default one for every region. */
  readonly machines?: number;
  /** How long one machine may take to be ready, in milliseconds. Default 30000. */
  readonly readyMs?: number;
  /** Called with every line that `fly deploy` would print. Default none. */
  readonly onLine?: (line: string) => void;
  /** Gives up between two machines. */
  readonly signal?: AbortSignal;
}

/** What a deploy did. */
export interface Deployment {
  /** The image that the machines run now. */
  readonly imageRef: string;
  /** The machines made or updated. */
  readonly machines: readonly SandboxMachine[];
}

/** Options of `scale()`. */
export interface ScaleOptions {
  /** The process group. Default `app`. */
  readonly group?: string;
  /** The regions of new machines, one after the other. Default the sandbox's. */
  readonly regions?: readonly string[];
}

/** Options of everything that waits. */
export interface WaitOptions {
  /** How long, in milliseconds. Default 10000. */
  readonly timeoutMs?: number;
  /** Gives up early. */
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

/** What a process run by `exec()` left. */
export interface ExecOutcome {
  /** Its exit code. */
  readonly exitCode: number;
  /** What it wrote to standard output. */
  readonly stdout: string;
  /** What it wrote to standard error. */
  readonly stderr: string;
}

/** A running sandbox. Methods throw a `FlyhotError` that says what was tried, on what, and why it failed. */
export interface Sandbox extends AsyncDisposable {
  /** The app's name. */
  readonly app: string;
  /** Where everything is kept. */
  readonly folder: string;
  /** All variables that a command needs to use this sandbox, credentials included; `PATH` begins with the stand-in's folder. */
  readonly env: Readonly<Record<string, string>>;
  /** The object store, `AWS_ENDPOINT_URL_S3`. */
  readonly endpoint: string;
  /** The Machines API, `FLY_FLAPS_BASE_URL`. */
  readonly flapsUrl: string;
  /** The bucket's name, `BUCKET_NAME`. */
  readonly bucket: string;
  /** How many requests came in so far, by server and method, for example `s3 PUT`. */
  requests(): Readonly<Record<string, number>>;
  /** All machines but destroyed ones, oldest first. */
  machines(): readonly SandboxMachine[];
  /** One machine, destroyed or not. */
  machine(machineId: string): SandboxMachine;
  /** Makes a machine and waits until its process runs. */
  createMachine(options: CreateMachineOptions): Promise<SandboxMachine>;
  /** Makes or destroys machines until a process group has so many; new ones are like those there are. */
  scale(
    count: number,
    options?: ScaleOptions,
  ): Promise<readonly SandboxMachine[]>;
  /** Starts a stopped machine, or resumes a suspended one, and waits until its process runs. */
  startMachine(machineId: string): Promise<void>;
  /** Stops a machine as `fly machine stop` does and waits until its process has ended. */
  stopMachine(machineId: string): Promise<void>;
  /** Freezes a machine's processes; their memory is kept. */
  suspendMachine(machineId: string): Promise<void>;
  /** Stops and starts a machine; its files are those of the image again. */
  restartMachine(machineId: string): Promise<void>;
  /** Kills a machine's processes at once, as if its host had failed; the restart policy decides what follows. */
  crashMachine(machineId: string): Promise<void>;
  /** Ends a machine for good, running or not. */
  destroyMachine(machineId: string): Promise<void>;
  /** Runs a command in a machine's folder with its environment. */
  exec(
    machineId: string,
    command: readonly string[],
    options?: ExecOptions,
  ): Promise<ExecOutcome>;
  /** Copies a folder into the registry and returns the image's reference. */
  buildImage(folder: string, options?: BuildImageOptions): Promise<string>;
  /** Does what `fly deploy` does: builds an image of a folder and brings it to all machines, one after the other. */
  deploy(folder: string, options?: DeployOptions): Promise<Deployment>;
  /** Where a machine's program is to listen. */
  url(machineId: string): string;
  /** Asks a machine over HTTP until it answers anything below 500. */
  waitUntilReady(
    machineId: string,
    path?: string,
    options?: WaitOptions,
  ): Promise<void>;
  /** Waits until a machine is in a state; returns at once if it is. */
  waitForState(
    machineId: string,
    state: MachineState,
    options?: WaitOptions,
  ): Promise<void>;
  /** Waits for a line of a machine's log, past ones included. */
  waitForLog(
    machineId: string,
    pattern: RegExp,
    options?: LogWaitOptions,
  ): Promise<LogLine>;
  /** The newest lines of a machine's log, oldest first. */
  logs(machineId: string): readonly LogLine[];
  /** Calls back with every line that any machine logs from now on, until the returned function is called. */
  onLog(listener: (line: LogLine) => void): () => void;
  /** Ends all processes and servers and removes the folder; again does nothing. */
  stop(): Promise<void>;
}
