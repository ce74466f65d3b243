/**
 * The `flyhot` command: upgrades running Deno programs on Fly.io without restarting them.
 *
 * ```sh
 * deno run -A jsr:@flyhot/cli hot
 * ```
 *
 * Everything it does is also a library: `@flyhot/cli/mod`.
 *
 * @module
 */
import { denoHost } from "./src/host_deno.ts";
import { main } from "./src/main.ts";

/** Runs the command line of this process. */
async function run(): Promise<number> {
  using host = denoHost();
  return await main(Deno.args, host);
}

// The only place that ends the process: all others return or throw, so that what they hold is let go.
if (import.meta.main) Deno.exit(await run());
