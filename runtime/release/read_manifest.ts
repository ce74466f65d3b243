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

/** Entries that stand next to each other: unchanged, they are taken in one go. */
interface Block {
  /** As they were written, with what is between them. */
  readonly text: string;
  readonly entries: readonly Said[];
  /** Where each begins and ends in the text. */
  readonly places: readonly number[];
}

/** Where an entry is. */
interface Place {
  readonly block: number;
  readonly at: number;
}

/** The entries of a table, in their order. */
interface SaidTable {
  readonly blocks: readonly Block[];
  /** By paths; made when the first block has changed. */
  places: ReadonlyMap<string, Place> | null;
}

const BLOCK_ENTRIES = 32;

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
      const before = this.#known.get(key) ?? NOTHING_SAID;
      const table: Record<string, unknown> = Object.create(null);
      const blocks = new Blocks(text);
      let next = 0;
      for (let more = cursor.enter(); more; more = cursor.goOn()) {
        const from = cursor.at;
        let block = takenBlock(cursor, before.blocks[next], from);
        if (block) next++;
        else {
          const path = cursor.key();
          const place = placesIn(before).get(path);
          // What came before it may be gone.
          const isAhead = place && place.at === 0 && place.block > next;
          block = isAhead
            ? takenBlock(cursor, before.blocks[place.block], from)
            : null;
          if (block) next = place!.block + 1;
          else {
            const said = (place && again(cursor, before, place, from)) ??
              readEntry(key, path, cursor);
            table[path] = said.value;
            blocks.add(said, from, from + cursor.since(from).length);
            if (said.path === before.blocks[next]?.entries.at(-1)?.path) next++;
          }
        }
        if (block) {
          blocks.addBlock(block);
          for (const { path, value } of block.entries) table[path] = value;
        }
        if (slices.over) await slices.next();
      }
      known.set(key, { blocks: blocks.end(), places: null });
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

/** The blocks of a table that is being read. */
class Blocks {
  readonly #text: string;
  readonly #blocks: Block[] = [];
  #entries: Said[] = [];
  #places: number[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  add(said: Said, from: number, to: number): void {
    this.#entries.push(said);
    this.#places.push(from, to);
    if (this.#entries.length === BLOCK_ENTRIES) this.end();
  }

  addBlock(block: Block): void {
    this.end();
    this.#blocks.push(block);
  }

  end(): readonly Block[] {
    const entries = this.#entries, places = this.#places;
    const [from] = places;
    if (from === undefined) return this.#blocks;
    this.#blocks.push({
      // A copy: a part of a text keeps all of it in memory.
      text: ` ${this.#text.slice(from, places.at(-1))}`.slice(1),
      entries,
      places: places.map((it) => it - from),
    });
    this.#entries = [];
    this.#places = [];
    return this.#blocks;
  }
}

const NOTHING_SAID: SaidTable = { blocks: [], places: new Map() };

function placesIn(table: SaidTable): ReadonlyMap<string, Place> {
  return table.places ??= new Map(
    table.blocks.flatMap(({ entries }, block) =>
      entries.map(({ path }, at) => [path, { block, at }])
    ),
  );
}

/** Takes a block that is written as before. */
function takenBlock(
  cursor: JsonCursor,
  block: Block | undefined,
  from: number,
): Block | null {
  return block?.entries.at(-1)?.isWhole && cursor.takes(block.text, from)
    ? block
    : null;
}

/** Takes an entry that is written as before. */
function again(
  cursor: JsonCursor,
  { blocks }: SaidTable,
  { block, at }: Place,
  from: number,
): Said | null {
  const { text, entries, places } = blocks[block]!;
  const said = entries[at]!;
  const written = text.slice(places[2 * at], places[2 * at + 1]);
  return said.isWhole && cursor.takes(written, from) ? said : null;
}

function readEntry(table: Table, path: string, cursor: JsonCursor): Said {
  const isWhole = cursor.isNested;
  const value = MANIFEST_TABLES[table](path, JSON.parse(cursor.value()));
  return { path, value, isWhole };
}

function isTable(key: string): key is Table {
  return Object.hasOwn(MANIFEST_TABLES, key);
}
