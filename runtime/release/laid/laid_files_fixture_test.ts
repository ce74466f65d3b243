/**
 * An image and releases on disk, and what lies there.
 *
 * @module
 */

import { assert } from "@std/assert";
import { join } from "node:path";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import {
  type TempFolder,
  tempFolder,
} from "../../../tests/support/temp_folder.ts";
import type { FileChange } from "./file_change.ts";
import type { LaidFiles } from "./laid_files.ts";
import { openLaidFiles } from "./open_laid_files.ts";

const OLD = new Date("2024-01-15T10:30:00Z");

/** An app root with the image's files, a release's folder and a releases folder. */
interface Ground extends AsyncDisposable {
  readonly temp: TempFolder;
  readonly root: string;
  readonly folder: string;
  readonly files: LaidFiles;
  /** A change that writes a text. */
  write(
    path: string,
    text: string,
    expected: string | null,
  ): Promise<FileChange>;
  /** All files of the root with text, mode and time; folders too. */
  look(): Promise<Record<string, string>>;
  /** Opens the files once more, as a start would. */
  again(): Promise<
    { files: LaidFiles; restored: readonly string[]; kept: readonly string[] }
  >;
}

/** Makes one. */
export async function ground(image: Record<string, string>): Promise<Ground> {
  const temp = await tempFolder();
  const root = temp.join("app");
  const folder = temp.join("releases");
  await Deno.mkdir(root);
  await Deno.mkdir(folder);
  for (const [path, text] of Object.entries(image)) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
    await Deno.chmod(join(root, path), 0o640);
    await Deno.utime(join(root, path), OLD, OLD);
  }
  const open = async () => {
    const outcome = await openLaidFiles({
      root,
      folder,
      imageRef: "registry.fly.io/app:1",
      startedAt: Date.now() - 1_000,
    });
    assert(outcome.status === "open");
    return { files: outcome.files, ...outcome.restored };
  };
  let sources = 0;
  return {
    temp,
    root,
    folder,
    files: (await open()).files,
    again: open,
    async write(path, text, expected) {
      const source = temp.join(`source-${sources++}`);
      await Deno.writeTextFile(source, text);
      return {
        kind: "write",
        path,
        source,
        sha256: sha256(text),
        expected: expected === null ? null : sha256(expected),
      };
    },
    look: () => look(root),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

async function look(
  root: string,
  under = "",
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(join(root, under))) {
    const path = under + name;
    if (isDirectory) {
      found[`${path}/`] = "";
      Object.assign(found, await look(root, `${path}/`));
    } else {
      const { mode, mtime } = await Deno.lstat(join(root, path));
      found[path] = `${await Deno.readTextFile(join(root, path))} ${
        (mode! & 0o7777).toString(8)
      } ${mtime?.getTime()}`;
    }
  }
  return found;
}

/** The content alone. */
export const text = (seen: string | undefined) => seen?.split(" ")[0];
