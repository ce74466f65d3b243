/** Colors, or none.
 * @module
 */
import type { Host } from "../host.ts";

/** What a piece of text is, as a color. */
export type Tone = "good" | "bad" | "warn" | "info" | "dim" | "strong";

/** Colors a piece of text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

const CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  info: [36, 39],
  dim: [2, 22],
  strong: [1, 22],
};

/** Leaves every text as it is. */
export const plain: Paint = (_tone, text) => text;

/** Colors with the escape codes that every terminal knows. */
export const colored: Paint = (tone, text) => {
  const [on, off] = CODES[tone];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};

/** Chooses colors for an output: only where a person looks, and not with `NO_COLOR`. */
export function paintFor(
  host: Pick<Host, "env">,
  output: { readonly isTerminal: boolean },
): Paint {
  return output.isTerminal && host.env("NO_COLOR") === undefined
    ? colored
    : plain;
}
