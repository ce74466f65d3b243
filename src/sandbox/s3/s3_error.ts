/** The errors of S3, in its own words and XML.
 *
 * Codes: {@link https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html}
 * @module
 */

/** Thrown by the object store where S3 answers with an error. */
export class S3Error extends Error {
  /** The class name, kept through minification. */
  override readonly name = "S3Error";
  /** The HTTP status. */
  readonly status: number;
  /** The code, for example `NoSuchKey`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Writes an error body. */
export function errorXml(
  code: string,
  message: string,
  resource: string,
  requestId: string,
): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${
    escapeXml(code)
  }</Code><Message>${escapeXml(message)}</Message><Resource>${
    escapeXml(resource)
  }</Resource><RequestId>${escapeXml(requestId)}</RequestId></Error>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Escapes text for XML; control characters become references. */
export function escapeXml(text: string): string {
  return text.replaceAll(
    // deno-lint-ignore no-control-regex -- control characters are what must not stand bare in XML
    /[&<>"'\u0000-\u001f\u007f]/g,
    (sign) => ENTITIES[sign] ?? `&#${sign.charCodeAt(0)};`,
  );
}
