/** Errors that a command may end with, and the exit code of each kind.
 * @module
 */
import { BucketError, type BucketErrorCode } from "@flyhot/runtime/bucket";
import { errorText, ProtocolError } from "@flyhot/runtime/protocol";

/** What the process ends with. The numbers are a contract. */
export const EXIT_CODES = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  auth: 3,
  not_found: 4,
  conflict: 5,
  network: 6,
  incomplete: 7,
  cold: 8,
} as const;

/** The kind of an error. */
export type ErrorCode = Exclude<keyof typeof EXIT_CODES, "ok">;

/** Tells whether a text is the kind of an error. */
export function isErrorCode(code: string): code is ErrorCode {
  return code !== "ok" && Object.hasOwn(EXIT_CODES, code);
}

/** Options of {@linkcode FlyhotError}. */
interface FlyhotErrorOptions {
  /** What to do about it. */
  readonly hint?: string;
  /** What led to it. */
  readonly cause?: unknown;
}

/**
 * An error made for people: the message says what was tried, on what and why it failed; the hint says what to do.
 *
 * @example
 * ```ts
 * import { FlyhotError } from "@flyhot/cli/mod";
 * new FlyhotError("usage", "Cannot read --timeout: expected seconds, found \"soon\"").exitCode; // 2
 * ```
 */
export class FlyhotError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "FlyhotError";
  /** The kind. */
  readonly code: ErrorCode;
  /** What to do about it, or null. */
  readonly hint: string | null;

  /**
   * Makes an error.
   *
   * @param code the kind, which decides the exit code
   * @param message what was tried, on what, and why it failed
   * @param options what to do about it, and the cause
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: FlyhotErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? null;
  }

  /** What the process ends with. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

const BUCKET_CODES: Readonly<Record<BucketErrorCode, ErrorCode>> = {
  credentials: "auth",
  clock_skew: "auth",
  no_bucket: "not_found",
  network: "network",
  server: "network",
  refused: "unexpected",
};

/** Turns whatever was thrown into an error with an exit code. */
export function toFlyhotError(thrown: unknown): FlyhotError {
  if (thrown instanceof FlyhotError) return thrown;
  if (thrown instanceof BucketError) {
    return new FlyhotError(BUCKET_CODES[thrown.code], thrown.message, {
      cause: thrown,
    });
  }
  if (thrown instanceof ProtocolError) {
    return new FlyhotError("unexpected", thrown.message, { cause: thrown });
  }
  const message = errorText(thrown);
  return new FlyhotError("unexpected", message, { cause: thrown });
}
