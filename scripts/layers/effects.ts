/**
 * The effects that flyhot keeps to few places, as rules over the text of its
 * modules. Nothing here reads a file.
 *
 * @module
 */

import { roomOf, type Violation } from "./layers.ts";
import { maskText } from "../mirror/source_text.ts";

/** A way to have an effect, and the rooms that may. */
interface EffectRule {
  readonly pattern: RegExp;
  readonly what: string;
  readonly in: (room: string) => boolean;
  readonly why: string;
}

/** Where the runtime decides whether the app may end the process. */
const EXITS = "runtime/process/guard/exits.ts";

/** Programs of their own, started as processes: they end themselves and print. */
const PROGRAMS = [
  "src/sandbox/stand_in/main.ts",
  "runtime/serve.ts",
  "runtime/prepare.ts",
];

/** The processes, ports and files of a sandbox, which no host has. */
const COMPUTER = "src/sandbox/computer/";

/** Sees the calls of an app that end its process, and ends it in its name. */
const EXIT_WRAPPER = "runtime/process/guard/exits.ts";

const inSource = (room: string) => !room.startsWith("runtime/");
const EFFECTS: readonly EffectRule[] = [
  {
    pattern: /\bDeno\s*\.\s*exit(?:Code)?\b|\bprocess\s*\.\s*exit/g,
    what: "Deno.exit",
    in: (room) => room !== "cli",
    why: "only cli.ts ends the process or sets its exit code",
  },
  {
    pattern: /\bDeno\b/g,
    what: "Deno",
    in: (room) => inSource(room) && !/^(?:cli|mod|host_deno)$/.test(room),
    why:
      "only src/host_deno.ts and src/sandbox/computer/ use Deno; take a Host",
  },
  {
    pattern: /\bconsole\s*\.|\bDeno\s*\.\s*std(?:out|err)\b/g,
    what: "console",
    in: (room) => inSource(room) && !/^(?:ui|host_deno)$/.test(room),
    why: "only src/ui/ and src/host_deno.ts print; report instead",
  },
];

/** Checks which modules have effects that are kept to few places. */
export function checkSources(
  sources: ReadonlyMap<string, string>,
): Violation[] {
  const violations: Violation[] = [];
  for (const [path, source] of sources) {
    const room = roomOf(path);
    if (!room || PROGRAMS.includes(path) || path === EXITS) continue;
    const code = maskText(source);
    for (const { pattern, what, in: applies, why } of EFFECTS) {
      if (!applies(room)) continue;
      if (what === "Deno.exit" && path === EXIT_WRAPPER) continue;
      if (what === "Deno" && path.startsWith(COMPUTER)) continue;
      for (const { index } of code.matchAll(pattern)) {
        const line = code.slice(0, index).split("\n").length;
        violations.push({ from: `${path}:${line}`, to: what, why });
      }
    }
  }
  return violations;
}
