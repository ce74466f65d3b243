/** The runtime's settings: options first, then the environment, then defaults.
 * @module
 */
import { join } from "node:path";
import { TIMER_MS_MAX } from "../base/waiting/deadline.ts";
import { RETAINED_BUDGET_BYTES } from "../protocol/machine/retained_memory.ts";
import { LIVED_MS } from "./start/decide_start.ts";
import type { AppConfig } from "./app_config.ts";
import type { Logger } from "../base/log.ts";
import type { HealthCheck } from "../upgrade/health.ts";

/** Keys for the bucket. */
export interface Credentials {
  /** The access key. */
  readonly accessKeyId: string;
  /** The secret key. */
  readonly secretAccessKey: string;
  /** The session token of temporary credentials. */
  readonly sessionToken?: string;
}

/** Options of `reapply()`. Everything has an environment default. */
export interface ReapplyOptions {
  /** The Fly app. Default `FLY_APP_NAME`. */
  readonly app?: string;
  /** The app root. Default the nearest folder above the main module whose `deno.json` says `"flyhot"`, else the nearest with a `deno.json`, else the main module's own. */
  readonly root?: string;
  /** The bucket. Default `BUCKET_NAME`, then `AWS_BUCKET`. */
  readonly bucket?: string;
  /** The object store. Default `AWS_ENDPOINT_URL_S3`, then `https://fly.storage.tigris.dev`. */
  readonly endpoint?: string;
  /** The region in signatures. Default `AWS_REGION`, then `auto`. */
  readonly region?: string;
  /** Keys for the bucket. Default `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. */
  readonly credentials?: Credentials;
  /** How often the pointer is read, in milliseconds. Default `FLYHOT_POLL_MS`, then 5000. */
  readonly pollIntervalMs?: number;
  /** How long a download may take, in milliseconds. Default 120000. */
  readonly fetchTimeoutMs?: number;
  /** How long new modules may take to evaluate, in milliseconds. Default 30000. */
  readonly prepareTimeoutMs?: number;
  /** How long holders may take to finish the action they are in, in milliseconds. Default 10000. */
  readonly suspendTimeoutMs?: number;
  /** How long all migrations together may take, in milliseconds. Default 10000. */
  readonly migrateTimeoutMs?: number;
  /**
   * Tells whether new code works, before callers reach it: throw or return false to have it taken out again. State
   * can be called from inside. Default none.
   */
  readonly health?: HealthCheck;
  /** How long the health check may take, in milliseconds. Default 10000. */
  readonly healthTimeoutMs?: number;
  /**
   * For how long new code is watched after it is applied, in milliseconds: the health check is repeated, and an error that
   * nobody catches takes it out again. Default `FLYHOT_PROBATION_MS`, then 5000.
   */
  readonly probationMs?: number;
  /**
   * How long a request or an event that began before an upgrade keeps the code that it began in, in milliseconds.
   * Default 2000.
   */
  readonly drainMs?: number;
  /** How long a callback of `hot(import.meta)` may take, in milliseconds. Default 10000. */
  readonly callbackTimeoutMs?: number;
  /** Past how much memory that replaced modules keep a restart is recommended, in bytes. Default 134217728 (128 MiB). */
  readonly retainedBudgetBytes?: number;
  /** Whether to go on watching for upgrades. Default true. */
  readonly watch?: boolean;
  /** Takes messages. Default standard error, as text or (with `FLYHOT_LOG=json`) as JSON lines. */
  readonly logger?: Logger;
}

/** Where the bucket is and how to sign, complete. */
interface BucketSettings {
  /** The object store. */
  readonly endpoint: string;
  /** The bucket. */
  readonly bucket: string;
  /** The region in signatures. */
  readonly region: string;
  /** Keys for the bucket. */
  readonly credentials: Credentials;
}

/** The settings, complete. */
export interface Settings {
  /** The Fly app. */
  readonly app: string;
  /** The image the machine booted from. */
  readonly imageRef: string;
  /** The machine's id. */
  readonly machineId: string;
  /** The machine's region. */
  readonly region: string;
  /** The bucket, or the sentence that says what is missing. */
  readonly bucket: BucketSettings | string;
  /** The keys that releases must be signed by, as the image says; not there where none is asked for. */
  readonly publicKeys?: readonly string[];
  /** The folder for what lasts as long as the process; it may be anybody's until it is looked at. */
  readonly temporaryFolder: string;
  /** The control socket, where it is named; else it is in the temporary folder. */
  readonly socketPath: string | null;
  /** How often the pointer is read, in milliseconds. */
  readonly pollIntervalMs: number;
  /** How long a download may take, in milliseconds. */
  readonly fetchTimeoutMs: number;
  /** How long new modules may take to evaluate, in milliseconds. */
  readonly prepareTimeoutMs: number;
  /** How long holders may take to finish the action they are in, in milliseconds. */
  readonly suspendTimeoutMs: number;
  /** How long all migrations together may take, in milliseconds. */
  readonly migrateTimeoutMs: number;
  /** Tells whether new code works, or null. */
  readonly health: HealthCheck | null;
  /** How long the health check may take, in milliseconds. */
  readonly healthTimeoutMs: number;
  /** For how long new code is watched after it is applied, in milliseconds. */
  readonly probationMs: number;
  /** How long a process has to live for its start to count as a good one, in milliseconds. */
  readonly livedMs: number;
  /** How long work begun before an upgrade keeps the code that it began in, in milliseconds. */
  readonly drainMs: number;
  /** How long a callback of `hot(import.meta)` may take, in milliseconds. */
  readonly callbackTimeoutMs: number;
  /** Past how much memory that replaced modules keep a restart is recommended, in bytes. */
  readonly retainedBudgetBytes: number;
}

/** Reads an environment variable; empty ones count as not set. */
export type Environment = (name: string) => string | undefined;

/** The object store where none is named. */
export const DEFAULT_ENDPOINT = "https://fly.storage.tigris.dev";

/** Says why flyhot must leave this process alone. Returns one sentence, or null where it may act. */
export function inertReason(env: Environment): string | null {
  if (!env("FLY_IMAGE_REF")) return "not on Fly: FLY_IMAGE_REF is not set";
  if (env("FLYHOT_ROLE") === "orchestrator") {
    return "this machine orchestrates an upgrade";
  }
  if (env("RELEASE_COMMAND")) return "this machine runs a release command";
  if (env("FLY_TEST_COMMAND")) return "this machine runs a test command";
  // Reserved groups: release commands, consoles, test machines.
  const group = env("FLY_PROCESS_GROUP") ?? "";
  if (group.startsWith("fly_app_")) {
    return `this machine belongs to the reserved group ${group}`;
  }
  if (env("FLY_SSH")) return "this process runs in an SSH session";
  return null;
}

/** Completes the options from the environment. Throws if a duration is not above 0, or longer than a timer can be. */
export function resolveSettings(
  said: ReapplyOptions,
  env: Environment,
  config: AppConfig = {},
): Settings {
  const options: ReapplyOptions = { ...config.runtime, ...said };
  const app = options.app ?? env("FLY_APP_NAME") ?? "app";
  const temporary = env("TMPDIR") ?? "/tmp";
  const polled = env("FLYHOT_POLL_MS");
  const watched = env("FLYHOT_PROBATION_MS");
  return {
    app,
    imageRef: env("FLY_IMAGE_REF") ?? "",
    machineId: env("FLY_MACHINE_ID") ?? "local",
    region: env("FLY_REGION") ?? "local",
    bucket: bucketSettings(options, env, config),
    ...(config.publicKeys ? { publicKeys: config.publicKeys } : {}),
    temporaryFolder: join(temporary, `flyhot-${app}`),
    socketPath: env("FLYHOT_SOCKET") ?? null,
    pollIntervalMs: positive(
      "pollIntervalMs",
      options.pollIntervalMs ?? (polled === undefined ? 5000 : Number(polled)),
    ),
    fetchTimeoutMs: positive(
      "fetchTimeoutMs",
      options.fetchTimeoutMs ?? 120_000,
    ),
    prepareTimeoutMs: positive(
      "prepareTimeoutMs",
      options.prepareTimeoutMs ?? 30_000,
    ),
    suspendTimeoutMs: positive(
      "suspendTimeoutMs",
      options.suspendTimeoutMs ?? config.suspendTimeoutMs ?? 10_000,
    ),
    migrateTimeoutMs: positive(
      "migrateTimeoutMs",
      options.migrateTimeoutMs ?? 10_000,
    ),
    health: options.health ?? null,
    healthTimeoutMs: positive(
      "healthTimeoutMs",
      options.healthTimeoutMs ?? 10_000,
    ),
    probationMs: notNegative(
      "probationMs",
      options.probationMs ??
        (watched === undefined ? 5000 : Number(watched)),
    ),
    livedMs: positive(
      "FLYHOT_LIVED_MS",
      Number(env("FLYHOT_LIVED_MS") ?? LIVED_MS),
    ),
    drainMs: notNegative("drainMs", options.drainMs ?? 2000),
    callbackTimeoutMs: positive(
      "callbackTimeoutMs",
      options.callbackTimeoutMs ?? 10_000,
    ),
    retainedBudgetBytes: notNegative(
      "retainedBudgetBytes",
      options.retainedBudgetBytes ?? RETAINED_BUDGET_BYTES,
    ),
  };
}

function bucketSettings(
  options: ReapplyOptions,
  env: Environment,
  config: AppConfig,
): BucketSettings | string {
  const bucket = options.bucket ?? config.bucket ?? env("BUCKET_NAME") ??
    env("AWS_BUCKET");
  if (!bucket) {
    return "no bucket is named; set BUCKET_NAME (fly storage create does), or flyhot.bucket in deno.json";
  }
  const keyName = config.credentials?.accessKeyId ?? "AWS_ACCESS_KEY_ID";
  const secretName = config.credentials?.secretAccessKey ??
    "AWS_SECRET_ACCESS_KEY";
  const tokenName = config.credentials?.sessionToken ?? "AWS_SESSION_TOKEN";
  const accessKeyId = options.credentials?.accessKeyId ?? env(keyName);
  const secretAccessKey = options.credentials?.secretAccessKey ??
    env(secretName);
  if (!accessKeyId || !secretAccessKey) {
    return `no keys for the bucket; set ${keyName} and ${secretName}`;
  }
  const sessionToken = options.credentials
    ? options.credentials.sessionToken
    : env(tokenName);
  return {
    endpoint: options.endpoint ?? config.endpoint ??
      env("AWS_ENDPOINT_URL_S3") ??
      DEFAULT_ENDPOINT,
    bucket,
    region: options.region ?? config.region ?? env("AWS_REGION") ?? "auto",
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken ? { sessionToken } : {}),
    },
  };
}

function positive(name: string, value: number): number {
  if (value > 0 && value <= TIMER_MS_MAX) return value;
  throw new TypeError(
    `Cannot use ${name}: it is ${value}; give milliseconds above 0, at most ${TIMER_MS_MAX}`,
  );
}

function notNegative(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TypeError(`Cannot use ${name}: it is ${value}; give 0 or more`);
}
