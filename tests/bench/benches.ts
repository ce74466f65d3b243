/** All benches, by name; each is loaded when it is its turn.
 * @module
 */
import type { Bench } from "./figure.ts";

/** The benches, in the order in which they run. */
export const BENCHES = {
  reload: async () => (await import("./reload.ts")).bench,
  rebind: async () => (await import("./rebind.ts")).bench,
  suspension: async () => (await import("./suspension/suspension.ts")).bench,
  memory: async () => (await import("./memory.ts")).bench,
  load: async () => (await import("./load/load.ts")).bench,
  overhead: async () => (await import("./load/overhead.ts")).bench,
  "cold-start": async () => (await import("./cold_start.ts")).bench,
  packing: async () => (await import("./command/packing.ts")).bench,
  fleet: async () => (await import("./command/fleet.ts")).bench,
  cli: async () => (await import("./command/cli.ts")).bench,
  "hot-local": async () => (await import("./hot_local.ts")).bench,
} as const satisfies Record<string, () => Promise<Bench>>;

/** The name of one. */
export type BenchName = keyof typeof BENCHES;
