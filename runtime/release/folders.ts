/** The folder that releases are unpacked to.
 * @module
 */
import { join } from "node:path";
import { shownUrl } from "../base/shown_text.ts";
import { download } from "./download.ts";
import type { Manifest } from "../protocol/manifest.ts";
import { folderUrl } from "../modules/module_urls.ts";
import type { Bucket } from "../bucket/bucket.ts";
import type { WantedRelease } from "./wanted.ts";
import { LinkedFiles } from "./linked_files.ts";
import { ManifestReader } from "./read_manifest.ts";
import { unpack, UNPACK_LIMITS } from "./unpack.ts";
import { upgradeError } from "../base/upgrade_error.ts";

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
   * Brings a release to the disk: download, check, unpack to a temporary folder, one rename.
   *
   * @param wanted the release
   * @param url where it is
   * @param bucket the bucket it may be in
   * @param signal ends the work
   * @returns the release
   * @throws {UpgradeError} if any of it fails; nothing is left behind then
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
      await Deno.mkdir(this.folder, { recursive: true });
      const { sha256 } = await download(wanted, url, tarball, bucket, signal);
      // Running code may import from its folder at any moment.
      const there = this.#unpacked.get(sha256);
      if (there) return this.#use(there);
      const manifest = await unpack(
        tarball,
        temporary,
        signal,
        UNPACK_LIMITS,
        { linked: this.#linked, manifests: this.#manifests },
      );
      const folder = join(this.folder, sha256.slice(0, 12));
      // Left over from an earlier process on the same disk; it may be half removed.
      await Deno.remove(folder, { recursive: true }).catch(() => {});
      this.#linked.forget(folder);
      await Deno.rename(temporary, folder);
      this.#linked.settle(temporary, folder);
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
      await Deno.remove(tarball).catch(() => {});
    }
  }

  /**
   * Removes a release that did not come in, unless it was brought once more and not discarded then.
   *
   * @param release the release
   */
  async discard(release: UnpackedRelease): Promise<void> {
    const uses = this.#uses.get(release.sha256) ?? 0;
    if (uses > 1) {
      this.#uses.set(release.sha256, uses - 1);
      return;
    }
    this.#uses.delete(release.sha256);
    this.#unpacked.delete(release.sha256);
    this.#linked.forget(release.folder);
    await Deno.remove(release.folder, { recursive: true }).catch(() => {});
  }

  /**
   * Removes what earlier processes have left, whole or half: one that is killed removes nothing itself. To be called
   * only by the one process of this app on this disk.
   */
  async removeLeftovers(): Promise<void> {
    const own = new Set([...this.#unpacked.values()].map((it) => it.folder));
    try {
      for (const { name } of await Array.fromAsync(Deno.readDir(this.folder))) {
        const path = join(this.folder, name);
        if (!own.has(path)) await Deno.remove(path, { recursive: true });
      }
    } catch {
      // There is no folder yet, or the disk refuses: then it stays.
    }
  }

  /**
   * Removes the releases that nothing needs any more.
   *
   * @param keep the folders of those that are needed
   */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    for (const [sha256, { folder }] of this.#unpacked) {
      if (keep.has(folder)) continue;
      this.#unpacked.delete(sha256);
      this.#uses.delete(sha256);
      this.#linked.forget(folder);
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  }

  #use(release: UnpackedRelease): UnpackedRelease {
    const uses = this.#uses.get(release.sha256) ?? 0;
    this.#uses.set(release.sha256, uses + 1);
    return release;
  }
}

/**
 * Chooses the folder for releases: under the app root, or in the temporary folder where the root is read-only.
 *
 * @param root the app root
 * @param fallback a folder in the temporary folder
 * @returns the folder, which exists and can be written
 */
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
      return await Deno.realPath(folder);
    } catch {
      continue;
    }
  }
  return fallback;
}
