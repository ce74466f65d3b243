/** A copy of a sample app, changed as its developer would change it.
 * @module
 */
import { dirname, join } from "@std/path";
import { copyFolder } from "../../runtime/testing/app/copy_folder.ts";
import { sampleApp } from "./driven_app.ts";

/** A copy of a sample app, gone when the test is over. */
export interface EditedApp extends AsyncDisposable {
  /** Where it is. */
  readonly folder: string;
  /** Replaces a text that stands exactly once in a file. */
  edit(path: string, from: string, to: string): Promise<void>;
  /** Writes a file. */
  write(path: string, text: string): Promise<void>;
  /** Removes a file. */
  remove(path: string): Promise<void>;
}

/** Copies a sample app. */
export async function editedApp(name: string): Promise<EditedApp> {
  const folder = await Deno.makeTempDir({ prefix: `flyhot-${name}-` });
  await copyFolder(sampleApp(name), folder);
  return {
    folder,
    async edit(path, from, to) {
      const text = await Deno.readTextFile(join(folder, path));
      const parts = text.split(from);
      if (parts.length !== 2) {
        throw new Error(
          `Cannot edit ${path}: "${from}" stands there ${
            parts.length - 1
          } times`,
        );
      }
      await Deno.writeTextFile(join(folder, path), parts.join(to));
    },
    async write(path, text) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    },
    remove: (path) => Deno.remove(join(folder, path)),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
