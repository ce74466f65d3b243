/** Runs a main module as `deno serve` does, with the runtime started before it where there is one to start.
 * @module
 */
import { TextDecoder } from "../../base/platform/globals.ts";
import { errorText } from "../../base/error_text.ts";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { cwd } from "node:process";
import { pathToFileURL } from "node:url";
import { asMain } from "../../modules/hooks/module_source.ts";
import { startBeforeMain } from "../start/before_main.ts";
import {
  SERVE_USAGE,
  type ServeArguments,
  serveArguments,
} from "./serve_arguments.ts";
import { serveDefault, UnservedError } from "./served_main.ts";

/** Why a main module cannot be served. */
export interface ServeRefusal {
  /** A sentence. */
  readonly message: string;
  /** What the process is to end with. */
  readonly code: number;
}

/** Serves a main module. Returns why that cannot be; null where it is served. */
export async function serveMain(
  given: readonly string[],
): Promise<ServeRefusal | null> {
  let about: ServeArguments;
  try {
    about = serveArguments(given);
  } catch (error) {
    const why = errorText(error);
    return { message: `${why}\nusage: ${SERVE_USAGE}`, code: 2 };
  }
  const url = /^(?:file|https?|data|jsr|npm):/.test(about.main)
    ? about.main
    : pathToFileURL(resolve(cwd(), about.main)).href;
  define("mainModule", url);
  define("args", [...about.args]);
  if (await startBeforeMain("serve")) {
    const { serveHot } = await import("./serve_hot.ts");
    return await orRefusal(() => serveHot(about));
  }
  beMain(url);
  const module: unknown = await import(url);
  return await orRefusal(() => void serveDefault(module, about));
}

/** What is not the app's own error is told in a sentence. */
async function orRefusal(
  serve: () => void | Promise<void>,
): Promise<ServeRefusal | null> {
  try {
    await serve();
    return null;
  } catch (error) {
    if (error instanceof UnservedError) {
      return { message: error.message, code: 1 };
    }
    throw error;
  }
}

function define(name: "mainModule" | "args", value: unknown): void {
  Object.defineProperty(Deno, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: false,
  });
}

/** Lets the module be the main one, though Deno has another. */
function beMain(url: string): void {
  const hooks = registerHooks({
    load(loaded, context, next) {
      const result = next(loaded, context);
      if (loaded !== url || !result.source) return result;
      // Gone before anything of the app runs: a hook stands in the way of `require`.
      hooks.deregister();
      const { source } = result;
      const text = typeof source === "string"
        ? source
        : new TextDecoder().decode(source);
      return { ...result, source: asMain(text), shortCircuit: true };
    },
  });
}
