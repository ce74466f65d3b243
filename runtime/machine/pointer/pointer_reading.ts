/** Reads the pointer again and again, and tells which of its answers counts.
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { acceptPointer, type OtherPointer } from "./accept_pointer.ts";
import { getJson } from "../../bucket/bucket.ts";
import { pointerKey } from "../../protocol/object_keys.ts";
import {
  type Generation,
  generationOf,
  parsePointer,
  type Pointer,
} from "../../protocol/pointer.ts";
import type { MachineContext } from "../context.ts";

const WARNED_MAX = 100;

/** The pointer as this machine knows it. */
export class PointerReading {
  readonly #context: Pick<MachineContext, "bucket" | "settings" | "logger">;
  readonly #warned = new Set<string>();
  #etag: string | null = null;
  #pointer: Pointer | null = null;
  #other: OtherPointer | null = null;

  constructor(context: Pick<MachineContext, "bucket" | "settings" | "logger">) {
    this.#context = context;
  }

  /** Its revision; 0 where none has been read. */
  get revision(): number {
    return this.#pointer?.revision ?? 0;
  }

  /** The entry of this machine's base image, or null. */
  get generation(): Generation | null {
    return generationOf(this.#pointer, this.#context.settings.imageRef);
  }

  /** Reads it once. */
  async read(signal?: AbortSignal): Promise<void> {
    const { bucket, settings } = this.#context;
    if (!bucket) return;
    const read = await getJson(bucket, pointerKey(settings.app), {
      ...(this.#etag === null ? {} : { ifNoneMatch: this.#etag }),
      signal,
    });
    // The known one has been read, so the minute of another one is over.
    if (read.status === "unchanged") this.#other = null;
    if (read.status !== "found") return;
    const pointer = parsePointer(read.value, {
      place: bucket,
      warn: (text) => this.warnOnce(text),
    });
    const decision = acceptPointer(
      this.#pointer,
      pointer,
      this.#other,
      performance.now(),
    );
    // An eventually consistent bucket may answer with an older one.
    if (decision.act === "ignore") return;
    if (decision.act === "wait") {
      this.#other = decision.other;
      if (decision.isNew) {
        this.#context.logger.warn(
          `the pointer was made again (revision ${pointer.revision}, known is ${this.revision} of another lineage); it counts once it has been read for a minute`,
        );
      }
      return;
    }
    this.#other = null;
    this.#etag = read.etag;
    this.#pointer = pointer;
  }

  /** Warns of a bad entry, which stays in the pointer for long and is read every few seconds. */
  warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    if (this.#warned.size >= WARNED_MAX) this.#warned.clear();
    this.#warned.add(text);
    this.#context.logger.warn(text);
  }
}
