/** SHA-256 of content that is too large to hold.
 * @module
 */
import { createHash } from "node:crypto";

/** What a stream held. */
export interface ContentDigest {
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly size: number;
}

/** Digests bytes piece by piece. */
export class DigestMeter {
  readonly #hash = createHash("sha256");
  #size = 0;

  /** Takes the next piece. */
  update(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#size += piece.byteLength;
  }

  /** Makes a stream that takes what passes through. */
  through(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    return new TransformStream({
      transform: (piece, controller) => {
        this.update(piece);
        controller.enqueue(piece);
      },
    });
  }

  /** Says what the pieces were; to be called once, after the last. */
  result(): ContentDigest {
    return { sha256: this.#hash.digest("hex"), size: this.#size };
  }
}

/** Reads a stream to its end and says what it held. */
export async function digestOf(
  content: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<ContentDigest> {
  const meter = new DigestMeter();
  for await (const piece of content) meter.update(piece);
  return meter.result();
}

/** SHA-256 of a text in UTF-8. */
export function digestOfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
