/** What a machine says of itself.
 * @module
 */
import {
  boolean,
  count,
  fields,
  nullable,
  object,
  oneOf,
  optional,
  orElse,
  recordOf,
  sha256Hex,
  string,
} from "../json/parse.ts";
import { type MemoryForecast, memoryForecast } from "./memory_forecast.ts";

/** The ways to start the runtime: by `reapply()` in the app, or before the app by the preload or by `serve`. */
export const STARTED_BY = ["reapply", "preload", "serve"] as const;

/** One of {@linkcode STARTED_BY}. */
export type StartedBy = typeof STARTED_BY[number];

/** What a machine answers to `GET /v1/info` and what `info()` returns, whether or not an upgrade is applied. */
export interface MachineInfoCommon {
  /** The image the machine booted from. */
  readonly currentImageRef: string;
  /** What code runs; see {@linkcode fingerprint}. */
  readonly fingerprint: string;
  /** Upgrades applied since the process started. */
  readonly upgrades: number;
  /** Old module instances that Deno cannot free. */
  readonly retainedModules: number;
  /** Their source size in bytes. */
  readonly retainedBytes: number;
  /** Whether that is more than the budget, so that a cold deploy is recommended. */
  readonly retainedBudgetExceeded?: boolean;
  /** What that means for memory, and how many more upgrades fit; not there where the runtime is older. */
  readonly memory?: MemoryForecast;
  /** Why the process does not watch for upgrades; not there where it does. */
  readonly notWatching?: string;
  /**
   * Open sockets of `Deno.upgradeWebSocket`, by the module whose code handles them; those of `sockets()`, which follow
   * the code, are not among them. Not there where the runtime is older.
   */
  readonly openSockets?: Readonly<Record<string, number>>;
  /**
   * Requests and events that began before the code was replaced and go on, open streams of events among them. Not there
   * where the runtime is older.
   */
  readonly undrained?: number;
  /** How the runtime was started; not there where it is older. */
  readonly startedBy?: StartedBy;
  /** The process id. */
  readonly pid: number;
  /** When the process started watching, RFC 3339. */
  readonly startedAt: string;
  /** The id of the newest upgrade this process has seen an end of, or null. */
  readonly lastUpgradeId: string | null;
  /** How long a release stays on probation here, in milliseconds; not there where the runtime is older. */
  readonly probationMs?: number;
}

/** What a machine runs. */
export type MachineInfo =
  | MachineInfoCommon & {
    /** No hot upgrade is applied: the machine runs its base image. */
    readonly hotUpgradeApplied: false;
  }
  | MachineInfoCommon & {
    /** A hot upgrade is applied. */
    readonly hotUpgradeApplied: true;
    /** The id of the upgrade. */
    readonly id: string;
    /** The release's version. */
    readonly version: string;
    /** The image the release was packed from. */
    readonly sourceImageRef: string;
    /** When the release was published, RFC 3339. */
    readonly deployedAt: string;
    /** When this machine applied it, RFC 3339. */
    readonly appliedAt: string;
    /** SHA-256 of the release. */
    readonly sha256: string;
  };

/**
 * Reads what a machine says of itself.
 *
 * @param value parsed JSON
 * @returns the machine's info
 * @throws {ProtocolError} if it is not such an answer
 */
export function parseMachineInfo(value: unknown): MachineInfo {
  const at = "info";
  const { hotUpgradeApplied } = object(value, at);
  const common = infoCommon(value, at);
  return boolean(hotUpgradeApplied, `${at}.hotUpgradeApplied`)
    ? { hotUpgradeApplied: true, ...common, ...appliedInfo(value, at) }
    : { hotUpgradeApplied: false, ...common };
}

const infoCommon = fields<MachineInfoCommon>({
  currentImageRef: string,
  fingerprint: string,
  upgrades: count,
  retainedModules: count,
  retainedBytes: count,
  retainedBudgetExceeded: orElse(boolean, false),
  memory: optional(memoryForecast),
  notWatching: optional(string),
  openSockets: optional(recordOf(count)),
  undrained: optional(count),
  startedBy: optional(oneOf(...STARTED_BY)),
  pid: count,
  startedAt: string,
  lastUpgradeId: nullable(string),
  probationMs: optional(count),
});

const appliedInfo = fields({
  id: string,
  version: string,
  sourceImageRef: string,
  deployedAt: string,
  appliedAt: string,
  sha256: sha256Hex,
});
