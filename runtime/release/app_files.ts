/** The files of the base image: their digests, and what of them a running process cannot pick up.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { join } from "node:path";
import { Slices, sortInSlices } from "../base/in_slices.ts";
import { isTsconfigPath, startKeys } from "../plan/settings/config_keys.ts";
import {
  closureOf,
  closureText,
  importable,
  readLockFile,
} from "../plan/dependencies/lock_file.ts";
import { tsconfigText } from "../plan/settings/tsconfig.ts";
import { lockedVersions } from "../plan/settings/locked_versions.ts";
import type { LoadedPackage } from "../protocol/manifest/plan_fields.ts";
import { settingsText } from "../protocol/manifest/manifest.ts";
import { sha256Of } from "../protocol/fingerprint.ts";
import { FileDigests } from "./file_digests.ts";
import { mayNamePackages, packagesInFile } from "./packages_in_file.ts";

const FILES_MAX = 50_000;
const CONFIG_FILES = [
  "deno.json",
  "deno.jsonc",
  "package.json",
  "tsconfig.json",
  "fly.toml",
  "Dockerfile",
];
/** What a member of a workspace has of its own. */
const MEMBER_FILE = /\/(?:deno\.jsonc?|tsconfig\.json)$/;
const IGNORED_FOLDERS = new Set([".git", ".flyhot", "node_modules"]);
/** New content that waits beside its place for an upgrade. */
const WAITING = /^\.flyhot-/;

/** What releases were laid over; see `LaidFiles`. */
export interface LaidOver {
  /** The image's digest of a path, null where the image has no such file, undefined where nothing was laid. */
  originalOf(path: string): string | null | undefined;
}

/** How the image's files are read. */
export interface AppFilesOptions {
  /** Remembers digests. Default an own one. */
  readonly digests?: FileDigests;
  /** What releases were laid over. Default nothing. */
  readonly laid?: LaidOver;
  /** The path of the app's own folder under the root. Default the root itself. */
  readonly appFolder?: string;
}

/** The base image's files under the app root; they never change while the process runs. */
export class AppFiles {
  readonly #root: string;
  readonly #hashed: FileDigests;
  readonly #laid: LaidOver | null;
  readonly #appFolder: string;
  #packages: Promise<Set<string>> | null = null;
  #lock: Promise<string> | null = null;
  #locked: Promise<Record<string, LoadedPackage>> | null = null;
  #config: Promise<Record<string, string>> | null = null;
  #versions: Promise<Readonly<Record<string, string>>> | null = null;
  #configKeys: Promise<Record<string, Record<string, string>>> | null = null;
  readonly #digests = new Map<string, Promise<string | null>>();

  /**
   * @param root the app root, as a path
   * @param options how they are read
   */
  constructor(
    root: string,
    { digests, laid, appFolder = "" }: AppFilesOptions = {},
  ) {
    this.#root = root;
    this.#hashed = digests ?? new FileDigests();
    this.#laid = laid ?? null;
    this.#appFolder = appFolder === "" ? "" : `${appFolder}/`;
  }

  /**
   * The digest of one file, as the image has it: what a release was laid over does not count. Returns SHA-256 in hex,
   * or null if there is no such file.
   */
  digest(path: string): Promise<string | null> {
    let known = this.#digests.get(path);
    if (!known) {
      const original = this.#laid?.originalOf(path);
      known = original === undefined
        ? this.#hashed.digest(join(this.#root, path))
        : Promise.resolve(original);
      this.#digests.set(path, known);
    }
    return known;
  }

  /** The length of one file. Returns bytes; 0 if there is no such file. */
  async size(path: string): Promise<number> {
    try {
      const { isFile, size } = await nativeFiles.stat(join(this.#root, path));
      return isFile ? size : 0;
    } catch {
      return 0;
    }
  }

  /** Lists the files. Returns their paths, sorted; without `.git`, `.flyhot`, `node_modules` and links. */
  async list(): Promise<string[]> {
    const paths: string[] = [];
    const slices = new Slices();
    const walk = async (folder: string): Promise<void> => {
      for await (const entry of nativeFiles.readDir(join(this.#root, folder))) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory) {
          if (!IGNORED_FOLDERS.has(entry.name)) await walk(path);
        } else if (
          entry.isFile && paths.length < FILES_MAX &&
          !WAITING.test(entry.name) && this.#laid?.originalOf(path) !== null
        ) paths.push(path);
        if (slices.over) await slices.next();
      }
    };
    await walk("");
    return await sortInSlices(paths);
  }

  /** The digests of what Deno and Fly read at start, as in {@linkcode Manifest.config}; read once. */
  config(): Promise<Record<string, string>> {
    return this.#config ??= this.#readConfig();
  }

  async #readConfig(): Promise<Record<string, string>> {
    const config: Record<string, string> = {};
    for (const name of await this.#configFiles()) {
      const text = await this.#configText(name);
      if (text !== null) {
        config[name] = await sha256Of(settingsText(name, text));
      }
    }
    return config;
  }

  /** The digests of the same, key by key; read once. */
  configKeys(): Promise<Record<string, Record<string, string>>> {
    return this.#configKeys ??= this.#readConfigKeys();
  }

  async #readConfigKeys(): Promise<Record<string, Record<string, string>>> {
    const found: Record<string, Record<string, string>> = {};
    for (const name of await this.#configFiles()) {
      const text = await this.#configText(name);
      if (text === null) continue;
      const keys: [key: string, digest: string][] = [];
      for (const [key, value] of Object.entries(startKeys(name, text))) {
        keys.push([key, await sha256Of(value)]);
      }
      found[name] = Object.fromEntries(keys);
    }
    return found;
  }

  /** The packages that the files name; read once. */
  packages(): Promise<ReadonlySet<string>> {
    return this.#packages ??= this.#readPackages();
  }

  async #readPackages(): Promise<Set<string>> {
    const packages = new Set<string>();
    for (const path of await this.list()) {
      if (!mayNamePackages(path)) continue;
      for (const name of await packagesInFile(join(this.#root, path))) {
        packages.add(name);
      }
    }
    return packages;
  }

  /**
   * The versions that the lock file has chosen; read once. Returns versions by requirement; empty where there is no lock
   * file.
   */
  locked(): Promise<Readonly<Record<string, string>>> {
    return this.#versions ??= this.#lockText().then(lockedVersions);
  }

  /** The packages that the lock file has chosen, with all beneath them. */
  lockedPackages(): Promise<Readonly<Record<string, LoadedPackage>>> {
    return this.#locked ??= this.#readLocked();
  }

  // Deno writes to it what comes in later.
  #lockText(): Promise<string> {
    return this.#lock ??= this.appText("deno.lock").then(async (text) =>
      text ?? await this.text("deno.lock") ?? ""
    );
  }

  async #readLocked(): Promise<Record<string, LoadedPackage>> {
    const lock = readLockFile(await this.#lockText());
    const found: [exact: string, loaded: LoadedPackage][] = [];
    const slices = new Slices();
    for (const exact of new Set(lock.pinned.values())) {
      if (!lock.packages.has(exact)) continue;
      const closure = closureOf(exact, lock);
      found.push([importable(exact), {
        closure: await sha256Of(closureText(closure)),
        depends: closure.slice(0, -1),
      }]);
      if (slices.over) await slices.next();
    }
    return Object.fromEntries(found);
  }

  /** The configuration of the app, of the root where that is another folder, and of the members of a workspace. */
  async #configFiles(): Promise<string[]> {
    const own = new Set([
      ...CONFIG_FILES.map((name) => this.#appFolder + name),
      ...CONFIG_FILES,
    ]);
    if (!await this.#isWorkspace(own)) return [...own];
    // Which folders are members does not matter: of others a release says nothing.
    const members = (await this.list()).filter((path) =>
      MEMBER_FILE.test(path)
    );
    return [...own.union(new Set(members))];
  }

  async #isWorkspace(configFiles: ReadonlySet<string>): Promise<boolean> {
    for (const name of configFiles) {
      if (!/\.jsonc?$/.test(name)) continue;
      const text = await this.text(name);
      if (text !== null && /"workspaces?"\s*:/.test(text)) return true;
    }
    return false;
  }

  #configText(path: string): Promise<string | null> {
    return isTsconfigPath(path)
      ? tsconfigText(path, (file) => this.text(file))
      : this.text(path);
  }

  /** Reads a file of the app's own folder. Returns its text, or null if there is no such file. */
  appText(name: string): Promise<string | null> {
    return this.text(this.#appFolder + name);
  }

  /** Reads a file. Returns its text, or null if there is no such file. */
  async text(path: string): Promise<string | null> {
    try {
      return await nativeFiles.readTextFile(join(this.#root, path));
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
