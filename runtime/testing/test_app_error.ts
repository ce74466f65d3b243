/** The error that a test sees when an app or an upgrade does not do what it should.
 * @module
 */
import type { UpgradeReport } from "./upgrade_report.ts";

const LINES_SHOWN_MAX = 30;

/** Thrown when an app does not start, ends by itself or refuses an upgrade; the message ends with what the app logged. */
export class TestAppError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "TestAppError";
  /** All that the app wrote so far, line by line. */
  readonly log: readonly string[];
  /** What the app said of the upgrade, where it did. */
  readonly report: UpgradeReport | null;

  /**
   * Makes an error.
   *
   * @param message what was tried, on what, and why it failed
   * @param options what the app wrote (default nothing), what it said of the upgrade, and the cause
   */
  constructor(
    message: string,
    options: {
      readonly log?: readonly string[];
      readonly report?: UpgradeReport;
      readonly cause?: unknown;
    } = {},
  ) {
    const { log = [] } = options;
    super(
      [message, ...log.slice(-LINES_SHOWN_MAX).map((line) => `  ${line}`)]
        .join("\n"),
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.log = [...log];
    this.report = options.report ?? null;
  }
}
