/**
 * Types of what `@std/streams` exports.
 *
 * @module
 */

/** A growing buffer that can be written to and read from as a stream. */
export declare class Buffer {
  /** Wraps bytes, or begins empty. */
  constructor(ab?: ArrayBufferLike | ArrayLike<number>);
  /** Reads what has not been read. */
  get readable(): ReadableStream<Uint8Array>;
  /** Appends. */
  get writable(): WritableStream<Uint8Array>;
  /** Bytes not yet read. */
  get length(): number;
  /** Bytes that fit without growing. */
  get capacity(): number;
  /** What has not been read, as a copy unless told otherwise. */
  bytes(options?: { copy: boolean }): Uint8Array;
  /** Whether all has been read. */
  empty(): boolean;
  /** Drops all but the first `n` unread bytes. */
  truncate(n: number): void;
  /** Drops everything. */
  reset(): void;
  /** Makes place for `n` more bytes. */
  grow(n: number): void;
}

/** Passes the bytes from `start` to `end`, both included. */
export declare class ByteSliceStream
  extends TransformStream<Uint8Array, Uint8Array> {
  /** Both are counted from 0; to the end by default. */
  constructor(start?: number, end?: number);
}

/** Reads several streams one after the other. */
export declare function concatReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;

/** What becomes of a delimiter: kept at the end, at the start, or dropped. */
export type DelimiterDisposition = "suffix" | "prefix" | "discard";

/** Settings of {@linkcode DelimiterStream} and {@linkcode TextDelimiterStream}. */
export interface DelimiterStreamOptions {
  /** What becomes of the delimiter, "discard" by default. */
  disposition?: DelimiterDisposition;
}

/** Cuts bytes at a delimiter. */
export declare class DelimiterStream
  extends TransformStream<Uint8Array, Uint8Array> {
  /** The delimiter and what becomes of it. */
  constructor(delimiter: Uint8Array, options?: DelimiterStreamOptions);
}

/** Takes chunks in turn and ends with the shortest stream. */
export declare function earlyZipReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;

/** Settings of {@linkcode LimitedBytesTransformStream}. */
export interface LimitedBytesTransformStreamOptions {
  /** Fail with a `RangeError` at the limit instead of ending. */
  error?: boolean;
}

/** Ends or fails where more than `size` bytes come. */
export declare class LimitedBytesTransformStream
  extends TransformStream<Uint8Array, Uint8Array> {
  /** The limit in bytes and what happens there. */
  constructor(size: number, options?: LimitedBytesTransformStreamOptions);
}

/** Settings of {@linkcode LimitedTransformStream}. */
export interface LimitedTransformStreamOptions {
  /** Fail with a `RangeError` at the limit instead of ending. */
  error?: boolean;
}

/** Ends or fails where more than `size` chunks come. */
export declare class LimitedTransformStream<T> extends TransformStream<T, T> {
  /** The limit in chunks and what happens there. */
  constructor(size: number, options?: LimitedTransformStreamOptions);
}

/** Gives the chunks of several streams as they come. */
export declare function mergeReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;

/** Cuts text at a delimiter. */
export declare class TextDelimiterStream
  extends TransformStream<string, string> {
  /** The delimiter and what becomes of it. */
  constructor(delimiter: string, options?: DelimiterStreamOptions);
}

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

/** Reads a whole stream of bytes. */
export declare function toArrayBuffer(
  readableStream: ReadableStream<Uint8Array>,
): Promise<ArrayBuffer>;

/** Reads a whole stream of bytes. */
export declare function toBlob(
  stream: ReadableStream<Uint8Array>,
): Promise<Blob>;

/** Reads a whole stream of bytes. */
export declare function toBytes(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array>;

/** Reads a whole stream and parses it as JSON. */
export declare function toJson(stream: ReadableStream): Promise<unknown>;

/** Reads a whole stream as text. */
export declare function toText(
  readableStream: ReadableStream,
): Promise<string>;

/** Makes a transform stream of a generator function. */
export declare function toTransformStream<I, O>(
  transformer: (src: ReadableStream<I>) => Iterable<O> | AsyncIterable<O>,
  writableStrategy?: QueuingStrategy<I>,
  readableStrategy?: QueuingStrategy<O>,
): TransformStream<I, O>;

/** Takes chunks in turn until the last stream ends. */
export declare function zipReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;
