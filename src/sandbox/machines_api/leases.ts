/** Leases on machines: whoever holds one is the only one who may change the machine.
 * @module
 */
import { newSecret } from "../ids.ts";
import { PlatformError } from "./platform_error.ts";

/** A lease as the Machines API shows it. */
export interface LeaseRecord {
  /** What its owner proves himself with. */
  readonly nonce: string;
  /** When it ends, in seconds since 1970. */
  readonly expires_at: number;
  /** Who holds it. */
  readonly owner: string;
  /** What for. */
  readonly description: string;
  /** The version of the lease itself. */
  readonly version: string;
}

/** The lease on one machine. */
export class MachineLease {
  readonly #machineId: string;
  readonly #owner: string;
  #lease: LeaseRecord | null = null;

  /**
   * @param machineId the machine
   * @param owner who every lease is said to belong to
   */
  constructor(machineId: string, owner: string) {
    this.#machineId = machineId;
    this.#owner = owner;
  }

  /**
   * The lease in force.
   *
   * @param now milliseconds since 1970
   * @returns the lease, or null
   */
  current(now: number): LeaseRecord | null {
    if (this.#lease !== null && this.#lease.expires_at * 1000 <= now) {
      this.#lease = null;
    }
    return this.#lease;
  }

  /**
   * Takes the lease, or renews one's own.
   *
   * @param options its length in seconds, its description, and the nonce of one's own lease
   * @param now milliseconds since 1970
   * @returns the lease
   * @throws {PlatformError} 409 if somebody else holds it
   */
  acquire(
    options: {
      readonly ttl: number;
      readonly description: string;
      readonly nonce: string | null;
    },
    now: number,
  ): LeaseRecord {
    const held = this.current(now);
    this.refuseOthers(options.nonce, now);
    this.#lease = {
      nonce: held?.nonce ?? newSecret(6),
      expires_at: Math.floor(now / 1000) + options.ttl,
      owner: this.#owner,
      description: options.description || (held?.description ?? ""),
      version: newSecret(13),
    };
    return this.#lease;
  }

  /**
   * Gives the lease back.
   *
   * @param nonce the nonce it was taken with
   * @param now milliseconds since 1970
   * @throws {PlatformError} 404 if there is none, 409 if it is somebody else's
   */
  release(nonce: string | null, now: number): void {
    if (this.current(now) === null) {
      throw new PlatformError(404, "lease not found");
    }
    this.refuseOthers(nonce, now);
    this.#lease = null;
  }

  /**
   * Refuses whoever does not hold the lease in force.
   *
   * @param nonce what he proves himself with, or null
   * @param now milliseconds since 1970
   * @throws {PlatformError} 409 if somebody else holds it
   */
  refuseOthers(nonce: string | null, now: number): void {
    const held = this.current(now);
    if (held === null || held.nonce === nonce) return;
    const until = new Date(held.expires_at * 1000).toISOString()
      .replace(/\.\d{3}/, "");
    throw new PlatformError(
      409,
      `machine ID ${this.#machineId} lease currently held by ${held.owner}, expires at ${until}`,
    );
  }
}
