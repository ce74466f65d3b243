/** Files that several releases have in common: written once, and given a second name in the next release's folder.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { join } from "node:path";
import { digestOf } from "./write_checked.ts";

interface Known {
  readonly file: string;
  /** Null until it is given another name for the first time: then its content tells. */
  readonly identity: string | null;
}

/** Where the files of unpacked releases are, by their digests. */
export class LinkedFiles {
  #known = new Map<string, Known>();
  #fresh = new Map<string, Known>();

  /**
   * Gives a file of an earlier release a second name, unless somebody has written it since. Returns false if there is
   * no such file; nothing has the name then.
   */
  link(sha256: string, target: string): boolean {
    const linked = this.#link(sha256, target);
    if (linked) this.#fresh.set(sha256, linked);
    return linked !== null;
  }

  /**
   * Gives a file of an earlier release a second name in a folder that is settled. Returns false if there is no such
   * file; nothing has the name then.
   */
  linkSettled(sha256: string, target: string): boolean {
    const linked = this.#link(sha256, target);
    if (linked) this.#known.set(sha256, linked);
    return linked !== null;
  }

  #link(sha256: string, target: string): Known | null {
    const known = this.#fresh.get(sha256) ?? this.#known.get(sha256);
    const identity = known ? identityOf(known.file) : null;
    if (!known || identity === null) return null;
    if (known.identity === null) {
      if (digestAt(known.file) !== sha256) return null;
    } else if (identity !== known.identity) return null;
    try {
      Deno.linkSync(known.file, target);
    } catch {
      // A file system without second names, or too many of them: written, it costs a little more.
      return null;
    }
    return { file: target, identity };
  }

  /** Where a file of an earlier release is. Returns its path, or null if it is not known. */
  at(sha256: string): string | null {
    return this.#known.get(sha256)?.file ?? null;
  }

  /** Notes a short file that was just written: most of them are asked for never again. */
  add(sha256: string, file: string): void {
    this.#fresh.set(sha256, { file, identity: null });
  }

  /** Notes that the folder of a release has got its name. */
  settle(from: string, to: string): void {
    for (const [sha256, { file, identity }] of this.#fresh) {
      this.#known.set(sha256, {
        file: join(to, file.slice(from.length)),
        identity,
      });
    }
    this.#fresh.clear();
  }

  /** Forgets a release that was not unpacked to its end. */
  drop(): void {
    this.#fresh.clear();
  }

  /** Forgets a file that is removed, or is not what it was. */
  forgetFile(sha256: string): void {
    this.#known.delete(sha256);
  }

  /** Forgets the files of a folder that is removed. */
  forget(folder: string): void {
    const under = join(folder, "/");
    for (const [sha256, { file }] of this.#known) {
      if (file.startsWith(under)) this.#known.delete(sha256);
    }
  }
}

function digestAt(file: string): string | null {
  try {
    return digestOf(nativeFiles.readFileSync(file));
  } catch {
    return null;
  }
}

/** The file's bytes are the same as long as this is. */
function identityOf(file: string): string | null {
  try {
    const { isFile, dev, ino, size, mtime } = nativeFiles.lstatSync(file);
    return isFile ? `${dev} ${ino} ${size} ${mtime?.getTime()}` : null;
  } catch {
    return null;
  }
}
