/** A file that only grows, up to a length.
 * @module
 */

/** Keeps about the newest two times `bytesMax` in a file and its predecessor `<file>.1`. */
export class LogFile {
  readonly #path: string;
  readonly #bytesMax: number;
  #file: Deno.FsFile;
  #bytes = 0;

  /** The file is a new one. */
  constructor(path: string, bytesMax: number) {
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#file = openNew(path);
  }

  /** Appends before it returns. */
  append(bytes: Uint8Array): void {
    if (this.#bytes + bytes.byteLength > this.#bytesMax) {
      this.#file.close();
      Deno.renameSync(this.#path, `${this.#path}.1`);
      this.#file = openNew(this.#path);
      this.#bytes = 0;
    }
    for (let done = 0; done < bytes.byteLength;) {
      done += this.#file.writeSync(bytes.subarray(done));
    }
    this.#bytes += bytes.byteLength;
  }

  /** Closes it; nothing can be appended afterwards. */
  close(): void {
    this.#file.close();
  }
}

function openNew(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, write: true, truncate: true });
}
