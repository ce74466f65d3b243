/** A folder that is gone when the test is over.
 * @module
 */
import { join } from "node:path";

/** A folder for one test. */
export interface TempFolder extends AsyncDisposable {
  /** Its path, without links in it. */
  readonly path: string;
  /** A path in it. */
  join(...parts: string[]): string;
  /** Everything in it: files, and folders with a slash at the end, sorted. */
  list(): Promise<string[]>;
}

/** Makes a folder. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "flyhot-test-" }),
  );
  return {
    path,
    join: (...parts) => join(path, ...parts),
    list: async () => (await listed(path, "")).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

async function listed(folder: string, under: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const name = under + entry.name;
    if (!entry.isDirectory) found.push(name);
    else {
      found.push(
        `${name}/`,
        ...await listed(join(folder, entry.name), `${name}/`),
      );
    }
  }
  return found;
}
