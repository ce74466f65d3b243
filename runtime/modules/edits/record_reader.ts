/** Reads what was written down of the text of a module; whoever wrote it may have been anybody.
 * @module
 */
import type { HandedImport } from "../../plan/analyze/waits/handed_names.ts";
import type { Insertion } from "../keep/line_map.ts";
import type { Placed } from "../keep/placed.ts";
import type { More } from "../keep/wrap.ts";
import type { LoadedFunctions } from "../left/enter.ts";
import type { Watch, Watched } from "../left/watch.ts";
import type { NumberedPlaces, Place } from "../started/ran_pieces.ts";
import type { SetEdits } from "./edits.ts";
import { lengthened } from "./phrases.ts";

/** What goes around a piece and inside of what else goes around it, is said to be half a character larger or smaller. */
export const HALVES = 2;

/** What was written down is nothing that can be read. */
export class NoRecord extends Error {}

/** Reads what goes into one text, at one URL. */
export class RecordReader {
  readonly #length: number;
  readonly #url: string;

  /**
   * @param length how long the text is
   * @param url the URL, as it is written in a text
   */
  constructor(length: number, url: string) {
    this.#length = length;
    this.#url = url;
  }

  /** Reads what lets values be kept. */
  keep([end, ...placed]: readonly unknown[]): More {
    return { placed: this.#placed(placed), end: this.#text(end) };
  }

  /** Reads what lets functions and classes be set. */
  set([end, names, written, ...placed]: readonly unknown[]): SetEdits {
    return {
      names: list(names).map(string),
      written: this.#written(list(written)),
      placed: this.#placed(placed),
      end: this.#text(end),
    };
  }

  /** Reads what says that functions wait. */
  watch(
    [end, watched, functions, ...placed]: readonly unknown[],
    text: string,
  ): Watch {
    return {
      watched: this.#watched(list(watched), text),
      placed: this.#placed(placed),
      end: this.#text(end),
      functions: this.#functions(list(functions)),
    };
  }

  /** Reads where functions and classes are. */
  places([shape, ...numbers]: readonly unknown[]): NumberedPlaces {
    const places: Place[] = [];
    let start = 0;
    for (let at = 0; at < numbers.length; at += 4) {
      start += number(numbers[at]);
      const body = start + number(numbers[at + 1]);
      const kind = this.#count(numbers[at + 3]);
      places.push({
        start,
        body,
        end: body + number(numbers[at + 2]),
        isClass: kind % 2 === 1,
        constructs: kind >> 1,
      });
    }
    return { shape: string(shape), places };
  }

  #functions(
    [names, exported, lookedFor, imported]: readonly unknown[],
  ): LoadedFunctions {
    const found: [string, string][] = [];
    const pairs = list(exported);
    for (let at = 0; at < pairs.length; at += 2) {
      found.push([string(pairs[at]), string(pairs[at + 1])]);
    }
    const from: HandedImport[] = [];
    const flat = list(imported);
    for (let at = 0; at < flat.length; at += 3) {
      from.push({
        specifier: string(flat[at]),
        name: string(flat[at + 1]),
        isLookedFor: flat[at + 2] === 1,
      });
    }
    return {
      names: list(names).map(string),
      exported: new Map(found),
      lookedFor: new Set(list(lookedFor).map(string)),
      imported: from,
    };
  }

  #placed(flat: readonly unknown[]): Placed[] {
    const placed: Placed[] = [];
    for (let at = 0; at < flat.length; at += 3) {
      const size = this.#count(flat[at + 2]);
      const text = this.#text(flat[at + 1]);
      if (text.includes("\n")) throw new NoRecord();
      placed.push({
        at: this.#place(flat[at]),
        text,
        opens: size % 2 === 1,
        size: (size >> 1) / HALVES,
      });
    }
    return placed;
  }

  #written(flat: readonly unknown[]): Insertion[] {
    const written: Insertion[] = [];
    let from = 0;
    for (let at = 0; at < flat.length; at += 2) {
      const text = string(flat[at + 1]);
      const place = this.#place(flat[at]);
      if (place < from) throw new NoRecord();
      from = this.#place(place + text.length);
      written.push({ at: place, text });
    }
    return written;
  }

  #watched(flat: readonly unknown[], text: string): Watched[] {
    const watched: Watched[] = [];
    for (let at = 0; at < flat.length; at += 4) {
      const start = this.#place(flat[at]);
      const end = this.#place(start + this.#count(flat[at + 1]));
      const name = flat[at + 2];
      watched.push({
        text: text.slice(start, end),
        start,
        name: name === null ? null : string(name),
        yields: flat[at + 3] === 1,
      });
    }
    return watched;
  }

  #text(value: unknown): string {
    const text = lengthened(string(value), this.#url);
    if (text === null) throw new NoRecord();
    return text;
  }

  #place(value: unknown): number {
    const place = this.#count(value);
    if (place > this.#length) throw new NoRecord();
    return place;
  }

  #count(value: unknown): number {
    const count = number(value);
    if (count < 0) throw new NoRecord();
    return count;
  }
}

/** Reads a list. */
export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new NoRecord();
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new NoRecord();
  return value;
}

function number(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new NoRecord();
  return value as number;
}
