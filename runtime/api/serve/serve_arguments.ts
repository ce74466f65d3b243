/** The command line of `@flyhot/runtime/serve`.
 * @module
 */
import type { ServeAddress } from "./served_main.ts";

/** A command line, taken apart. */
export interface ServeArguments extends ServeAddress {
  /** The main module: a path or a URL. */
  readonly main: string;
  /** What the program gets as `Deno.args`. */
  readonly args: readonly string[];
}

/** How it is used. */
export const SERVE_USAGE =
  "deno run -A jsr:@flyhot/runtime/serve main.ts [--port 8000] [--host 0.0.0.0] [arguments of main.ts]";

/**
 * Takes the command line apart. Returns what to serve, where, and what the program gets. Throws saying what cannot be
 * understood.
 */
export function serveArguments(args: readonly string[]): ServeArguments {
  let main: string | null = null;
  let port = 8000;
  let host = "0.0.0.0";
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [, name = "", inline] = /^--(port|host)(?:=(.*))?$/.exec(args[at]!) ??
      [];
    if (name !== "") {
      const value = inline ?? args[++at];
      if (value === undefined || value === "") {
        throw new TypeError(`--${name} needs a value`);
      }
      if (name === "host") host = value;
      else port = portOf(value);
    } else if (/^--parallel(?:=|$)/.test(args[at]!)) {
      throw new TypeError(
        "--parallel starts several processes on one port, which upgrades cannot bring to the new code together; start machines instead",
      );
    } else if (args[at] === "--") {
      rest.push(...args.slice(at + 1));
      break;
    } else if (main !== null) rest.push(args[at]!);
    else if (args[at]!.startsWith("-")) {
      throw new TypeError(
        `there is no option ${args[at]}; options of deno run stand before jsr:`,
      );
    } else main = args[at]!;
  }
  if (main === null) throw new TypeError("no main module is named");
  return { main, port, host, args: rest };
}

function portOf(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new TypeError(`--port is "${value}"; give a number from 0 to 65535`);
}
