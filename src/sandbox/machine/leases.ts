/** Leases on machines: whoever holds one is the only one who may change the machine.
 * @module
 */
import { newSecret } from "../ids.ts";
import { PlatformError } from "../machines_api/platform_error.ts";

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

  constructor(machineId: string, owner: string) {
    this.#machineId = machineId;
    this.#owner = owner;
  }

  /** The lease in force, or null. */
  current(now: number): LeaseRecord | null {
    if (this.#lease !== null && this.#lease.expires_at * 1000 <= now) {
      this.#lease = null;
    }
    return this.#lease;
  }

  /** Takes the lease, or renews one's own. */
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

  /** Gives the lease back. */
  release(nonce: string | null, now: number): void {
    if (this.current(now) === null) {
      throw new PlatformError(404, "lease not found");
    }
    this.refuseOthers(nonce, now);
    this.#lease = null;
  }

  /** Refuses whoever does not hold the lease in force. */
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
