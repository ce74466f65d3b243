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

interface Said {
  readonly text: string;
  readonly value: unknown;
}

/** Reads manifests of one app, each most likely much like the one before. */
export class ManifestReader {
  // By path, because two modules may say the same and mean different files.
  #known = new Map<Table, Map<string, Said>>();

  /**
   * Reads a manifest.
   *
   * @param text its JSON
   * @returns the manifest
   * @throws {SyntaxError} if it is not JSON
   * @throws {ProtocolError} if it is not a manifest
   */
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
    const known = new Map<Table, Map<string, Said>>();
    const rest: Record<string, unknown> = Object.create(null);
    const tables: { [T in Table]?: Record<string, unknown> } = {};
    const cursor = new JsonCursor(text);
    for (const key of cursor.keys()) {
      if (!isTable(key) || !cursor.isObject) {
        rest[key] = JSON.parse(cursor.value());
        if (slices.over) await slices.next();
        continue;
      }
      const before = this.#known.get(key);
      const said = new Map<string, Said>();
      const table: Record<string, unknown> = Object.create(null);
      for (const path of cursor.keys()) {
        const same = before?.get(path);
        const json = cursor.value(same?.text);
        const value = same?.text === json
          ? same.value
          : MANIFEST_TABLES[key](path, JSON.parse(json));
        table[path] = value;
        said.set(path, same?.text === json ? same : { text: json, value });
        // To ask for the time takes longer than to find an entry unchanged.
        const isDue = same?.value !== value || said.size % 64 === 0;
        if (isDue && slices.over) await slices.next();
      }
      known.set(key, said);
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

function isTable(key: string): key is Table {
  return Object.hasOwn(MANIFEST_TABLES, key);
}
