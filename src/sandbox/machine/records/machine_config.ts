/** What is taken as the configuration of a machine, and what is refused.
 * @module
 */
import { isRecord } from "../../../base/values.ts";
import { isSignal } from "../../computer/processes.ts";
import type { MachineConfig } from "./machine_types.ts";
import {
  invalidArgument,
  PlatformError,
} from "../../machines_api/platform_error.ts";

/** The body of a request that makes or updates a machine. */
export interface MachineRequest {
  /** How it is to be. */
  readonly config: MachineConfig;
  /** Its name, or null. */
  readonly name: string | null;
  /** Its region, or null. */
  readonly region: string | null;
  /** Whether it is not started. */
  readonly skipLaunch: boolean;
  /** Whether its processes get no secrets. */
  readonly skipSecrets: boolean;
  /** The length of a lease to take, in seconds, or null. */
  readonly leaseTtl: number | null;
  /** Update only if this is still the version, or null. */
  readonly currentVersion: string | null;
}

/** Reads the body of a request that makes or updates a machine. */
export function parseMachineRequest(body: unknown): MachineRequest {
  if (!isRecord(body)) throw invalidArgument("the body is not a JSON object");
  const { config } = body;
  if (config !== undefined && !isRecord(config)) {
    throw invalidArgument("config is not an object");
  }
  if (config?.image === undefined || config.image === "") {
    throw new PlatformError(422, "config.image required");
  }
  return {
    config: parseConfig(config),
    name: text(body.name, "name"),
    region: text(body.region, "region"),
    skipLaunch: flag(body.skip_launch, "skip_launch"),
    skipSecrets: flag(body.skip_secrets, "skip_secrets"),
    leaseTtl: count(body.lease_ttl, "lease_ttl"),
    currentVersion: text(body.current_version, "current_version"),
  };
}

function parseConfig(config: Record<string, unknown>): MachineConfig {
  const { image, restart, init, guest, stop_config, files } = config;
  if (typeof image !== "string") {
    throw invalidArgument("config.image is not text");
  }
  textMap(config.env, "config.env");
  textMap(config.metadata, "config.metadata");
  flag(config.auto_destroy, "config.auto_destroy");
  record(restart, "config.restart", ({ policy, max_retries }) => {
    if (
      policy !== undefined && policy !== "" &&
      !["no", "on-failure", "always"].includes(policy as string)
    ) {
      throw invalidArgument(
        `config.restart.policy is ${
          JSON.stringify(policy)
        }; it must be no, on-failure or always`,
      );
    }
    count(max_retries, "config.restart.max_retries");
  });
  record(init, "config.init", (init) => {
    for (const key of ["exec", "entrypoint", "cmd"]) {
      textList(init[key], `config.init.${key}`);
    }
  });
  record(guest, "config.guest", ({ memory_mb }) => {
    const mb = count(memory_mb, "config.guest.memory_mb");
    if (mb !== null && (mb === 0 || mb % 256 !== 0)) {
      throw invalidArgument(
        `config.guest.memory_mb is ${mb}; it must be a multiple of 256`,
      );
    }
  });
  record(stop_config, "config.stop_config", ({ signal }) => {
    const name = text(signal, "config.stop_config.signal");
    if (name !== null && !isSignal(name)) {
      throw invalidArgument(
        `config.stop_config.signal ${name} is not a signal`,
      );
    }
  });
  record(config.checks, "config.checks", () => {});
  for (
    const [key, list] of Object.entries({ services: config.services, files })
  ) {
    if (list !== undefined && !isRecordList(list)) {
      throw invalidArgument(`config.${key} is not a list of objects`);
    }
  }
  // Checked above, field by field; the rest is kept as it came.
  return { ...config, image };
}

function record(
  value: unknown,
  at: string,
  look: (record: Record<string, unknown>) => void,
): void {
  if (value === undefined || value === null) return;
  if (!isRecord(value)) throw invalidArgument(`${at} is not an object`);
  look(value);
}

function text(value: unknown, at: string): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return value;
  throw invalidArgument(`${at} is not text`);
}

function flag(value: unknown, at: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  throw invalidArgument(`${at} is neither true nor false`);
}

function count(value: unknown, at: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) {
    return value;
  }
  throw invalidArgument(`${at} is not a whole number`);
}

function textMap(value: unknown, at: string): void {
  record(value, at, (map) => {
    for (const [key, entry] of Object.entries(map)) {
      if (typeof entry !== "string") {
        throw invalidArgument(`${at}.${key} is not text`);
      }
    }
  });
}

function textList(value: unknown, at: string): void {
  if (value === undefined || value === null) return;
  if (
    !Array.isArray(value) || !value.every((item) => typeof item === "string")
  ) throw invalidArgument(`${at} is not a list of texts`);
}

function isRecordList(value: unknown): boolean {
  return value === null || Array.isArray(value) && value.every(isRecord);
}
