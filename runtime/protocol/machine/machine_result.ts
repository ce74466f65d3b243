/** What one machine says about one upgrade.
 * @module
 */
import {
  phaseNamed,
  phaseOnTheWire,
  UPGRADE_PHASES,
  type UpgradePhase,
} from "../../base/phases.ts";
import { protocolVersion } from "../manifest/manifest.ts";
import type { Refusal } from "../../base/refusal.ts";
import { refusals } from "../refusal.ts";
import {
  boolean,
  count,
  fields,
  listOf,
  nullable,
  oneOf,
  optional,
  string,
} from "../json/parse.ts";

/** What became of one holder in an upgrade. */
export interface HolderChange {
  /** The holder's name. */
  readonly name: string;
  /** State version before, or null for a new holder. */
  readonly from: number | null;
  /** State version after, or null for a removed holder. */
  readonly to: number | null;
  /** What was done with its state. */
  readonly action: "kept" | "migrated" | "added" | "removed";
}

/** Why an upgrade ended badly. */
export interface UpgradeFailure {
  /** The step it ended in. */
  readonly phase: UpgradePhase;
  /** What was tried, on what, why it failed. */
  readonly message: string;
  /** `abort`: what ran before is intact. `fail`: it may not be, recycle the machine. */
  readonly end: "abort" | "fail";
  /** True for trouble that a retry may cure, such as a cut download. */
  readonly transient: boolean;
  /** What was refused before anything happened, place by place; a cold deploy, or a consent, brings it in. */
  readonly refusals?: readonly Refusal[];
}

/** Which process of a machine speaks. */
export interface ProcessIdentity {
  /** The process id. */
  readonly pid: number;
  /** When it started watching, RFC 3339. */
  readonly started_at: string;
}

/** What one machine says about one upgrade. */
export interface MachineResult {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** The upgrade. */
  readonly upgrade_id: string;
  /** The machine. */
  readonly machine_id: string;
  /** The machine's region. */
  readonly region: string;
  /** The image the machine booted from. */
  readonly image_ref: string;
  /** `pending` once at the start, then exactly one of the others. */
  readonly state:
    | "pending"
    | "applied"
    | "nothing_to_do"
    | "failed"
    | "rolled_back";
  /** The version of the release. */
  readonly version: string;
  /** When the machine began, RFC 3339. */
  readonly started_at: string;
  /** When it ended, or null while pending. */
  readonly ended_at: string | null;
  /** What code runs now; see {@linkcode fingerprint}. */
  readonly fingerprint: string;
  /** Modules evaluated again, by path. */
  readonly reloaded: readonly string[];
  /** How many app modules are loaded in all. */
  readonly modules: number;
  /** What became of the holders concerned. */
  readonly holders: readonly HolderChange[];
  /** How long holders took no calls, in milliseconds; null if it did not come to that. */
  readonly suspend_ms: number | null;
  /**
   * How many requests and events that began before it went on in the old code when it was over, open streams of events
   * among them; not there where the runtime is older, or it did not come to that.
   */
  readonly undrained?: number;
  /** From the first step to the last, in milliseconds. */
  readonly total_ms: number;
  /** Whether it was applied at boot, before the app served. */
  readonly at_boot: boolean;
  /** How many starts in a row have tried it at boot; those before died on the way. */
  readonly boot_attempts?: number;
  /** The process that says so; not there where the runtime is older. */
  readonly process?: ProcessIdentity;
  /** Why it failed, or null. */
  readonly failure: UpgradeFailure | null;
}

/**
 * Reads one machine's result.
 *
 * @param value parsed JSON
 * @returns the result
 * @throws {ProtocolError} if it is not a result of this protocol
 */
export function parseMachineResult(value: unknown): MachineResult {
  return machineResult(value, "result");
}

/** What is written of a result: phases have the names there that results have always had. */
export function machineResultRecord(
  result: MachineResult,
): Record<string, unknown> {
  const { failure } = result;
  return {
    ...result,
    failure: failure && { ...failure, phase: phaseOnTheWire(failure.phase) },
  };
}

const processIdentity = fields<ProcessIdentity>({
  pid: count,
  started_at: string,
});

const holderChange = fields<HolderChange>({
  name: string,
  from: nullable(count),
  to: nullable(count),
  action: oneOf("kept", "migrated", "added", "removed"),
});

const upgradeFailure = fields<UpgradeFailure>({
  phase: (value, at) =>
    phaseNamed(value) ?? oneOf(...UPGRADE_PHASES)(value, at),
  message: string,
  end: oneOf("abort", "fail"),
  transient: boolean,
  refusals: optional(refusals),
});

const machineResult = fields<MachineResult>({
  protocol: protocolVersion,
  upgrade_id: string,
  machine_id: string,
  region: string,
  image_ref: string,
  state: oneOf("pending", "applied", "nothing_to_do", "failed", "rolled_back"),
  version: string,
  started_at: string,
  ended_at: nullable(string),
  fingerprint: string,
  reloaded: listOf(string),
  modules: count,
  holders: listOf(holderChange),
  suspend_ms: nullable(count),
  undrained: optional(count),
  total_ms: count,
  at_boot: boolean,
  boot_attempts: optional(count),
  process: optional(processIdentity),
  failure: nullable(upgradeFailure),
});
