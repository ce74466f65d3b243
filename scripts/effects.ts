/**
 * The effects that flyhot keeps to few places, as rules over the text of its
 * modules. Nothing here reads a file.
 *
 * @module
 */

import { partOf, type Violation } from "./layers.ts";
import { maskText } from "../src/source_text.ts";

/** A way to have an effect, and the parts and folders that may. */
interface EffectRule {
  readonly pattern: RegExp;
  readonly what: string;
  readonly in: (part: string) => boolean;
  readonly why: string;
}

/** Programs of their own, started as processes: they end themselves and print. */
const PROGRAMS = ["src/sandbox/fly_stand_in.ts"];

const inSource = (part: string) => !/^(?:runtime|protocol)$/.test(part);
const EFFECTS: readonly EffectRule[] = [
  {
    pattern: /\bDeno\s*\.\s*exit(?:Code)?\b|\bprocess\s*\.\s*exit/g,
    what: "Deno.exit",
    in: (part) => part !== "cli",
    why: "only cli.ts ends the process or sets its exit code",
  },
  {
    pattern: /\bDeno\b/g,
    what: "Deno",
    in: (part) =>
      inSource(part) && !/^(?:cli|mod|host_deno|sandbox)$/.test(part),
    why: "only src/host_deno.ts and src/sandbox/ use Deno; take a Host",
  },
  {
    pattern: /\bconsole\s*\.|\bDeno\s*\.\s*std(?:out|err)\b/g,
    what: "console",
    in: (part) => inSource(part) && !/^(?:ui|host_deno)$/.test(part),
    why: "only src/ui/ and src/host_deno.ts print; report instead",
  },
];

/**
 * Checks which modules have effects that are kept to few places.
 *
 * @param sources The text of each module, by its path from the root.
 * @returns One violation for each place; comments and strings do not count.
 */
export function checkSources(
  sources: ReadonlyMap<string, string>,
): Violation[] {
  const violations: Violation[] = [];
  for (const [path, source] of sources) {
    const part = partOf(path);
    if (!part || PROGRAMS.includes(path)) continue;
    const code = maskText(source);
    for (const { pattern, what, in: applies, why } of EFFECTS) {
      if (!applies(part)) continue;
      for (const { index } of code.matchAll(pattern)) {
        const line = code.slice(0, index).split("\n").length;
        violations.push({ from: `${path}:${line}`, to: what, why });
      }
    }
  }
  return violations;
}
