/** Objects that are being put together of parts: multipart uploads.
 * @module
 */
import { createHash } from "node:crypto";
import { joinBytes } from "../../base/values.ts";
import { invalidArgument, S3Error } from "./s3_error.ts";
import { etagOf, type NewObject } from "./s3_objects.ts";

/** A part, as it was received. */
interface Part {
  readonly content: Uint8Array<ArrayBuffer>;
  /** The MD5 of its content in quotes. */
  readonly etag: string;
  /** When it came, in milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** An upload under way. */
export interface Upload {
  readonly id: string;
  /** What it will be called. */
  readonly key: string;
  /** What a read will be answered with. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Its parts so far, by number. */
  readonly parts: Map<number, Part>;
}

/** What a client names of a part, when it says which belong together. */
export interface NamedPart {
  readonly number: number;
  /** Its ETag, with quotes or without. */
  readonly etag: string;
}

const PARTS_MAX = 10_000;
// All parts but the last must have 5 MiB.
const PART_BYTES_MIN = 5 * 1024 * 1024;

/** The uploads under way. */
export class S3Uploads {
  readonly #uploads = new Map<string, Upload>();

  /** Those whose keys begin so, by key. */
  under(prefix: string): readonly Upload[] {
    return [...this.#uploads.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  }

  /** Begins one. */
  begin(key: string, headers: Readonly<Record<string, string>>): Upload {
    const id = crypto.randomUUID();
    const startedAt = Date.now();
    const upload = { id, key, headers, startedAt, parts: new Map() };
    this.#uploads.set(id, upload);
    return upload;
  }

  /** Finds one. */
  get(id: string, key: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.key === key) return upload;
    throw new S3Error(
      404,
      "NoSuchUpload",
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    );
  }

  /** Ends one; its parts are gone. */
  end(upload: Upload): void {
    this.#uploads.delete(upload.id);
  }
}

/** Takes a part; one with the same number before is replaced. */
export function addPart(
  upload: Upload,
  number: number,
  content: Uint8Array<ArrayBuffer>,
): Part {
  if (!Number.isInteger(number) || number < 1 || number > PARTS_MAX) {
    throw invalidArgument(
      `Part number must be an integer between 1 and ${PARTS_MAX}, inclusive`,
    );
  }
  const part = { content, etag: etagOf(content), modifiedAt: Date.now() };
  upload.parts.set(number, part);
  return part;
}

/** Puts the parts together that a client names, in their order. */
export function assemble(
  upload: Upload,
  named: readonly NamedPart[],
): NewObject {
  const parts = named.map(({ number, etag }, i) => {
    if (i > 0 && number <= named[i - 1]!.number) {
      throw new S3Error(
        400,
        "InvalidPartOrder",
        "The list of parts was not in ascending order.",
      );
    }
    const part = upload.parts.get(number);
    if (part?.etag === `"${etag.replaceAll('"', "")}"`) return part;
    throw new S3Error(
      400,
      "InvalidPart",
      "One or more of the specified parts could not be found.",
    );
  });
  if (
    parts.slice(0, -1).some(({ content }) => content.length < PART_BYTES_MIN)
  ) {
    throw new S3Error(
      400,
      "EntityTooSmall",
      "Your proposed upload is smaller than the minimum allowed object size.",
    );
  }
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(etag.slice(1, -1), "hex");
  return {
    content: joinBytes(parts.map(({ content }) => content)),
    headers: upload.headers,
    etag: `"${hash.digest("hex")}-${parts.length}"`,
  };
}
