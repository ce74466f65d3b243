/**
 * Hot upgrades for a program with a default export, in the place of `deno serve`, which ignores `--preload`.
 *
 * ```sh
 * deno run -A jsr:@flyhot/runtime/serve main.ts --port 8080
 * ```
 *
 * The default export is served as `deno serve` does, and replaced by that of the new main module when an upgrade comes
 * in. Options: `--port` (default 8000) and `--host` (default 0.0.0.0); all other arguments are the program's.
 *
 * @module
 */
import { serveMain } from "./api/serve/serve_main.ts";

const refused = await serveMain(Deno.args);
if (refused) {
  // deno-lint-ignore no-console -- a command line says what it cannot do
  console.error(`error: ${refused.message}`);
  Deno.exit(refused.code);
}
