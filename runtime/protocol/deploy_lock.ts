/** The record of the deploy lock.
 * @module
 */
import { protocolVersion } from "./manifest/manifest.ts";
import { fields, oneOf, string } from "./json/parse.ts";

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

/**
 * Reads a deploy lock.
 *
 * @param value parsed JSON
 * @returns the lock record
 * @throws {ProtocolError} if it is not one of this protocol
 */
export function parseDeployLock(value: unknown): DeployLock {
  return deployLock(value, "lock");
}

const deployLock = fields<DeployLock>({
  protocol: protocolVersion,
  state: oneOf("held", "released"),
  owner: string,
  holder: string,
  purpose: string,
  acquired_at: string,
  renewed_at: string,
  expires_at: string,
});
