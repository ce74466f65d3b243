/** What must not happen again each time a module is loaded, and what is lost each time.
 * @module
 */
import { type Code, topLevel } from "./code.ts";

/** Calls on the top level that go on for ever once made. */
const LASTING =
  /(?<![\w$.])(?:setInterval|setTimeout|addEventListener|globalThis\s*\.\s*addEventListener|Deno\s*\.\s*(?:cron|addSignalListener|listen|listenTls|listenDatagram|watchFs)|new\s+(?:Worker|WebSocket|BroadcastChannel|EventSource))\s*\(/g;

/**
 * Finds what goes on for ever once a module is loaded: loaded again, there would be two.
 *
 * @param code the module
 * @returns the calls, for example `setInterval()`
 */
export function lastingCalls(code: Code): readonly string[] {
  return [
    ...new Set(
      topLevel(code, LASTING).map(([text]) =>
        `${
          text.replace(/\s*\($/, "").replaceAll(/\s+/g, " ").replaceAll(
            " . ",
            ".",
          )
        }()`
      ),
    ),
  ];
}

const MUTABLE =
  /(?<![\w$.])(?:(?:let|var)\s+([A-Za-z_$][\w$]*)|const\s+([A-Za-z_$][\w$]*)\s*(?::[^=;\n]*)?=\s*(?:new\s+(?:Map|Set|WeakMap|WeakSet|Array)\b|\[\s*\]|\{\s*\}))/g;

/**
 * Finds state that a module keeps in variables of its own: loaded again, it begins anew.
 *
 * @param code the module
 * @returns the names of the variables
 */
export function moduleState(code: Code): readonly string[] {
  return [
    ...new Set(
      topLevel(code, MUTABLE).map(([, declared, constant]) =>
        (declared ?? constant)!
      ),
    ),
  ];
}
