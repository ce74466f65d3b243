/** The files of the base image: their digests, and what of them a running process cannot pick up.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { packagesIn } from "../plan/packages.ts";
import { lockedVersions } from "../plan/locked_versions.ts";
import { settingsText } from "../protocol/manifest.ts";
import { sha256Of } from "../protocol/fingerprint.ts";

const FILES_MAX = 50_000;
const CONFIG_FILES = [
  "deno.json",
  "deno.jsonc",
  "package.json",
  "fly.toml",
  "Dockerfile",
];
const IGNORED_FOLDERS = new Set([".git", ".flyhot", "node_modules"]);

/** The base image's files under the app root; they never change while the process runs. */
export class AppFiles {
  readonly #root: string;
  #packages: Promise<Set<string>> | null = null;
  readonly #digests = new Map<string, Promise<string | null>>();

  /**
   * @param root the app root, as a path
   */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * The digest of one file.
   *
   * @param path its path under the root
   * @returns SHA-256 in hex, or null if there is no such file
   */
  digest(path: string): Promise<string | null> {
    let known = this.#digests.get(path);
    if (!known) {
      known = digestOfFile(join(this.#root, path));
      this.#digests.set(path, known);
    }
    return known;
  }

  /**
   * The length of one file.
   *
   * @param path its path under the root
   * @returns bytes; 0 if there is no such file
   */
  async size(path: string): Promise<number> {
    try {
      const { isFile, size } = await Deno.stat(join(this.#root, path));
      return isFile ? size : 0;
    } catch {
      return 0;
    }
  }

  /**
   * Lists the files.
   *
   * @returns their paths, sorted; without `.git`, `.flyhot`, `node_modules` and links
   */
  async list(): Promise<string[]> {
    const paths: string[] = [];
    const walk = async (folder: string): Promise<void> => {
      for await (const entry of Deno.readDir(join(this.#root, folder))) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory) {
          if (!IGNORED_FOLDERS.has(entry.name)) await walk(path);
        } else if (entry.isFile && paths.length < FILES_MAX) paths.push(path);
      }
    };
    await walk("");
    return paths.sort();
  }

  /**
   * The digests of what Deno and Fly read at start, as in {@linkcode Manifest.config}.
   *
   * @returns digests by file name, of the files that are there
   */
  async config(): Promise<Record<string, string>> {
    const config: Record<string, string> = {};
    for (const name of CONFIG_FILES) {
      const text = await this.text(name);
      if (text !== null) {
        config[name] = await sha256Of(settingsText(name, text));
      }
    }
    return config;
  }

  /**
   * The packages that the files name; read once.
   *
   * @returns the packages
   */
  packages(): Promise<ReadonlySet<string>> {
    return this.#packages ??= this.#readPackages();
  }

  async #readPackages(): Promise<Set<string>> {
    const packages = new Set<string>();
    for (const path of await this.list()) {
      if (!/\.(?:[cm]?[jt]sx?|jsonc?)$/.test(path)) continue;
      const text = await this.text(path);
      for (const name of packagesIn(text ?? "")) packages.add(name);
    }
    return packages;
  }

  /**
   * The versions that the lock file has chosen.
   *
   * @returns versions by requirement; empty where there is no lock file
   */
  async locked(): Promise<Record<string, string>> {
    return lockedVersions(await this.text("deno.lock") ?? "");
  }

  /**
   * Reads a file.
   *
   * @param path its path under the root
   * @returns its text, or null if there is no such file
   */
  async text(path: string): Promise<string | null> {
    try {
      return await Deno.readTextFile(join(this.#root, path));
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.IsADirectory
      ) return null;
      throw error;
    }
  }
}

/**
 * The digest of a file, read in pieces.
 *
 * @param path the file
 * @returns SHA-256 in hex, or null if there is no such file
 */
export async function digestOfFile(path: string): Promise<string | null> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) {
      return null;
    }
    throw error;
  }
  if (!(await file.stat()).isFile) {
    file.close();
    return null;
  }
  const hash = createHash("sha256");
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}
