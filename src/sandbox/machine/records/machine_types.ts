/** The records of the Machines API, in its own field names.
 *
 * Shapes: {@link https://docs.machines.dev | the Machines API}. Fields that the sandbox does not read are kept and shown
 * back as they came.
 * @module
 */

/** The words for what a machine is doing. */
export type MachineState =
  | "created"
  | "starting"
  | "started"
  | "stopping"
  | "stopped"
  | "suspending"
  | "suspended"
  | "restarting"
  | "replacing"
  | "destroying"
  | "destroyed"
  | "failed";

/** When the platform starts a machine again after its main process ended. */
export type RestartPolicy = "no" | "on-failure" | "always";

/** One health check. */
export interface CheckConfig {
  /** `http` or `tcp`. Default `tcp`. */
  readonly type?: string;
  /** The port that the program believes it listens on; the sandbox asks the machine's own port instead. */
  readonly port?: number;
  /** What an HTTP check asks for. Default `/`. */
  readonly path?: string;
  /** How it asks. Default `GET`. */
  readonly method?: string;
  /** The pause between two checks: a Go duration or nanoseconds. */
  readonly interval?: string | number;
  /** Other fields, kept as they are. */
  readonly [other: string]: unknown;
}

/** One public service. */
export interface ServiceConfig {
  /** `tcp` or `udp`. */
  readonly protocol?: string;
  /** The port that the program believes it listens on. */
  readonly internal_port?: number;
  /** Its health checks. */
  readonly checks?: readonly CheckConfig[];
  /** Other fields, kept as they are. */
  readonly [other: string]: unknown;
}

/** A file written into the machine before it starts. */
interface MachineFile {
  /** Where: under the image's working folder, for example `/app/token.txt`. */
  readonly guest_path: string;
  /** Its content in base64. */
  readonly raw_value?: string;
}

/** How a machine is to be, whatever its image. */
export interface MachineSettings {
  /** Variables of its main process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Labels that can be changed while it runs. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Its size; only shown and told to the process, never enforced. */
  readonly guest?: {
    readonly cpu_kind?: string;
    readonly cpus?: number;
    readonly memory_mb?: number;
    readonly [other: string]: unknown;
  };
  /** What runs instead of the image's own command. */
  readonly init?: {
    readonly exec?: readonly string[];
    readonly entrypoint?: readonly string[];
    readonly cmd?: readonly string[];
    readonly [other: string]: unknown;
  };
  /** Whether it is destroyed once its main process has ended; only with restart policy `no`. */
  readonly auto_destroy?: boolean;
  /** When it is started again. Default policy `on-failure`, 10 times. */
  readonly restart?: {
    readonly policy?: RestartPolicy;
    readonly max_retries?: number;
  };
  /** Its public services. */
  readonly services?: readonly ServiceConfig[];
  /** Its health checks by name. */
  readonly checks?: Readonly<Record<string, CheckConfig>>;
  /** Files written before it starts. */
  readonly files?: readonly MachineFile[];
  /** How it is stopped. Default SIGINT and 5 seconds. */
  readonly stop_config?: {
    readonly signal?: string;
    readonly timeout?: string | number;
  };
  /** Other fields, kept as they are. */
  readonly [other: string]: unknown;
}

/** How a machine is to be. */
export interface MachineConfig extends MachineSettings {
  readonly image: string;
}

/** How a main process ended. */
export interface ExitEvent {
  /** What the platform reports; 128 plus the signal's number where a signal ended it. */
  readonly exit_code: number;
  /** What the process reported. */
  readonly guest_exit_code: number;
  /** The signal that ended it, or -1. */
  readonly guest_signal: number;
  /** Always false here: the sandbox limits no memory. */
  readonly oom_killed: boolean;
  /** Whether somebody had asked for the end. */
  readonly requested_stop: boolean;
  /** Whether the platform starts the machine again. */
  readonly restarting: boolean;
  /** As `guest_signal`. */
  readonly signal: number;
  /** When, RFC 3339. */
  readonly exited_at: string;
}

/** Something that happened to a machine. */
export interface MachineEvent {
  /** ULID. */
  readonly id: string;
  /** What: `launch`, `start`, `exit`, `stop`, `update`, `suspend`, `restart`, `destroy`. */
  readonly type: string;
  /** The state it led to. */
  readonly status: string;
  /** Who: `user` or `flyd`. */
  readonly source: string;
  /** When, in milliseconds since 1970. */
  readonly timestamp: number;
  /** More about an exit. */
  readonly request?: {
    readonly exit_event: ExitEvent;
    readonly restart_count: number;
  };
}

/** What a health check last said. */
export interface CheckStatus {
  /** Its name, for example `servicecheck-00-http-8080`. */
  readonly name: string;
  /** Its verdict. */
  readonly status: "passing" | "warning" | "critical";
  /** What was answered. */
  readonly output: string;
  /** When, RFC 3339. */
  readonly updated_at: string;
}

/** An image as a machine shows it. */
interface ImageRefRecord {
  /** `registry.fly.io`. */
  readonly registry: string;
  /** For example `my-app`. */
  readonly repository: string;
  /** For example `deployment-01K93Q…`. */
  readonly tag?: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /** Labels of the image. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A machine as the Machines API shows it. */
export interface MachineRecord {
  /** 14 hex digits. */
  readonly id: string;
  /** Unique in the app. */
  readonly name: string;
  /** What it is doing. */
  readonly state: MachineState;
  /** For example `iad`. */
  readonly region: string;
  /** ULID of its configuration; a new one with every update. */
  readonly instance_id: string;
  /** As `instance_id`. */
  readonly version: string;
  /** An address in the shape of Fly's private network; nothing listens there. */
  readonly private_ip: string;
  /** RFC 3339. */
  readonly created_at: string;
  /** RFC 3339. */
  readonly updated_at: string;
  /** The image, resolved. */
  readonly image_ref: ImageRefRecord;
  /** How it is to be. */
  readonly config: MachineConfig;
  /** The newest events, newest first. */
  readonly events: readonly MachineEvent[];
  /** Its health checks. */
  readonly checks: readonly CheckStatus[];
  /** Always `ok` here. */
  readonly host_status: "ok";
  /** The nonce of its lease, shown to whoever created it with one. */
  readonly nonce?: string;
}
