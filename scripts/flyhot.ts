/** The command from this tree, in the folder it was called from: `deno task --config <here>/deno.json flyhot …`.
 * @module
 */
import { denoHost } from "../src/host_deno.ts";
import { main } from "../src/main.ts";

// A task runs in the folder of its deno.json; Deno keeps the caller's here.
Deno.chdir(Deno.env.get("INIT_CWD") ?? Deno.cwd());
using host = denoHost();
Deno.exitCode = await main(Deno.args, host);
