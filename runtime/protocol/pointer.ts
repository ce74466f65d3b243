/** The pointer: which release is current for which base image.
 * @module
 */
import { PROTOCOL_VERSION, protocolVersion } from "./manifest.ts";
import {
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
  /** For how long machines watch it, in milliseconds, where the deployer has said so. */
  readonly probation_ms?: number;
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
  /** A ULID given when the pointer was made: `revision` only grows within one. */
  readonly lineage?: string;
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
    ...(it.probation_ms === undefined
      ? {}
      : { probation_ms: count(it.probation_ms, `${at}.probation_ms`) }),
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
    ...(it.lineage === undefined
      ? {}
      : { lineage: string(it.lineage, `${at}.lineage`) }),
    revision: count(it.revision, `${at}.revision`),
    set_at: string(it.set_at, `${at}.set_at`),
    image_ref: string(it.image_ref, `${at}.image_ref`),
    hot_upgrade: nullable(hotUpgrade)(it.hot_upgrade, `${at}.hot_upgrade`),
    generations: recordOf(generation)(it.generations, `${at}.generations`),
  };
}

/**
 * The pointer with a generation that is new or changed: the newest write is the newest generation.
 *
 * @param pointer the pointer, or null where there is none
 * @param app the Fly app
 * @param generation the generation
 * @param now the time, RFC 3339
 * @returns the next pointer
 */
export function pointerWithGeneration(
  pointer: Pointer | null,
  app: string,
  generation: Generation,
  now: string,
): Pointer {
  const { image_ref, hot_upgrade } = generation;
  return {
    protocol: PROTOCOL_VERSION,
    app,
    ...(pointer?.lineage === undefined ? {} : { lineage: pointer.lineage }),
    revision: (pointer?.revision ?? 0) + 1,
    set_at: now,
    image_ref,
    hot_upgrade,
    generations: { ...pointer?.generations, [image_ref]: generation },
  };
}
