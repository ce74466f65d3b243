/**
 * The records, object keys and rules that the `flyhot` command and a running machine share.
 *
 * Every record goes through its parser here, on both ends; an unknown protocol version is refused.
 *
 * @module
 */
import { protocolVersion } from "./manifest.ts";
import {
  boolean,
  count,
  listOf,
  nullable,
  object,
  oneOf,
  type Reader,
  recordOf,
  sha256Hex,
  string,
} from "./parse.ts";

export { newPackages, packageOf, packagesIn } from "./external_packages.ts";
export { type ImageRef, parseImageRef, sameImage } from "./image_ref.ts";
export {
  isReleasePath,
  type Manifest,
  MANIFEST_PATH,
  type ModuleEdges,
  parseManifest,
  parseRunningManifest,
  PROTOCOL_VERSION,
  type ReleaseFile,
  type RunningManifest,
  settingsText,
} from "./manifest.ts";
export { parseJsonc } from "./jsonc.ts";
export { lockChanges, lockedVersions } from "./locked_versions.ts";
export { ProtocolError } from "./parse.ts";
export {
  bootModules,
  type ColdReason,
  type ReloadSet,
  reloadSet,
  type RunningModules,
} from "./reload_set.ts";

/** One release brought to one generation. */
export interface HotUpgrade {
  /** ULID of this upgrade; also the folder of its results. */
  readonly id: string;
  /** The app's version in the release; `base` where the upgrade leads back to the base image. */
  readonly version: string;
  /** The image the release was packed from. */
  readonly source_image_ref: string;
  /** Where the release is, or null where the upgrade leads back to the code of the base image. */
  readonly tarball_url: string | null;
  /** SHA-256 of the tarball, or null with `tarball_url`. */
  readonly sha256: string | null;
  /** Length of the tarball in bytes. */
  readonly size: number;
  /** When it was published, RFC 3339. */
  readonly deployed_at: string;
  /** Who published it. */
  readonly deployed_by: string;
  /** `probation` until every machine of the rollout has it. Only `committed` ones are applied at boot. */
  readonly state: "probation" | "committed" | "rolled_back";
  /** The machines that may apply it now, or `"*"` for all. */
  readonly wave: readonly string[] | "*";
  /** The id of the upgrade that this one undoes, where it does. */
  readonly rollback_of?: string;
}

/** All machines on one base image. */
export interface Generation {
  /** The base image. */
  readonly image_ref: string;
  /** When a machine or a deployer first named it, RFC 3339. */
  readonly first_seen: string;
  /** What its machines should run, or null for the base image as it is. */
  readonly hot_upgrade: HotUpgrade | null;
  /** Earlier upgrades, newest first, each with its final state; at most {@linkcode HISTORY_MAX}. */
  readonly history: readonly HotUpgrade[];
}

/** The pointer: which release is current for which base image. */
export interface Pointer {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** The Fly app. */
  readonly app: string;
  /** Grows with every write; a reader never acts on a smaller one than it has seen. */
  readonly revision: number;
  /** When it was last written, RFC 3339. */
  readonly set_at: string;
  /** The newest generation's image, under the name that readers of `fly_deploy` know. */
  readonly image_ref: string;
  /** The newest generation's upgrade, likewise. */
  readonly hot_upgrade: HotUpgrade | null;
  /** The generations by image reference. */
  readonly generations: Readonly<Record<string, Generation>>;
}

/** How many earlier upgrades a generation remembers. */
export const HISTORY_MAX = 20;

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
  /** `abort`: the old system is intact. `fail`: it may not be, recycle the machine. */
  readonly end: "abort" | "fail";
  /** True for trouble that a retry may cure, such as a cut download. */
  readonly transient: boolean;
}

/** The steps of one upgrade on one machine, in order. */
export const UPGRADE_PHASES = [
  "check",
  "fetch",
  "verify",
  "unpack",
  "diff",
  "prepare",
  "suspend",
  "migrate",
  "swap",
  "start",
  "health",
  "probation",
  "commit",
] as const;

/** One step of an upgrade. */
export type UpgradePhase = typeof UPGRADE_PHASES[number];

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
  /** Modules evaluated anew, by path. */
  readonly reloaded: readonly string[];
  /** How many app modules are loaded in all. */
  readonly modules: number;
  /** What became of the holders concerned. */
  readonly holders: readonly HolderChange[];
  /** How long holders took no calls, in milliseconds; null if it did not come to that. */
  readonly suspend_ms: number | null;
  /** From the first step to the last, in milliseconds. */
  readonly total_ms: number;
  /** Whether it was applied at boot, before the app served. */
  readonly at_boot: boolean;
  /** How many starts in a row have tried it at boot; those before died on the way. */
  readonly boot_attempts?: number;
  /** Why it failed, or null. */
  readonly failure: UpgradeFailure | null;
}

/** The deploy lock. */
export interface DeployLock {
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly protocol: number;
  /** Only `held` excludes others. */
  readonly state: "held" | "released";
  /** Unique for each acquisition: who owns the lock. */
  readonly owner: string;
  /** The person or job, for people. */
  readonly holder: string;
  /** What is being deployed, for people. */
  readonly purpose: string;
  /** When it was acquired, RFC 3339. */
  readonly acquired_at: string;
  /** When it was last renewed, RFC 3339. */
  readonly renewed_at: string;
  /** When it lapses if not renewed, RFC 3339. */
  readonly expires_at: string;
}

/** What a machine answers to `GET /v1/info` and what `info()` returns, whether or not an upgrade is in. */
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
  /** The process id. */
  readonly pid: number;
  /** When the process started watching, RFC 3339. */
  readonly startedAt: string;
  /** The id of the newest upgrade this process has seen an end of, or null. */
  readonly lastUpgradeId: string | null;
}

/** What a machine runs. */
export type MachineInfo =
  | MachineInfoCommon & {
    /** No hot upgrade is in: the machine runs its base image. */
    readonly hotUpgradeApplied: false;
  }
  | MachineInfoCommon & {
    /** A hot upgrade is in. */
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

const upgradeState = oneOf("probation", "committed", "rolled_back");

const hotUpgrade: Reader<HotUpgrade> = (value, at) => {
  const it = object(value, at);
  const rollbackOf = it.rollback_of;
  return {
    id: string(it.id, `${at}.id`),
    version: string(it.version, `${at}.version`),
    source_image_ref: string(it.source_image_ref, `${at}.source_image_ref`),
    tarball_url: nullable(string)(it.tarball_url, `${at}.tarball_url`),
    sha256: nullable(sha256Hex)(it.sha256, `${at}.sha256`),
    size: count(it.size, `${at}.size`),
    deployed_at: string(it.deployed_at, `${at}.deployed_at`),
    deployed_by: string(it.deployed_by, `${at}.deployed_by`),
    state: upgradeState(it.state, `${at}.state`),
    wave: it.wave === "*" ? "*" : listOf(string)(it.wave, `${at}.wave`),
    ...(rollbackOf === undefined
      ? {}
      : { rollback_of: string(rollbackOf, `${at}.rollback_of`) }),
  };
};

const generation: Reader<Generation> = (value, at) => {
  const it = object(value, at);
  return {
    image_ref: string(it.image_ref, `${at}.image_ref`),
    first_seen: string(it.first_seen, `${at}.first_seen`),
    hot_upgrade: nullable(hotUpgrade)(it.hot_upgrade, `${at}.hot_upgrade`),
    history: listOf(hotUpgrade)(it.history, `${at}.history`),
  };
};

/**
 * Reads a pointer.
 *
 * @param value parsed JSON
 * @returns the pointer
 * @throws {ProtocolError} if it is not a pointer of this protocol
 */
export function parsePointer(value: unknown): Pointer {
  const at = "pointer";
  const it = object(value, at);
  return {
    protocol: protocolVersion(it.protocol, `${at}.protocol`),
    app: string(it.app, `${at}.app`),
    revision: count(it.revision, `${at}.revision`),
    set_at: string(it.set_at, `${at}.set_at`),
    image_ref: string(it.image_ref, `${at}.image_ref`),
    hot_upgrade: nullable(hotUpgrade)(it.hot_upgrade, `${at}.hot_upgrade`),
    generations: recordOf(generation)(it.generations, `${at}.generations`),
  };
}

/**
 * Reads one machine's result.
 *
 * @param value parsed JSON
 * @returns the result
 * @throws {ProtocolError} if it is not a result of this protocol
 */
export function parseMachineResult(value: unknown): MachineResult {
  const at = "result";
  const it = object(value, at);
  return {
    protocol: protocolVersion(it.protocol, `${at}.protocol`),
    upgrade_id: string(it.upgrade_id, `${at}.upgrade_id`),
    machine_id: string(it.machine_id, `${at}.machine_id`),
    region: string(it.region, `${at}.region`),
    image_ref: string(it.image_ref, `${at}.image_ref`),
    state: oneOf(
      "pending",
      "applied",
      "nothing_to_do",
      "failed",
      "rolled_back",
    )(
      it.state,
      `${at}.state`,
    ),
    version: string(it.version, `${at}.version`),
    started_at: string(it.started_at, `${at}.started_at`),
    ended_at: nullable(string)(it.ended_at, `${at}.ended_at`),
    fingerprint: string(it.fingerprint, `${at}.fingerprint`),
    reloaded: listOf(string)(it.reloaded, `${at}.reloaded`),
    modules: count(it.modules, `${at}.modules`),
    holders: listOf(holderChange)(it.holders, `${at}.holders`),
    suspend_ms: nullable(count)(it.suspend_ms, `${at}.suspend_ms`),
    total_ms: count(it.total_ms, `${at}.total_ms`),
    at_boot: boolean(it.at_boot, `${at}.at_boot`),
    ...(it.boot_attempts === undefined
      ? {}
      : { boot_attempts: count(it.boot_attempts, `${at}.boot_attempts`) }),
    failure: nullable(upgradeFailure)(it.failure, `${at}.failure`),
  };
}

const holderChange: Reader<HolderChange> = (value, at) => {
  const it = object(value, at);
  return {
    name: string(it.name, `${at}.name`),
    from: nullable(count)(it.from, `${at}.from`),
    to: nullable(count)(it.to, `${at}.to`),
    action: oneOf("kept", "migrated", "added", "removed")(
      it.action,
      `${at}.action`,
    ),
  };
};

const upgradeFailure: Reader<UpgradeFailure> = (value, at) => {
  const it = object(value, at);
  return {
    phase: oneOf(...UPGRADE_PHASES)(it.phase, `${at}.phase`),
    message: string(it.message, `${at}.message`),
    end: oneOf("abort", "fail")(it.end, `${at}.end`),
    transient: boolean(it.transient, `${at}.transient`),
  };
};

/**
 * Reads a deploy lock.
 *
 * @param value parsed JSON
 * @returns the lock record
 * @throws {ProtocolError} if it is not one of this protocol
 */
export function parseDeployLock(value: unknown): DeployLock {
  const at = "lock";
  const it = object(value, at);
  return {
    protocol: protocolVersion(it.protocol, `${at}.protocol`),
    state: oneOf("held", "released")(it.state, `${at}.state`),
    owner: string(it.owner, `${at}.owner`),
    holder: string(it.holder, `${at}.holder`),
    purpose: string(it.purpose, `${at}.purpose`),
    acquired_at: string(it.acquired_at, `${at}.acquired_at`),
    renewed_at: string(it.renewed_at, `${at}.renewed_at`),
    expires_at: string(it.expires_at, `${at}.expires_at`),
  };
}

/**
 * Reads what a machine says of itself.
 *
 * @param value parsed JSON
 * @returns the machine's info
 * @throws {ProtocolError} if it is not such an answer
 */
export function parseMachineInfo(value: unknown): MachineInfo {
  const at = "info";
  const it = object(value, at);
  const common: MachineInfoCommon = {
    currentImageRef: string(it.currentImageRef, `${at}.currentImageRef`),
    fingerprint: string(it.fingerprint, `${at}.fingerprint`),
    upgrades: count(it.upgrades, `${at}.upgrades`),
    retainedModules: count(it.retainedModules, `${at}.retainedModules`),
    retainedBytes: count(it.retainedBytes, `${at}.retainedBytes`),
    retainedBudgetExceeded: it.retainedBudgetExceeded === true,
    pid: count(it.pid, `${at}.pid`),
    startedAt: string(it.startedAt, `${at}.startedAt`),
    lastUpgradeId: nullable(string)(it.lastUpgradeId, `${at}.lastUpgradeId`),
  };
  if (!boolean(it.hotUpgradeApplied, `${at}.hotUpgradeApplied`)) {
    return { hotUpgradeApplied: false, ...common };
  }
  return {
    hotUpgradeApplied: true,
    ...common,
    id: string(it.id, `${at}.id`),
    version: string(it.version, `${at}.version`),
    sourceImageRef: string(it.sourceImageRef, `${at}.sourceImageRef`),
    deployedAt: string(it.deployedAt, `${at}.deployedAt`),
    appliedAt: string(it.appliedAt, `${at}.appliedAt`),
    sha256: sha256Hex(it.sha256, `${at}.sha256`),
  };
}

/**
 * The key of an app's pointer.
 *
 * @param app the Fly app
 * @returns `releases/<app>-current.json`
 */
export function pointerKey(app: string): string {
  return `releases/${app}-current.json`;
}

/**
 * The key of a release. The version is made safe for a URL path, because a `+` in one is signed as a space.
 *
 * @param app the Fly app
 * @param version the app's version
 * @param sha256 digest of the tarball
 * @returns `releases/<app>-<version>-<digest12>.tar.gz`
 */
export function releaseKey(
  app: string,
  version: string,
  sha256: string,
): string {
  const safe = version.replaceAll(/[^A-Za-z0-9._-]/g, "_").slice(0, 64);
  return `releases/${app}-${safe}-${sha256.slice(0, 12)}.tar.gz`;
}

/**
 * The key of one machine's result, or with no machine the prefix of all results of an upgrade.
 *
 * @param app the Fly app
 * @param upgradeId the upgrade
 * @param machineId the machine; left out for the prefix
 * @returns `releases/<app>-results/<upgrade id>/<machine id>.json`
 */
export function resultKey(
  app: string,
  upgradeId: string,
  machineId?: string,
): string {
  const folder = `releases/${app}-results/${upgradeId}/`;
  return machineId === undefined ? folder : `${folder}${machineId}.json`;
}

/**
 * The key of an app's deploy lock.
 *
 * @param app the Fly app
 * @returns `releases/<app>-deploy.lock`
 */
export function lockKey(app: string): string {
  return `releases/${app}-deploy.lock`;
}

/**
 * A short hash of base image and release: equal exactly where the same code runs.
 *
 * @param imageRef the base image
 * @param releaseSha256 digest of the release, or null on the base image as it is
 * @returns 12 hex digits
 */
export async function fingerprint(
  imageRef: string,
  releaseSha256: string | null,
): Promise<string> {
  return (await sha256Of(`${imageRef}\n${releaseSha256 ?? "base"}`)).slice(
    0,
    12,
  );
}

/**
 * SHA-256 in lower-case hex.
 *
 * @param data text (hashed as UTF-8) or bytes
 * @returns 64 hex digits
 */
export async function sha256Of(
  data: string | Uint8Array<ArrayBuffer>,
): Promise<string> {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
