/** Reads manifests in short slices, and what the manifest before said in the same words not at all.
 * @module
 */
import { Slices } from "../base/in_slices.ts";
import { JsonCursor } from "../protocol/json/json_cursor.ts";
import {
  type Manifest,
  MANIFEST_TABLES,
  parseManifest,
} from "../protocol/manifest/manifest.ts";

type Table = keyof typeof MANIFEST_TABLES;

/** One entry of a table. */
interface Said {
  readonly path: string;
  readonly value: unknown;
  /** Whether its text tells where it ends. */
  readonly isWhole: boolean;
}

/** The entries of a table, in their order. */
interface SaidTable {
  /** The manifest that it is in. */
  readonly text: string;
  readonly entries: readonly Said[];
  /** Where each begins and ends in the text. */
  readonly places: readonly number[];
  /** Which one each path is; made when the first has changed its place. */
  at: ReadonlyMap<string, number> | null;
}

/** Reads manifests of one app, each most likely much like the one before. */
export class ManifestReader {
  // By path, because two modules may say the same and mean different files.
  #known = new Map<Table, SaidTable>();

  /** Reads a manifest. Throws if it is not JSON. Throws if it is not a manifest. */
  async read(text: string): Promise<Manifest> {
    try {
      return await this.#readInSlices(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // Whole, it says best what is wrong with it.
      return parseManifest(JSON.parse(text));
    }
  }

  async #readInSlices(text: string): Promise<Manifest> {
    const slices = new Slices();
    const known = new Map<Table, SaidTable>();
    const rest: Record<string, unknown> = Object.create(null);
    const tables: { [T in Table]?: Record<string, unknown> } = {};
    const cursor = new JsonCursor(text);
    for (let more = cursor.enter(); more; more = cursor.goOn()) {
      const key = cursor.key();
      if (!isTable(key) || !cursor.isObject) {
        rest[key] = JSON.parse(cursor.value());
        if (slices.over) await slices.next();
        continue;
      }
      const before = this.#known.get(key);
      const entries: Said[] = [];
      const places: number[] = [];
      const table: Record<string, unknown> = Object.create(null);
      const add = (said: Said, from: number, to: number) => {
        table[said.path] = said.value;
        entries.push(said);
        places.push(from, to);
      };
      let next = 0;
      for (let more = cursor.enter(); more; more = cursor.goOn()) {
        const from = cursor.at;
        const count = before ? taken(cursor, before, next, from) : 0;
        if (before && count > 0) {
          const shift = from - before.places[2 * next]!;
          for (const end = next + count; next < end; next++) {
            const begins = before.places[2 * next]! + shift;
            const ends = before.places[2 * next + 1]! + shift;
            add(before.entries[next]!, begins, ends);
          }
        } else {
          const path = cursor.key();
          const at = before ? indexIn(before).get(path) ?? next : next;
          const said = (before && again(cursor, before, at, path, from)) ??
            readEntry(key, path, cursor);
          add(said, from, from + cursor.since(from).length);
          next = at + 1;
        }
        if (slices.over) await slices.next();
      }
      known.set(key, { text, entries, places, at: null });
      tables[key] = table;
      rest[key] = {};
    }
    cursor.end();
    const manifest = {
      ...parseManifest(rest),
      // Each value is what the reader of its table has made.
      ...tables as Partial<Pick<Manifest, Table>>,
    };
    this.#known = known;
    return manifest;
  }
}

function indexIn(table: SaidTable): ReadonlyMap<string, number> {
  return table.at ??= new Map(table.entries.map(({ path }, at) => [path, at]));
}

/** Takes as many entries at once as are written as before, from one on. Returns how many. */
function taken(
  cursor: JsonCursor,
  { text, entries, places }: SaidTable,
  first: number,
  from: number,
): number {
  for (let count = entries.length - first; count > 0; count >>= 1) {
    const last = first + count - 1;
    if (!entries[last]!.isWhole) continue;
    const said = text.slice(places[2 * first], places[2 * last + 1]);
    if (cursor.takes(said, from)) return count;
  }
  return 0;
}

/** Takes an entry that has changed its place, if it is written as before. */
function again(
  cursor: JsonCursor,
  { text, entries, places }: SaidTable,
  at: number,
  path: string,
  from: number,
): Said | null {
  const said = entries[at];
  if (said?.path !== path || !said.isWhole) return null;
  const written = text.slice(places[2 * at], places[2 * at + 1]);
  return cursor.takes(written, from) ? said : null;
}

function readEntry(table: Table, path: string, cursor: JsonCursor): Said {
  const isWhole = cursor.isNested;
  const value = MANIFEST_TABLES[table](path, JSON.parse(cursor.value()));
  return { path, value, isWhole };
}

function isTable(key: string): key is Table {
  return Object.hasOwn(MANIFEST_TABLES, key);
}
