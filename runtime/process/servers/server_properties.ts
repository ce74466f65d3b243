/** The properties of Node's servers that are read while connections come and last: those of the server that serves count,
 * whichever one has the listening socket or has accepted the connection.
 * @module
 */
import type { Server } from "node:net";

const FOLLOWED = [
  // Read for each new connection.
  "allowHalfOpen",
  "blockList",
  "dropMaxConnection",
  "highWaterMark",
  "maxConnections",
  "noDelay",
  "pauseOnConnect",
  // Read for as long as a connection lasts.
  "headersTimeout",
  "keepAliveTimeout",
  "keepAliveTimeoutBuffer",
  "maxHeadersCount",
  "maxRequestsPerSocket",
  "requestTimeout",
  "timeout",
] as const;

/** Lets a server have the properties of another one, once that serves in its place. */
export function followProperties(server: Server, serving: () => Server): void {
  for (const name of FOLLOWED) {
    let own: unknown = Reflect.get(server, name);
    Object.defineProperty(server, name, {
      get: () => {
        const now = serving();
        return now === server ? own : Reflect.get(now, name);
      },
      set: (value: unknown) => {
        own = value;
      },
      configurable: true,
      enumerable: own !== undefined,
    });
  }
}

/** Lets a server count the connections of the one that has the listening socket. */
export function countConnectionsOf(server: Server, front: Server): void {
  Object.defineProperty(server, "_connections", {
    get: () => Reflect.get(front, "_connections"),
    set: (count: unknown) => Reflect.set(front, "_connections", count),
    configurable: true,
    enumerable: true,
  });
}
