/**
 * Prepares an image while it is built: what each start would have to find out of the app's scripts is written beside
 * them, to `.flyhot/prepared.json`. A start then neither parses nor, for most of them, transpiles them.
 *
 * ```dockerfile
 * RUN deno run -A jsr:@flyhot/runtime/prepare main.ts
 * ```
 *
 * It goes behind what copies the app's files. Nothing of the app runs. A script that is another one by the time it is
 * loaded is loaded as if it had not been prepared.
 *
 * @module
 */
import { prepareImage } from "./api/start/prepare_image.ts";

const { file, scripts, erasable } = await prepareImage(Deno.args[0]);
// deno-lint-ignore no-console -- a command line says what it has done
console.log(
  `prepared ${scripts} scripts, ${erasable} of which nobody has to transpile: ${file}`,
);
