/** Serves the default export of the main module, whichever version of it is current.
 * @module
 */
import { appProcess } from "../../process/process.ts";
import { type ServeAddress, serveDefault } from "./served_main.ts";

/** Loads the main module and serves its default export. */
export async function serveHot(address: ServeAddress): Promise<void> {
  const { generations, modules } = appProcess;
  const main = Deno.mainModule;
  const serve = (module: unknown) => void serveDefault(module, address);
  appProcess.onMain = serve;
  const module = await loaded(main);
  // What serves is the module's own, as if it had called Deno.serve itself.
  generations.inEvaluation((name) => {
    name(modules.pathOf(main));
    serve(module);
  });
}

async function loaded(main: string): Promise<unknown> {
  try {
    return await import(main);
  } catch (error) {
    // A release that came in at the start may fail; the code of the image stands in for it.
    if (await appProcess.bootTrial?.fail(error)) return await import(main);
    throw error;
  }
}
