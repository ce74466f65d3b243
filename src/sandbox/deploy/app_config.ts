/** What a deploy to the sandbox reads of an app's fly.toml.
 * @module
 */
import { parse as parseToml } from "@std/toml";
import { parseFlyToml } from "../../config/files/fly_toml.ts";
import { durationMs } from "../durations.ts";
import { isRecord } from "../../base/values.ts";
import type {
  CheckConfig,
  MachineSettings,
  RestartPolicy,
  ServiceConfig,
} from "../machine/records/machine_types.ts";

/** An app's configuration. */
export interface AppConfig {
  /** The app's name, or null. */
  readonly app: string | null;
  /** Where new machines go, or null. */
  readonly primaryRegion: string | null;
  /** `[env]`. */
  readonly env: Readonly<Record<string, string>>;
  /** `[build] image`, or null. */
  readonly image: string | null;
  /** `[build] dockerfile`, or null. */
  readonly dockerfile: string | null;
  /** `[build] ignorefile`, or null. */
  readonly ignorefile: string | null;
  /** `[build.args]`. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `[deploy] release_command`, or null. */
  readonly releaseCommand: string | null;
  /** What is particular to each process group; at least one. */
  readonly groups: readonly GroupConfig[];
}

/** What is particular to a process group. */
export interface GroupConfig {
  readonly name: string;
  /** Its command line, or null for the image's own. */
  readonly command: string | null;
  /** What goes into the configuration of its machines. */
  readonly config: MachineSettings;
}

/** What a folder without fly.toml is taken for: one group that serves HTTP. */
export const NO_CONFIG: AppConfig = {
  app: null,
  primaryRegion: null,
  env: {},
  image: null,
  dockerfile: null,
  ignorefile: null,
  buildArgs: {},
  releaseCommand: null,
  groups: [{
    name: "app",
    command: null,
    config: { services: [{ protocol: "tcp", internal_port: 8080 }] },
  }],
};

/** Reads an app's configuration. */
export function parseAppConfig(text: string, path: string): AppConfig {
  const { app, primaryRegion, env, buildImage } = parseFlyToml(text, path);
  const root: unknown = path.endsWith(".json")
    ? JSON.parse(text)
    : parseToml(text);
  const raw = table(root);
  const build = table(raw.build);
  const commands = Object.entries(table(raw.processes));
  const names = commands.length === 0
    ? ["app"]
    : commands.map(([name]) => name);
  const main = names.includes("app") ? "app" : names.toSorted()[0]!;
  return {
    app,
    primaryRegion,
    env,
    image: buildImage,
    dockerfile: text_(build.dockerfile),
    ignorefile: text_(build.ignorefile),
    buildArgs: Object.fromEntries(
      Object.entries(table(build.args)).map((
        [key, value],
      ) => [key, `${value}`]),
    ),
    releaseCommand: text_(table(raw.deploy).release_command),
    groups: names.map((name) => ({
      name,
      command: text_(table(raw.processes)[name]),
      config: groupConfig(raw, name, name === main),
    })),
  };
}

function groupConfig(
  raw: Record<string, unknown>,
  group: string,
  isMain: boolean,
): GroupConfig["config"] {
  const mine = (section: Record<string, unknown>) => {
    const groups = Array.isArray(section.processes) ? section.processes : [];
    return groups.length === 0 ? isMain : groups.includes(group);
  };
  const services = [
    ...(isRecord(raw.http_service) ? [httpService(raw.http_service)] : []),
    ...tables(raw.services).map(plainService),
  ].filter(mine).map(({ processes: _, ...service }) => service);
  const checks = Object.entries(table(raw.checks))
    .map(([name, check]) => [name, table(check)] as const)
    .filter(([, check]) => mine(check))
    .map(([name, { processes: _, ...check }]) => [name, check] as const);
  // These apply to every group where they name none.
  const first = (key: string) =>
    tables(raw[key]).find((entry) =>
      !Array.isArray(entry.processes) || entry.processes.includes(group)
    ) ?? {};
  return {
    services,
    ...(checks.length === 0 ? {} : { checks: Object.fromEntries(checks) }),
    guest: guestOf(first("vm")),
    ...restartOf(first("restart")),
    ...stopOf(raw),
  };
}

function httpService(service: Record<string, unknown>): ServiceConfig {
  const { checks, ...rest } = service;
  return {
    ...rest,
    protocol: "tcp",
    ports: [
      {
        port: 80,
        handlers: ["http"],
        force_https: service.force_https === true,
      },
      { port: 443, handlers: ["http", "tls"] },
    ],
    checks: tables(checks).map((check) => ({ type: "http", ...check })),
  };
}

function plainService(service: Record<string, unknown>): ServiceConfig {
  const { http_checks, tcp_checks, ...rest } = service;
  const checks: CheckConfig[] = [
    ...tables(tcp_checks).map((check) => ({ type: "tcp", ...check })),
    ...tables(http_checks).map((check) => ({ type: "http", ...check })),
  ];
  return { ...rest, checks };
}

function guestOf(
  vm: Record<string, unknown>,
): NonNullable<MachineSettings["guest"]> {
  const { memory, memory_mb, cpus = 1, cpu_kind = "shared" } = vm;
  return {
    cpu_kind: `${cpu_kind}`,
    cpus: Number(cpus),
    memory_mb: megabytes(memory ?? memory_mb) ?? 256,
  };
}

function megabytes(value: unknown): number | null {
  if (typeof value === "number") return value;
  const match = /^(\d+)\s*(mb|gb)?$/i.exec(
    typeof value === "string" ? value : "",
  );
  if (!match) return null;
  return Number(match[1]) * (match[2]?.toLowerCase() === "gb" ? 1024 : 1);
}

const POLICIES: Readonly<Record<string, RestartPolicy>> = {
  always: "always",
  never: "no",
  "on-failure": "on-failure",
};

function restartOf(
  restart: Record<string, unknown>,
): Pick<MachineSettings, "restart"> {
  const policy = POLICIES[`${restart.policy}`];
  if (policy === undefined) return {};
  const { retries } = restart;
  return {
    restart: {
      policy,
      ...(typeof retries === "number" ? { max_retries: retries } : {}),
    },
  };
}

function stopOf(
  raw: Record<string, unknown>,
): Pick<MachineSettings, "stop_config"> {
  const signal = text_(raw.kill_signal);
  const ms = durationMs(raw.kill_timeout, "s");
  if (signal === null && ms === null) return {};
  return {
    stop_config: {
      ...(signal === null ? {} : { signal }),
      ...(ms === null ? {} : { timeout: `${ms}ms` }),
    },
  };
}

function table(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function tables(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value)
    ? value.filter(isRecord)
    : isRecord(value)
    ? [value]
    : [];
}

function text_(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
