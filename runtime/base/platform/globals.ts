/** Globals under their own names as they were when the runtime was loaded: whoever imports one is safe from packages that put theirs in their place (a DOM for the server, polyfills, test doubles).
 * @module
 */

/** As the global. */
export const URL: typeof globalThis.URL = globalThis.URL;
/** As the global. */
export type URL = globalThis.URL;
/** As the global. */
export const TextEncoder: typeof globalThis.TextEncoder =
  globalThis.TextEncoder;
/** As the global. */
export type TextEncoder = globalThis.TextEncoder;
/** As the global. */
export const TextDecoder: typeof globalThis.TextDecoder =
  globalThis.TextDecoder;
/** As the global. */
export type TextDecoder = globalThis.TextDecoder;
/** As the global. */
export const AbortController: typeof globalThis.AbortController =
  globalThis.AbortController;
/** As the global. */
export type AbortController = globalThis.AbortController;
/** As the global. */
export const AbortSignal: typeof globalThis.AbortSignal =
  globalThis.AbortSignal;
/** As the global. */
export type AbortSignal = globalThis.AbortSignal;
/** As the global. */
export const DOMException: typeof globalThis.DOMException =
  globalThis.DOMException;
/** As the global. */
export type DOMException = globalThis.DOMException;
/** As the global. */
export const ReadableStream: typeof globalThis.ReadableStream =
  globalThis.ReadableStream;
/** As the global. */
export type ReadableStream<Chunk = unknown> = globalThis.ReadableStream<Chunk>;
/** As the global. */
export const TransformStream: typeof globalThis.TransformStream =
  globalThis.TransformStream;
/** As the global. */
export type TransformStream<In = unknown, Out = unknown> =
  globalThis.TransformStream<In, Out>;
/** As the global. */
export const DecompressionStream: typeof globalThis.DecompressionStream =
  globalThis.DecompressionStream;
/** As the global. */
export const crypto: typeof globalThis.crypto = globalThis.crypto;
/** As the global. */
export const performance: typeof globalThis.performance =
  globalThis.performance;
