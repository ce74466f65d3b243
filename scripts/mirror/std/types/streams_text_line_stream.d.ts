/**
 * Types of what `@std/streams/text-line-stream` exports.
 *
 * @module
 */

/** Settings of {@linkcode TextLineStream}. */
export interface TextLineStreamOptions {
  /** Let a lone carriage return end a line too. */
  allowCR?: boolean;
}

/** Cuts text into lines. */
export declare class TextLineStream extends TransformStream<string, string> {
  /** Which characters end a line. */
  constructor(options?: TextLineStreamOptions);
}
