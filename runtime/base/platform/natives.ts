/** What the runtime needs of the platform, kept when it is loaded: apps and their packages replace globals.
 * @module
 */

/** The globals as they were when the runtime was loaded. */
export const natives = {
  /** `Response`; @hono/node-server puts another in its place. */
  Response: globalThis.Response,
  /** `Request`, likewise. */
  Request: globalThis.Request,
  /** `Headers`. */
  Headers: globalThis.Headers,
  /** `Deno.serve`, which tells nobody of its requests. */
  serve: Deno.serve,
  /** `Deno.upgradeWebSocket`, which counts nothing. */
  upgradeWebSocket: Deno.upgradeWebSocket,
  /** `WebSocket`, which sends what it is told. */
  WebSocket: globalThis.WebSocket,
  /** `fetch`. */
  fetch: globalThis.fetch,
  /** `setTimeout`, which no upgrade holds. */
  setTimeout: globalThis.setTimeout,
  /** `setInterval`, which no upgrade holds. */
  setInterval: globalThis.setInterval,
  /** `clearTimeout`. */
  clearTimeout: globalThis.clearTimeout,
  /** `clearInterval`. */
  clearInterval: globalThis.clearInterval,
  /** `setImmediate`, which no upgrade holds. */
  setImmediate: globalThis.setImmediate,
  /** `clearImmediate`. */
  clearImmediate: globalThis.clearImmediate,
} as const;

/** A timer of {@linkcode natives}. */
export type Timer = ReturnType<typeof globalThis.setTimeout>;
