/** Every parser of foreign text, thrown at with what nobody meant to write.
 * @module
 */
import { ProtocolError } from "../../runtime/protocol/json/parse.ts";
import { FlyhotError } from "../../src/errors.ts";
import { Dice } from "../support/dice.ts";
import { RECORDS } from "./parsers/records.ts";
import type { Target } from "./parsers/target.ts";
import { TEXTS } from "./parsers/texts.ts";

/** What the run found. */
export interface ParserProof {
  /** How many inputs each parser was given. */
  readonly inputs: number;
  /** How many of them it took, by parser. */
  readonly taken: Readonly<Record<string, number>>;
  /** How much longer a text of 16 times the length took at worst, by parser; 16 is in proportion. */
  readonly growth: Readonly<Record<string, number>>;
}

/** How long one text may keep a parser, before the growth is looked at: inputs are short. */
const INPUT_LENGTH_MAX = 400;

function input(dice: Dice, { sample, words }: Target): string {
  switch (dice.below(4)) {
    case 0:
      return Array.from(
        { length: dice.below(60) },
        () => dice.pick(words),
      ).join("").slice(0, INPUT_LENGTH_MAX);
    case 1: {
      // A good one, with pieces put in, taken out or doubled.
      let text = sample;
      for (let left = 1 + dice.below(4); left > 0; left--) {
        const at = dice.below(text.length + 1);
        const end = at + dice.below(12);
        const piece = dice.random() < 0.5 ? dice.pick(words) : "";
        text = text.slice(0, at) + piece +
          text.slice(dice.random() < 0.5 ? at : end);
      }
      return text;
    }
    case 2:
      return Array.from(
        { length: dice.below(40) },
        () =>
          String.fromCodePoint(
            dice.below(dice.random() < 0.9 ? 0x180 : 0x110000),
          ),
      ).join("");
    default:
      return sample.slice(0, dice.below(sample.length)) +
        dice.pick(words).repeat(dice.below(40));
  }
}

function isTyped(error: unknown): boolean {
  return error instanceof ProtocolError || error instanceof FlyhotError ||
    error instanceof SyntaxError ||
    // `parseImageRef()` is documented to throw it.
    (error instanceof TypeError &&
      error.message.startsWith("Cannot read the image reference"));
}

function attempt(parse: Target["parse"], text: string, what: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (isTyped(error)) return false;
    throw new Error(
      `${what} on ${JSON.stringify(text.slice(0, 500))}: ${error}`,
      {
        cause: error,
      },
    );
  }
}

const SHORT = 4000;
const GROWTH = 16;

/** How much longer the longer text takes, at worst over what it may be made of. */
function growthOf(what: string, target: Target): number {
  const cost = (text: string) => {
    let best = Infinity;
    for (let time = 0; time < 3; time++) {
      const start = performance.now();
      attempt(target.parse, text, what);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  let worst = 0;
  const pieces = [...target.words, " ", "\n", "a"];
  const starts = ["", target.sample, target.words[0]!];
  for (const piece of pieces) {
    for (const start of starts) {
      const text = (length: number) =>
        start + piece.repeat(Math.ceil(length / piece.length));
      let growth = Infinity;
      // What was in the way the first time is not there each time; what grows by the square is.
      for (let time = 0; time < 5 && growth > 2 * GROWTH; time++) {
        // Times too short to be measured say nothing.
        const short = Math.max(cost(text(SHORT)), 0.3);
        growth = Math.min(growth, cost(text(SHORT * GROWTH)) / short);
      }
      worst = Math.max(worst, growth);
    }
  }
  return worst;
}

/**
 * Gives every parser of foreign text inputs that are decided by seeds: none may throw anything but its own errors, and
 * time must grow with length, not with its square.
 *
 * @param count how many inputs for each parser
 * @param from the first seed
 * @returns what was found
 * @throws {Error} naming parser and input where one throws something else
 */
export function proveParsers(count: number, from = 0): ParserProof {
  const taken: Record<string, number> = {};
  const growth: Record<string, number> = {};
  for (const [what, target] of Object.entries({ ...RECORDS, ...TEXTS })) {
    if (!attempt(target.parse, target.sample, what) && what !== "task") {
      throw new Error(`${what} refuses its own sample`);
    }
    taken[what] = 0;
    for (let seed = from; seed < from + count; seed++) {
      const text = input(new Dice(seed), target);
      if (attempt(target.parse, text, `${what}, seed ${seed}`)) taken[what]++;
    }
    growth[what] = growthOf(what, target);
  }
  return { inputs: count, taken, growth };
}
