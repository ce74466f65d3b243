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

/** One entry of a table, as it was written. */
interface Said {
  readonly path: string;
  /** Path and value; null where it does not tell where it ends. */
  readonly text: string | null;
  readonly value: unknown;
}

/** The entries of a table, in their order. */
interface SaidTable {
  readonly entries: readonly Said[];
  /** Where each is; made when the first has changed its place. */
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
      const table: Record<string, unknown> = Object.create(null);
      let next = 0;
      for (let more = cursor.enter(); more; more = cursor.goOn()) {
        const from = cursor.at;
        let at = next;
        let said = before?.entries[at];
        if (!said || !takes(cursor, said, from)) {
          const path = cursor.key();
          at = before ? placesIn(before).get(path) ?? next : next;
          said = before?.entries[at];
          // One that has changed its place.
          if (said?.path !== path || !takes(cursor, said, from)) {
            said = readEntry(key, path, from, cursor);
          }
        }
        next = at + 1;
        table[said.path] = said.value;
        entries.push(said);
        // To ask for the time takes longer than to find an entry unchanged.
        const isDue = said !== before?.entries[at] || entries.length % 64 === 0;
        if (isDue && slices.over) await slices.next();
      }
      known.set(key, { entries, at: null });
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

function placesIn(table: SaidTable): ReadonlyMap<string, number> {
  return table.at ??= new Map(table.entries.map(({ path }, at) => [path, at]));
}

function takes(cursor: JsonCursor, { text }: Said, from: number): boolean {
  return text !== null && cursor.takes(text, from);
}

function readEntry(
  table: Table,
  path: string,
  from: number,
  cursor: JsonCursor,
): Said {
  const isWhole = cursor.isNested;
  const value = MANIFEST_TABLES[table](path, JSON.parse(cursor.value()));
  // A copy: a part of a text keeps all of it in memory.
  const text = isWhole ? ` ${cursor.since(from)}`.slice(1) : null;
  return { path, text, value };
}

function isTable(key: string): key is Table {
  return Object.hasOwn(MANIFEST_TABLES, key);
}
