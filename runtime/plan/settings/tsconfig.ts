/** What a `tsconfig.json` says with all that it extends, as far as it changes the code that runs.
 * @module
 */
import { parseJsonc } from "../../protocol/json/jsonc.ts";
import { emitOptions } from "./config_keys.ts";
import { relativePath } from "../lookup/views.ts";

const EXTENDED_MAX = 32;

interface Said {
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, unknown>>;
}

const NOTHING: Said = { compilerOptions: {}, files: {} };

/**
 * Reads a `tsconfig.json` and what it extends, as one.
 *
 * @param path its path
 * @param read gives the text of a file, or null
 * @returns the text of one that says the same and extends nothing; null where it is not there
 */
export async function tsconfigText(
  path: string,
  read: (path: string) => Promise<string | null>,
): Promise<string | null> {
  let left = EXTENDED_MAX;
  const saidIn = async (path: string): Promise<Said | null> => {
    const text = left-- > 0 ? await read(path) : null;
    if (text === null) return null;
    const own = parsed(text);
    const extended = [own.extends].flat().filter((it) =>
      typeof it === "string"
    );
    let said = NOTHING;
    for (const name of extended) {
      for (const file of filesOf(path, name)) {
        const more = await saidIn(file);
        if (more === null) continue;
        said = merged(said, more);
        break;
      }
    }
    const { include, files, exclude } = own;
    return merged(said, {
      compilerOptions: emitOptions(own.compilerOptions),
      files: Object.fromEntries(
        Object.entries({ include, files, exclude }).filter(([, it]) =>
          it !== undefined
        ),
      ),
    });
  };
  const said = await saidIn(path);
  if (said === null) return null;
  const { references } = parsed(await read(path) ?? "");
  return JSON.stringify({
    compilerOptions: said.compilerOptions,
    ...said.files,
    ...references === undefined ? {} : { references },
  });
}

/** Where what is extended may be: packages are not looked for, their versions are those of the lock. */
function filesOf(path: string, name: string): string[] {
  if (!/^\.{0,2}\//.test(name)) return [];
  const file = relativePath(path, name);
  if (file === null) return [];
  return file.endsWith(".json") ? [file] : [`${file}.json`, file];
}

function merged(under: Said, over: Said): Said {
  return {
    compilerOptions: { ...under.compilerOptions, ...over.compilerOptions },
    files: { ...under.files, ...over.files },
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = parseJsonc(text);
    if (typeof value === "object" && value !== null) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Deno does without what it cannot read.
  }
  return {};
}
