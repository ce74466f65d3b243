/** What a machine is made from, and what became of it, in the words of the Machines API.
 * @module
 */
import type { FlyhotError } from "../../errors.ts";
import type { Machine } from "../machine.ts";

/** What to make a machine from; the fields are the API's own. */
export interface MachineSpec {
  /** Where to; left out: near the caller. */
  readonly region?: string;
  /** How it is set up. */
  readonly config: {
    readonly image: string;
    readonly env: Readonly<Record<string, string>>;
    readonly metadata: Readonly<Record<string, string>>;
    readonly guest: {
      readonly cpu_kind: "shared" | "performance";
      readonly cpus: number;
      readonly memory_mb: number;
    };
    readonly init: { readonly exec: readonly string[] };
    readonly auto_destroy: boolean;
    readonly restart: { readonly policy: "no" | "on-failure" | "always" };
    readonly dns: { readonly skip_registration: boolean };
  };
}

/** What became of a creation. */
export type CreateOutcome =
  | {
    /** The machine is there. */
    readonly status: "created";
    /** The machine. */
    readonly machine: Machine;
  }
  | {
    /** The registry does not know the image, or not yet. */
    readonly status: "no_image";
    /** What the API said. */
    readonly error: FlyhotError;
  }
  | {
    /** It may or may not be there: look for it before trying again. */
    readonly status: "unknown";
    /** What the API or the network said. */
    readonly error: FlyhotError;
  };
