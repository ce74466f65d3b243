/** What goes into the text of a module, written down by whoever packs it, so that no machine has to parse it.
 * @module
 */
import { shortDigest } from "../../plan/analyze/code/short_digest.ts";
import type { Placed } from "../keep/placed.ts";
import { leadsAnyway, type LoadedFunctions } from "../left/enter.ts";
import type { NumberedPlaces } from "../started/ran_pieces.ts";
import type { Edits, Wanted } from "./edits.ts";
import { MARK, shortened } from "./phrases.ts";
import { HALVES, list, NoRecord, RecordReader } from "./record_reader.ts";

/** What is put in, and how it is written down: another number wherever either is another. */
export const EDITS_VERSION = 8;

/** Stands for the URL of the module, which is another one wherever it is loaded. */
export const SOME_URL = "flyhot:the-url-of-this-module";
/** How a record begins: its digest is next. */
const BEGIN = `[${EDITS_VERSION},"`;
const DIGEST_LENGTH = 16;
const QUOTED_URL = JSON.stringify(SOME_URL);

/** Where a text ends and what leads back to its source begins. */
const MAP = "\n//# sourceMappingURL=data:";

/** Version, digest of the text, where types are blank in it, then by what they are for the edits; 0 for what was not asked for. */
type Record = readonly [
  version: number,
  digest: string,
  blanks: string,
  keep: 0 | readonly unknown[],
  set: 0 | readonly unknown[],
  watch: 0 | readonly unknown[],
  places: 0 | readonly unknown[],
];

/**
 * Writes down what goes into a text at `SOME_URL`, and where it has blanks in the place of types. Returns null for a text
 * that cannot be written about.
 */
export function recordOf(
  text: string,
  { keep, set, watch, places }: Edits,
  blanks = "",
): string | null {
  if (text.includes(MARK) || text.includes(SOME_URL)) return null;
  const record: Record = [
    EDITS_VERSION,
    digestOf(text),
    blanks,
    keep ? [short(keep.end), ...flat(keep.placed)] : 0,
    set
      ? [
        short(set.end),
        set.names,
        set.written.flatMap(({ at, text }) => [at, text]),
        ...flat(set.placed),
      ]
      : 0,
    watch
      ? [
        short(watch.end),
        watch.watched.flatMap(({ start, text, name, yields }) => [
          start,
          text.length,
          name,
          yields ? 1 : 0,
        ]),
        flatFunctions(watch.functions),
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
  return record.startsWith(`${BEGIN}${digestOf(text)}",`);
}

/** Where the text of a record has blanks in the place of types; empty where nothing was written down of that. */
export function recordedBlanks(record: string): string {
  if (!record.startsWith(BEGIN)) return "";
  const from = BEGIN.length + DIGEST_LENGTH + 3;
  return record.slice(from, Math.max(from, record.indexOf('"', from)));
}

/**
 * Reads what goes into a text. Returns null where the record is of another text or of another version, is none, or does
 * not have all that is asked for: then somebody has to parse it. Whether it is of the text, who knows need not ask.
 */
export function recordedEdits(
  record: string | undefined,
  text: string,
  url: string,
  wanted: Wanted,
  isFit = false,
): Edits | null {
  if (record === undefined || !isFit && !fitsText(record, text)) return null;
  try {
    const it: unknown = JSON.parse(record);
    if (!Array.isArray(it)) return null;
    const reader = new RecordReader(bodyLength(text), JSON.stringify(url));
    const [, , , keep, set, watch, places] = it;
    const watched = wanted.watch ? reader.watch(list(watch), text) : null;
    // Which functions others want, only the process knows.
    if (
      watched && wanted.functions &&
      !leadsAnyway(watched.functions, wanted.functions)
    ) return null;
    return {
      ...wanted.keep ? { keep: reader.keep(list(keep)) } : {},
      ...wanted.set ? { set: reader.set(list(set)) } : {},
      ...watched ? { watch: watched } : {},
      ...wanted.places ? { places: reader.places(list(places)) } : {},
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof NoRecord) return null;
    throw error;
  }
}

function flat(placed: readonly Placed[]): (string | number)[] {
  return placed.flatMap((
    { at, text, opens, size },
  ) => [at, short(text), size * HALVES * 2 + (opens ? 1 : 0)]);
}

function flatFunctions(
  { names, exported, lookedFor, imported }: LoadedFunctions,
) {
  return [
    names,
    [...exported].flat(),
    [...lookedFor],
    imported.flatMap((it) => [
      it.specifier,
      it.name,
      it.isLookedFor ? 1 : 0,
    ]),
  ];
}

function short(text: string): string {
  return shortened(text, QUOTED_URL);
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
  // With or without an end of the last line it is the same text.
  return shortDigest(text.slice(0, bodyLength(text)).trimEnd());
}

function bodyLength(text: string): number {
  const end = text.lastIndexOf(MAP);
  // Behind it is nothing; else it is the text of something.
  return end === -1 || text.includes("\n", end + 1) ? text.length : end;
}
