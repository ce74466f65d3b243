/** What goes into the text of a module, written down by whoever packs it, so that no machine has to parse it.
 * @module
 */
import { shortDigest } from "../../plan/analyze/code/short_digest.ts";
import type { More } from "../keep/wrap.ts";
import type { Insertion } from "../keep/line_map.ts";
import type { Placed } from "../keep/placed.ts";
import type { Watch, Watched } from "../left/watch.ts";
import type { NumberedPlaces, Place } from "../started/ran_pieces.ts";
import type { Edits, SetEdits, Wanted } from "./edits.ts";

/** What is put in, and how it is written down: another number wherever either is another. */
export const EDITS_VERSION = 1;

/** Stands for the URL of the module, which is another one wherever it is loaded. */
export const SOME_URL = "flyhot:the-url-of-this-module";
const URL_MARK = "\x01";
const QUOTED_URL = JSON.stringify(SOME_URL);

/** Where a text ends and what leads back to its source begins. */
const MAP = "\n//# sourceMappingURL=data:";

/** Version, digest of the text, then by what they are for the edits; 0 for what was not asked for. */
type Record = readonly [
  version: number,
  digest: string,
  keep: 0 | readonly unknown[],
  set: 0 | readonly unknown[],
  watch: 0 | readonly unknown[],
  places: 0 | readonly unknown[],
];

/** Writes down what goes into a text at `SOME_URL`. Returns null for a text that cannot be written about. */
export function recordOf(
  text: string,
  { keep, set, watch, places }: Edits,
): string | null {
  if (text.includes(URL_MARK) || text.includes(SOME_URL)) return null;
  const record: Record = [
    EDITS_VERSION,
    digestOf(text),
    keep ? [withMark(keep.end), ...flat(keep.placed)] : 0,
    set
      ? [
        withMark(set.end),
        set.names,
        set.written.flatMap(({ at, text }) => [at, text]),
        ...flat(set.placed),
      ]
      : 0,
    watch
      ? [
        withMark(watch.end),
        watch.watched.flatMap((it) => [it.start, it.text.length, it.name]),
        ...flat(watch.placed),
      ]
      : 0,
    places ? [places.shape, ...numbersOf(places)] : 0,
  ];
  return JSON.stringify(record);
}

/** Whether a record was written of a text, in this version. */
export function fitsText(record: string, text: string): boolean {
  // Read without its lists, which come behind.
  return record.startsWith(`[${EDITS_VERSION},"${digestOf(text)}",`);
}

/**
 * Reads what goes into a text. Returns null where the record is of another text or of another version, is none, or does
 * not have all that is asked for: then somebody has to parse it.
 */
export function recordedEdits(
  record: string | undefined,
  text: string,
  url: string,
  wanted: Wanted,
): Edits | null {
  if (record === undefined || !fitsText(record, text)) return null;
  try {
    const it: unknown = JSON.parse(record);
    if (!Array.isArray(it)) return null;
    const reader = new Reader(bodyLength(text), JSON.stringify(url));
    const [, , keep, set, watch, places] = it;
    return {
      ...wanted.keep ? { keep: reader.keep(list(keep)) } : {},
      ...wanted.set ? { set: reader.set(list(set)) } : {},
      ...wanted.watch ? { watch: reader.watch(list(watch), text) } : {},
      ...wanted.places ? { places: reader.places(list(places)) } : {},
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NoRecord) return null;
    throw error;
  }
}

class NoRecord extends Error {}

class Reader {
  readonly #length: number;
  readonly #url: string;

  constructor(length: number, url: string) {
    this.#length = length;
    this.#url = url;
  }

  keep([end, ...placed]: readonly unknown[]): More {
    return { placed: this.#placed(placed), end: this.#text(end) };
  }

  set([end, names, written, ...placed]: readonly unknown[]): SetEdits {
    return {
      names: list(names).map(string),
      written: this.#written(list(written)),
      placed: this.#placed(placed),
      end: this.#text(end),
    };
  }

  watch([end, watched, ...placed]: readonly unknown[], text: string): Watch {
    return {
      watched: this.#watched(list(watched), text),
      placed: this.#placed(placed),
      end: this.#text(end),
    };
  }

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
        size: size >> 1,
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
    for (let at = 0; at < flat.length; at += 3) {
      const start = this.#place(flat[at]);
      const end = this.#place(start + this.#count(flat[at + 1]));
      const name = flat[at + 2];
      watched.push({
        text: text.slice(start, end),
        start,
        name: name === null ? null : string(name),
      });
    }
    return watched;
  }

  #text(value: unknown): string {
    const text = string(value);
    return text.includes(URL_MARK)
      ? text.replaceAll(URL_MARK, () => this.#url)
      : text;
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

function list(value: unknown): readonly unknown[] {
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

function flat(placed: readonly Placed[]): (string | number)[] {
  return placed.flatMap((
    { at, text, opens, size },
  ) => [at, withMark(text), size * 2 + (opens ? 1 : 0)]);
}

function withMark(text: string): string {
  return text.replaceAll(QUOTED_URL, URL_MARK);
}

function numbersOf({ places }: NumberedPlaces): number[] {
  let before = 0;
  return places.flatMap(({ start, body, end, isClass, constructs }) => {
    const from = start - before;
    before = start;
    return [from, body - start, end - body, constructs * 2 + (isClass ? 1 : 0)];
  });
}

/** The map is that of wherever the text is read. */
function digestOf(text: string): string {
  return shortDigest(text.slice(0, bodyLength(text)));
}

function bodyLength(text: string): number {
  const end = text.lastIndexOf(MAP);
  // Behind it is nothing; else it is the text of something.
  return end === -1 || text.includes("\n", end + 1) ? text.length : end;
}
