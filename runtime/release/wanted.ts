/** The release that is applied.
 * @module
 */
import type { Manifest } from "../protocol/manifest/manifest.ts";

/** What an upgrade is asked to bring. */
export interface WantedRelease {
  /** The id of the upgrade. */
  readonly id: string;
  /** The app's version in the release. */
  readonly version: string;
  /** The image the release was packed from. */
  readonly sourceImageRef: string;
  /** When it was published, RFC 3339. */
  readonly deployedAt: string;
  /** Where it is, or null for the code of the base image. */
  readonly tarballUrl: string | null;
  /** Its digest, or null where the caller does not know it. */
  readonly sha256: string | null;
  /** Its length in bytes, or null where the caller does not know it. */
  readonly size: number | null;
  /** What the app and the operator consent to, by name. */
  readonly consent?: readonly string[];
}

/** The release that is applied. */
export interface CurrentRelease {
  /** What was asked for. */
  readonly wanted: WantedRelease;
  /** Its digest. */
  readonly sha256: string;
  /** Its manifest. */
  readonly manifest: Manifest;
  /** The folder it is unpacked in. */
  readonly folder: string;
  /** When it was applied, RFC 3339. */
  readonly appliedAt: string;
}
