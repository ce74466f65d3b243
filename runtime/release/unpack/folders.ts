/** The folder that releases are unpacked to.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { crypto } from "../../base/platform/globals.ts";
import { dirname, join } from "node:path";
import { existsSync } from "node:fs";
import { shownUrl } from "../../base/shown_text.ts";
import { download } from "./download/download.ts";
import type { Manifest } from "../../protocol/manifest/manifest.ts";
import { folderUrl } from "../../modules/module_urls.ts";
import { Slices } from "../../base/in_slices.ts";
import type { Bucket } from "../../bucket/bucket.ts";
import type { WantedRelease } from "../wanted.ts";
import { type FolderUse, folderUse, LeftOut } from "../left_out.ts";
import { SHORT_BYTES } from "./gunzip.ts";
import { LinkedFiles } from "./linked_files.ts";
import { ManifestReader } from "../read_manifest.ts";
import { unpack, UNPACK_LIMITS } from "./unpack.ts";
import { upgradeError } from "../../base/upgrade_error.ts";

/** A release on the disk, whole and checked. */
export interface UnpackedRelease {
  /** Its digest. */
  readonly sha256: string;
  /** Its manifest. */
  readonly manifest: Manifest;
  /** Its folder. */
  readonly folder: string;
}

/** The releases on this machine's disk. */
export class ReleaseFolders {
  /** The folder that holds them. */
  readonly folder: string;
  readonly #unpacked = new Map<string, UnpackedRelease>();
  // How often each was brought and not discarded: one that was in before may still be imported from.
  readonly #uses = new Map<string, number>();
  readonly #linked = new LinkedFiles();
  readonly #manifests = new ManifestReader();
  readonly #left = new LeftOut();
  /** Files of removed releases that are left out of later ones, by folder: their digests by path. */
  readonly #remains = new Map<string, Map<string, string>>();
  #isAskedFor = false;

  /**
   * @param folder the folder that holds them
   */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** The folder's URL, with a slash at the end. */
  get url(): string {
    return folderUrl(this.folder);
  }

  /**
   * Brings a release to the disk: download, check, unpack to a temporary folder, one rename. Throws if any of it fails;
   * nothing is left behind then.
   */
  async bring(
    wanted: WantedRelease,
    url: string,
    bucket: Bucket | null,
    signal: AbortSignal,
  ): Promise<UnpackedRelease> {
    const known = wanted.sha256 === null
      ? undefined
      : this.#unpacked.get(wanted.sha256);
    if (known) return this.#use(known);
    const unique = crypto.randomUUID();
    const tarball = join(this.folder, `.${unique}.tar.gz`);
    const temporary = join(this.folder, `.${unique}`);
    try {
      makeFolder(this.folder);
      const { sha256, content } = await download(
        wanted,
        url,
        tarball,
        bucket,
        signal,
        SHORT_BYTES,
      );
      // Running code may import from its folder at any moment.
      const there = this.#unpacked.get(sha256);
      if (there) return this.#use(there);
      const folder = join(this.folder, sha256.slice(0, 12));
      const left = new Map<string, string>();
      // What is left of a folder that is made again goes into the new one.
      const of = this.#remains.has(folder)
        ? () => () => false
        : (manifest: Manifest) => this.#mayBeLeftOut(manifest);
      const manifest = await unpack(
        tarball,
        temporary,
        signal,
        UNPACK_LIMITS,
        {
          linked: this.#linked,
          manifests: this.#manifests,
          leaves: { of, files: left },
          content,
        },
      );
      // Left over from an earlier process on the same disk; it may be half removed.
      if (existsSync(folder)) await Deno.remove(folder, { recursive: true });
      this.#remains.delete(folder);
      this.#linked.forget(folder);
      Deno.renameSync(temporary, folder);
      this.#linked.settle(temporary, folder);
      this.#left.add(folder, left);
      const release = { sha256, manifest, folder };
      this.#unpacked.set(sha256, release);
      return this.#use(release);
    } catch (error) {
      this.#linked.drop();
      await Deno.remove(temporary, { recursive: true }).catch(() => {});
      throw upgradeError(
        "unpack",
        `Cannot bring ${shownUrl(url)} to ${this.folder}`,
        error,
      );
    } finally {
      removeFile(tarball);
    }
  }

  /** Puts files into the folder of a release that were left out of it because an earlier release has them. */
  fill(folder: string, path: string | null): string[] {
    if (path === null) this.#isAskedFor = true;
    return this.#left.take(folder, path).filter(([file, sha256]) => {
      const target = join(folder, ...file.split("/"));
      makeFolder(dirname(target));
      if (this.#linked.linkSettled(sha256, target)) return false;
      this.#linked.forgetFile(sha256);
      return true;
    }).map(([file]) => file);
  }

  /** Puts those files of a release into its folder that an upgrade reads. Throws if it cannot be brought again. */
  async need(
    release: UnpackedRelease,
    paths: Iterable<string>,
    from: {
      readonly wanted: WantedRelease;
      readonly bucket: Bucket | null;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { folder } = release;
    const lost = new Set<string>();
    const slices = new Slices();
    for (const path of paths) {
      // A path of its own may be one of a folder too.
      if (!this.#left.has(folder, path)) continue;
      for (const file of this.fill(folder, path)) lost.add(file);
      if (slices.over) await slices.next();
    }
    if (lost.size > 0) await this.#bringAgain(release, lost, from);
  }

  async #bringAgain(
    { sha256, folder }: UnpackedRelease,
    lost: ReadonlySet<string>,
    { wanted, bucket, signal }: Parameters<ReleaseFolders["need"]>[2],
  ): Promise<void> {
    const unique = crypto.randomUUID();
    const tarball = join(this.folder, `.${unique}.tar.gz`);
    const temporary = join(this.folder, `.${unique}`);
    const url = wanted.tarballUrl!;
    try {
      await download({ ...wanted, sha256 }, url, tarball, bucket, signal);
      await unpack(tarball, temporary, signal);
      for (const path of lost) {
        await Deno.rename(join(temporary, path), join(folder, path));
      }
    } catch (error) {
      throw upgradeError(
        "unpack",
        `Cannot bring ${shownUrl(url)} to ${this.folder} again, of which ${
          [...lost].join(", ")
        } was written over`,
        error,
      );
    } finally {
      await Deno.remove(temporary, { recursive: true }).catch(() => {});
      await Deno.remove(tarball).catch(() => {});
    }
  }

  /** What nobody looks for in the folder. */
  #mayBeLeftOut(manifest: Manifest): (path: string) => boolean {
    const use: FolderUse = this.#isAskedFor ? "all" : folderUse(manifest);
    if (use === "all") return () => false;
    return (path) => {
      const { kind } = manifest.files[path]!;
      // By the configuration, specifiers are resolved that only a run tells, and packages are held against the lock.
      return kind === "module" || use === "nothing" && kind !== "config";
    };
  }

  /** Removes a release that did not come in, unless it was brought once more and not discarded then. */
  async discard(release: UnpackedRelease): Promise<void> {
    const uses = this.#uses.get(release.sha256) ?? 0;
    if (uses > 1) {
      this.#uses.set(release.sha256, uses - 1);
      return;
    }
    await this.#remove(release);
  }

  /**
   * Removes what earlier processes have left, whole or half: one that is killed removes nothing itself. To be called
   * only by the one process of this app on this disk.
   */
  async removeLeftovers(): Promise<void> {
    const own = new Set([...this.#unpacked.values()].map((it) => it.folder));
    try {
      for (
        const { name } of await Array.fromAsync(
          nativeFiles.readDir(this.folder),
        )
      ) {
        const path = join(this.folder, name);
        if (!own.has(path)) await Deno.remove(path, { recursive: true });
      }
    } catch {
      // There is no folder yet, or the disk refuses: then it stays.
    }
  }

  /** Removes the releases that nothing needs any more. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    for (const release of this.#unpacked.values()) {
      if (!keep.has(release.folder)) await this.#remove(release);
    }
    for (const [folder, files] of this.#remains) {
      await this.#removeFiles(folder, files);
    }
  }

  async #remove(
    { sha256, folder, manifest }: UnpackedRelease,
  ): Promise<void> {
    this.#unpacked.delete(sha256);
    this.#uses.delete(sha256);
    const files = new Map<string, string>();
    for (const [path, file] of Object.entries(manifest.files)) {
      if (!this.#left.has(folder, path)) files.set(path, file.sha256);
    }
    this.#left.forget(folder);
    await this.#removeFiles(folder, files);
  }

  /** Removes files of a folder, and the folder with the last; later releases may still need some. */
  async #removeFiles(
    folder: string,
    files: Map<string, string>,
  ): Promise<void> {
    const gone: string[] = [];
    for (const [path, sha256] of files) {
      const isHere = this.#linked.at(sha256) === join(folder, path);
      if (isHere && this.#left.wants(sha256)) continue;
      if (isHere) this.#linked.forgetFile(sha256);
      files.delete(path);
      gone.push(path);
    }
    if (files.size === 0) {
      this.#remains.delete(folder);
      await Deno.remove(folder, { recursive: true }).catch(() => {});
      return;
    }
    this.#remains.set(folder, files);
    for (const path of gone) {
      await Deno.remove(join(folder, path)).catch(() => {});
    }
  }

  #use(release: UnpackedRelease): UnpackedRelease {
    const uses = this.#uses.get(release.sha256) ?? 0;
    this.#uses.set(release.sha256, uses + 1);
    return release;
  }
}

/** Removes a file, if it is there. */
function removeFile(file: string): void {
  // What is short has none, and to be told so by an error takes longer.
  if (!existsSync(file)) return;
  try {
    Deno.removeSync(file);
  } catch {
    // The disk refuses: then the next start removes it.
  }
}

/** In this turn: a thread of its own takes longer to wake than the disk takes. */
function makeFolder(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true });
}

/** Chooses the folder for releases: under the app root, or in the temporary folder where the root is read-only. */
export async function chooseReleaseFolder(
  root: string,
  fallback: string,
): Promise<string> {
  for (const folder of [join(root, ".flyhot", "releases"), fallback]) {
    try {
      await Deno.mkdir(folder, { recursive: true });
      const probe = join(folder, `.${crypto.randomUUID()}`);
      await Deno.writeTextFile(probe, "");
      await Deno.remove(probe);
      return await nativeFiles.realPath(folder);
    } catch {
      continue;
    }
  }
  return fallback;
}
