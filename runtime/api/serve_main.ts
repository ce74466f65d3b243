/** Runs a main module as `deno serve` does, with the runtime started before it where there is one to start.
 * @module
 */
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { cwd } from "node:process";
import { pathToFileURL } from "node:url";
import { asMain } from "../modules/module_source.ts";
import { startBeforeMain } from "./before_main.ts";
import {
  SERVE_USAGE,
  type ServeArguments,
  serveArguments,
} from "./serve_arguments.ts";
import { serveDefault } from "./served_main.ts";

/**
 * Serves a main module; ends the process where that cannot be.
 *
 * @param given the command line
 */
export async function serveMain(given: readonly string[]): Promise<void> {
  let about: ServeArguments;
  try {
    about = serveArguments(given);
  } catch (error) {
    return refuse(
      `${
        error instanceof Error ? error.message : error
      }\nusage: ${SERVE_USAGE}`,
      2,
    );
  }
  const url = /^(?:file|https?|data|jsr|npm):/.test(about.main)
    ? about.main
    : pathToFileURL(resolve(cwd(), about.main)).href;
  define("mainModule", url);
  define("args", [...about.args]);
  if (await startBeforeMain("serve")) {
    const { serveHot } = await import("./serve_hot.ts");
    return await serveHot(about).catch(refuseUnserved);
  }
  beMain(url);
  const module: unknown = await import(url);
  try {
    serveDefault(module, about);
  } catch (error) {
    refuseUnserved(error);
  }
}

/** What is not the app's own error is told in a sentence. */
function refuseUnserved(error: unknown): void {
  const isOurs = error instanceof TypeError &&
    error.message.startsWith("Cannot serve");
  if (!isOurs) throw error;
  refuse(error.message, 1);
}

function refuse(message: string, code: number): void {
  // deno-lint-ignore no-console -- a command line tells what it cannot do
  console.error(`error: ${message}`);
  Deno.exit(code);
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
