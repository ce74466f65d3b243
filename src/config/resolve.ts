/** The values a command works with, each with the place it came from.
 * @module
 */
import { FlyhotError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { DenoJsonConfig } from "./files/deno_json.ts";
import type { FlyToml } from "./files/fly_toml.ts";
import { Secret } from "../base/secret.ts";

/** A value and the place that decided it. */
export interface Resolved<T> {
  readonly value: T;
  /** The place, for example `--bucket`, `fly.toml [env] BUCKET_NAME` or `default`. */
  readonly from: string;
}

/** What the command line may decide; every value may be left out. */
export interface CliValues {
  /** `--config` */
  readonly config?: string;
  /** `--app` */
  readonly app?: string;
  /** `--bucket` */
  readonly bucket?: string;
  /** `--endpoint` */
  readonly endpoint?: string;
  /** `--max-concurrency` */
  readonly maxConcurrency?: number;
  /** `--canary`, or 0 for `--no-canary` */
  readonly canary?: number;
  /** `--timeout`, in seconds. */
  readonly timeout?: number;
  /** `--probation`, in seconds. */
  readonly probation?: number;
  /** `--lock-timeout`, in seconds. */
  readonly lockTimeout?: number;
}

/** Where {@linkcode resolveConfig} looks, in order of precedence. */
export interface ConfigSources {
  /** The command line. */
  readonly cli: CliValues;
  /** `deno.json`, or null where there is none. */
  readonly denoJson:
    | { readonly path: string; readonly config: DenoJsonConfig }
    | null;
  /** `fly.toml`, or null where there is none. */
  readonly flyToml: FlyToml | null;
  /** The environment. */
  readonly env: (name: string) => string | undefined;
}

/** Everything a command needs to know, complete; each value remembers where it came from. */
export interface ResolvedConfig {
  /** The Fly configuration file, or null. */
  readonly flyConfig: Resolved<string | null>;
  /** The Fly app, or null where nothing names it; see {@linkcode requireApp}. */
  readonly app: Resolved<string | null>;
  /** The bucket, or null; see {@linkcode requireBucket}. */
  readonly bucket: Resolved<string | null>;
  /** The S3 service. */
  readonly endpoint: Resolved<string>;
  /** The region in signatures. */
  readonly region: Resolved<string>;
  /** The access key, or null; see {@linkcode requireCredentials}. */
  readonly accessKeyId: Resolved<Secret | null>;
  /** The secret key, or null. */
  readonly secretAccessKey: Resolved<Secret | null>;
  /** The session token of temporary credentials, or null. */
  readonly sessionToken: Resolved<Secret | null>;
  readonly machinesApi: Resolved<string>;
  /** How many machines upgrade at a time. */
  readonly maxConcurrency: Resolved<number>;
  /** How many machines go first; 0 for none. */
  readonly canary: Resolved<number>;
  /** How long a machine may take, in milliseconds. */
  readonly timeoutMs: Resolved<number>;
  /** How long the deploy lock holds without renewal, in milliseconds. */
  readonly lockTtlMs: Resolved<number>;
  /** For how long machines watch new code, in milliseconds; null for what each was started with. */
  readonly probationMs: Resolved<number | null>;
  /** How long a holder may take to finish its call, in milliseconds; the runtime's own limit. */
  readonly suspendTimeoutMs: Resolved<number>;
  /** Files that belong to the release; null for all. */
  readonly include: Resolved<readonly string[] | null>;
  /** Files that do not. */
  readonly exclude: Resolved<readonly string[]>;
  /** The main modules; null to detect them. */
  readonly entries: Resolved<readonly string[] | null>;
  /** The public keys that releases must be signed by; null where none is asked for. */
  readonly publicKeys: Resolved<readonly string[] | null>;
  /** Where new machines go, or null. */
  readonly primaryRegion: Resolved<string | null>;
  /** An image that fly uses as it is instead of building one, or null. */
  readonly buildImage: Resolved<string | null>;
  /** Variables of the temporary machine, each with its origin. */
  readonly env: Readonly<Record<string, Resolved<string>>>;
  /** The command of the temporary machine. */
  readonly orchestrateCommand: Resolved<readonly string[]>;
}

/** What holds where nothing decides. */
export const DEFAULTS = {
  endpoint: "https://fly.storage.tigris.dev",
  region: "auto",
  machinesApi: "https://api.machines.dev",
  maxConcurrency: 20,
  canary: 1,
  timeoutSeconds: 120,
  lockTimeoutSeconds: 300,
  suspendTimeoutSeconds: 10,
} as const;

// The app's own deno.json and lock file are none of the orchestrator's business.
const ORCHESTRATE_COMMAND: readonly string[] = [
  "deno",
  "run",
  "-A",
  "--no-config",
  "--no-lock",
  `jsr:@flyhot/cli@${VERSION}`,
  "orchestrate",
];

/** Decides every value: command line, then `deno.json`, then `fly.toml`, then environment and defaults. */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const config = decideAll(sources);
  const { suspendTimeoutMs, timeoutMs } = config;
  if (
    suspendTimeoutMs.from !== "default" &&
    suspendTimeoutMs.value >= timeoutMs.value
  ) {
    throw new FlyhotError(
      "usage",
      `Cannot use a suspend timeout of ${
        suspendTimeoutMs.value / 1000
      } s (${suspendTimeoutMs.from}) with a timeout of ${
        timeoutMs.value / 1000
      } s (${timeoutMs.from}): a machine that still waits would be taken for silent`,
      { hint: "make the suspend timeout shorter, or --timeout longer" },
    );
  }
  return config;
}

function decideAll(sources: ConfigSources): ResolvedConfig {
  const { cli, flyToml } = sources;
  const json = sources.denoJson?.config ?? {};
  const jsonAt = (key: string) =>
    `${sources.denoJson?.path ?? "deno.json"} flyhot.${key}`;
  const tomlAt = (key: string) => `${flyToml?.path ?? "fly.toml"} ${key}`;

  const given = <T>(value: T | undefined, from: string): Resolved<T>[] =>
    value === undefined ? [] : [{ value, from }];
  const tomlEnv = (name: string) =>
    given(flyToml?.env[name] || undefined, tomlAt(`[env] ${name}`));
  const environment = (name: string) =>
    given(sources.env(name), `environment ${name}`);
  const seconds = (list: readonly Resolved<number>[], fallback: number) => {
    const { value, from } = first(list, fallback);
    return { value: Math.round(value * 1000), from };
  };
  const probation = (list: readonly Resolved<number>[]) =>
    list.length === 0 ? { value: null, from: "default" } : seconds(list, 0);
  const secret = (name: string): Resolved<Secret | null> => {
    const value = sources.env(name);
    return {
      value: value === undefined ? null : new Secret(value),
      from: `environment ${name}`,
    };
  };

  const env: Record<string, Resolved<string>> = {};
  for (const [name, value] of Object.entries(flyToml?.env ?? {})) {
    env[name] = { value, from: tomlAt("[env]") };
  }
  for (const [name, value] of Object.entries(json.env ?? {})) {
    env[name] = { value, from: jsonAt("env") };
  }

  return {
    flyConfig: {
      value: flyToml?.path ?? null,
      from: cli.config !== undefined
        ? "--config"
        : flyToml
        ? "working folder"
        : "default",
    },
    app: first([
      ...given(cli.app, "--app"),
      ...given(flyToml?.app ?? undefined, tomlAt("app")),
      ...environment("FLY_APP"),
      ...environment("FLY_APP_NAME"),
    ], null),
    bucket: first([
      ...given(cli.bucket, "--bucket"),
      ...given(json.bucket, jsonAt("bucket")),
      ...tomlEnv("BUCKET_NAME"),
      ...tomlEnv("AWS_BUCKET"),
      ...environment("BUCKET_NAME"),
      ...environment("AWS_BUCKET"),
    ], null),
    endpoint: first([
      ...given(cli.endpoint, "--endpoint"),
      ...given(json.endpoint, jsonAt("endpoint")),
      ...tomlEnv("AWS_ENDPOINT_URL_S3"),
      ...environment("AWS_ENDPOINT_URL_S3"),
    ], DEFAULTS.endpoint),
    region: first([
      ...given(json.region, jsonAt("region")),
      ...tomlEnv("AWS_REGION"),
      ...environment("AWS_REGION"),
    ], DEFAULTS.region),
    accessKeyId: secret(json.credentials?.accessKeyId ?? "AWS_ACCESS_KEY_ID"),
    secretAccessKey: secret(
      json.credentials?.secretAccessKey ?? "AWS_SECRET_ACCESS_KEY",
    ),
    sessionToken: secret(json.credentials?.sessionToken ?? "AWS_SESSION_TOKEN"),
    machinesApi: first(
      environment("FLY_FLAPS_BASE_URL"),
      DEFAULTS.machinesApi,
    ),
    maxConcurrency: first([
      ...given(cli.maxConcurrency, "--max-concurrency"),
      ...given(json.maxConcurrency, jsonAt("maxConcurrency")),
    ], DEFAULTS.maxConcurrency),
    canary: first([
      ...given(cli.canary, cli.canary === 0 ? "--no-canary" : "--canary"),
      ...given(json.canary, jsonAt("canary")),
    ], DEFAULTS.canary),
    timeoutMs: seconds([
      ...given(cli.timeout, "--timeout"),
      ...given(json.timeout, jsonAt("timeout")),
    ], DEFAULTS.timeoutSeconds),
    lockTtlMs: seconds(
      given(cli.lockTimeout, "--lock-timeout"),
      DEFAULTS.lockTimeoutSeconds,
    ),
    probationMs: probation([
      ...given(cli.probation, "--probation"),
      ...given(json.probation, jsonAt("probation")),
    ]),
    suspendTimeoutMs: seconds(
      given(json.suspendTimeout, jsonAt("suspendTimeout")),
      DEFAULTS.suspendTimeoutSeconds,
    ),
    include: first(given(json.include, jsonAt("include")), null),
    exclude: first(given(json.exclude, jsonAt("exclude")), []),
    entries: first(given(json.entry, jsonAt("entry")), null),
    publicKeys: first(given(json.publicKeys, jsonAt("publicKeys")), null),
    primaryRegion: first(
      given(flyToml?.primaryRegion ?? undefined, tomlAt("primary_region")),
      null,
    ),
    buildImage: first(
      given(flyToml?.buildImage ?? undefined, tomlAt("[build] image")),
      null,
    ),
    env,
    orchestrateCommand: first(
      given(json.orchestrateCommand, jsonAt("orchestrateCommand")),
      ORCHESTRATE_COMMAND,
    ),
  };
}

function first<T, U>(
  candidates: readonly Resolved<T>[],
  fallback: U,
): Resolved<T | U> {
  return candidates[0] ?? { value: fallback, from: "default" };
}

/** The app, where one is needed. */
export function requireApp(config: ResolvedConfig): string {
  if (config.app.value !== null) return config.app.value;
  const path = config.flyConfig.value;
  throw new FlyhotError(
    "usage",
    path === null
      ? "Cannot tell which app is meant: there is no fly.toml here, and neither --app nor FLY_APP_NAME names it"
      : `Cannot tell which app is meant: ${path} has no app, and neither --app nor FLY_APP_NAME names it`,
    {
      hint: path === null
        ? "run flyhot in the app's folder, or name the file with --config <path> or the app with --app <name>"
        : `add a line to ${path}: app = "<name>", or name the app with --app <name>`,
    },
  );
}

/** The bucket, where one is needed. */
export function requireBucket(config: ResolvedConfig): string {
  if (config.bucket.value !== null) return config.bucket.value;
  throw new FlyhotError(
    "usage",
    "Cannot tell which bucket is meant: none of --bucket, flyhot.bucket in deno.json, [env] in fly.toml, BUCKET_NAME and AWS_BUCKET names it",
    {
      hint:
        "create one with: fly storage create, or set BUCKET_NAME to the one the app uses",
    },
  );
}

/** The credentials of a bucket. */
interface Credentials {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  /** The session token of temporary credentials, or null. */
  readonly sessionToken: Secret | null;
}

/** The credentials, where they are needed. */
export function requireCredentials(config: ResolvedConfig): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken } = config;
  for (const it of [accessKeyId, secretAccessKey, sessionToken]) {
    if (it.value === null || /^[\x21-\x7e]+$/.test(it.value.reveal())) continue;
    throw new FlyhotError(
      "auth",
      `Cannot use ${
        it.from.replace("environment ", "")
      }: it has a blank, a line break or another character that no key has`,
      { hint: "set it again without, for example from a file by $(cat file)" },
    );
  }
  if (accessKeyId.value !== null && secretAccessKey.value !== null) {
    return {
      accessKeyId: accessKeyId.value,
      secretAccessKey: secretAccessKey.value,
      sessionToken: sessionToken.value,
    };
  }
  const missing = [accessKeyId, secretAccessKey]
    .filter((it) => it.value === null)
    .map((it) => it.from.replace("environment ", ""));
  throw new FlyhotError(
    "auth",
    `Cannot sign requests to the bucket: ${missing.join(" and ")} ${
      missing.length > 1 ? "are" : "is"
    } not set`,
    {
      hint:
        "set the credentials that fly storage create printed; the names of the variables can be changed under flyhot.credentials in deno.json",
    },
  );
}
