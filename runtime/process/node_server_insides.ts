/** What Node keeps inside of servers, and how one is made to stand on the listening socket of another.
 * @module
 */
import http from "node:http";
import https from "node:https";
import type net from "node:net";
import tls from "node:tls";
import { countConnectionsOf } from "./servers/server_properties.ts";

/** What Node keeps in a server that listens. */
export interface Inner {
  _handle: object | null;
  _pipeName?: unknown;
  _emitCloseIfDrained(): void;
}

interface Handle {
  getsockname?(out: object): unknown;
  getAsyncId?(): number;
}

/** Lets a server look as if it listened itself on the socket that another one has. */
export function standIn(
  server: net.Server,
  front: net.Server,
  close: () => void,
): void {
  const inner = server as unknown as Inner;
  const { _handle, _pipeName } = front as unknown as Inner;
  const handle = _handle as Handle | null;
  inner._handle = {
    ...handle?.getsockname
      ? { getsockname: (out: object) => handle.getsockname!(out) }
      : {},
    getAsyncId: () => handle?.getAsyncId?.() ?? 0,
    ref: () => front.ref(),
    unref: () => front.unref(),
    close,
  };
  if (_pipeName !== undefined) inner._pipeName = _pipeName;
  countConnectionsOf(server, front);
}

/** Ends a request that nobody will answer. */
export function end(args: readonly unknown[]): void {
  const destroys = args.find((it): it is { destroy(): void } =>
    typeof it === "object" && it !== null && "destroy" in it
  );
  destroys?.destroy();
}

/** The event by which a server tells its app of connections; null where it tells of requests. */
export function rawConnection(server: net.Server): string | null {
  const isHttp = server instanceof http.Server ||
    server instanceof https.Server ||
    /^Http2/.test(server.constructor.name);
  if (isHttp) return null;
  return server instanceof tls.Server ? "secureConnection" : "connection";
}

/** Gives a server a member of its own, in the place of that of its class. */
export function own(server: net.Server, name: string, value: unknown): void {
  Object.defineProperty(server, name, {
    value,
    configurable: true,
    writable: true,
  });
}

/** The port that a server listens on; 0 for none. */
export function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
