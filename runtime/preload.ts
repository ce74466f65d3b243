/**
 * Hot upgrades for a program that knows nothing of them: the flag that starts the runtime before the program does.
 *
 * ```sh
 * deno run -A --preload jsr:@flyhot/runtime/preload main.ts
 * ```
 *
 * The release that the machines on this base image run is applied before the main module loads, and the main module is
 * hot like any other. Outside Fly, or without a bucket, the program runs as without the flag. Options stand in
 * `deno.json`, under `"flyhot": { "runtime": { … } }`. `deno serve` ignores the flag: see `@flyhot/runtime/serve`.
 *
 * @module
 */
import { startBeforeMain } from "./api/start/before_main.ts";

await startBeforeMain("preload");
