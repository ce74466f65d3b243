/** The errors of S3, in its own words.
 *
 * Codes: {@link https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html}
 * @module
 */

/** Thrown by the object store where S3 answers with an error. */
export class S3Error extends Error {
  /** The class name, kept through minification. */
  override readonly name = "S3Error";
  readonly status: number;
  /** The code, for example `NoSuchKey`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The error of what the sandbox does not do: never an answer that only looks right. */
export function notImplemented(what: string): S3Error {
  return new S3Error(
    501,
    "NotImplemented",
    `The sandbox does not implement ${what}.`,
  );
}

/** The error of an argument. */
export function invalidArgument(why: string): S3Error {
  return new S3Error(400, "InvalidArgument", why);
}
