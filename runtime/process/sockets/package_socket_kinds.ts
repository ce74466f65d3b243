/** What `ws` and `socket.io` keep of a socket, and how it is moved from one of their servers to another.
 * @module
 */
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** What a socket listens to. */
export type Listeners = ReadonlyMap<string | symbol, readonly unknown[]>;

/** The server of `ws`. */
interface WsServer {
  readonly clients?: Set<unknown>;
  readonly options?: { readonly path?: string };
}

/** A namespace of `socket.io`. */
interface Namespace {
  readonly name: string;
  readonly adapter: {
    socketRooms(id: string): Set<string> | undefined;
    delAll(id: string): void;
    addAll(id: string, rooms: Set<string>): void;
  };
  readonly sockets: Map<string, unknown>;
  readonly server: { readonly engine?: Engine };
}

/** The sessions beneath `socket.io`. */
interface Engine {
  readonly clients: Record<string, EventEmitter & { server: Engine }>;
  clientsCount: number;
}

interface IoSocket {
  readonly id: string;
  client: { server: unknown };
  nsp: unknown;
  adapter: unknown;
  server: unknown;
  disconnect(close: boolean): void;
}

/** The close code of a service that begins again. */
const SERVICE_RESTART = 1012;

/**
 * Tells what an emitter of "connection" is. Returns its kind, the same for the one that new code makes in its place;
 * null for another emitter.
 */
export function kindOf(emitter: object): string | null {
  const it = emitter as Record<string, unknown>;
  if (it.sockets instanceof Map && it.adapter && it.server) {
    return `socket.io ${it.name}`;
  }
  const isWs = typeof it.handleUpgrade === "function" &&
    typeof it.shouldHandle === "function" && it.options;
  return isWs ? `ws ${(it as WsServer).options?.path ?? ""}` : null;
}

/** What a socket listens to now. */
export function listenersOf(socket: EventEmitter): Listeners {
  return new Map(
    socket.eventNames().map((name) => [name, socket.rawListeners(name)]),
  );
}

/** Tells whether a socket got handlers while its "connection" was told. */
export function isHandled(
  socket: EventEmitter,
  before: Listeners,
  kind: string,
): boolean {
  // A socket without a handler may still get one from a callback of whoever has upgraded it.
  return kind.startsWith("socket.io") ||
    [...listenersOf(socket)].some(([name, all]) =>
      name === "message" && all.some((it) => !before.get(name)?.includes(it))
    );
}

/** The socket of the network beneath a socket. Returns it; null where there is none, as between two polls. */
export function netSocketOf(socket: EventEmitter, kind: string): Socket | null {
  const ws = kind.startsWith("socket.io")
    ? (socket as { conn?: { transport?: { socket?: unknown } } }).conn
      ?.transport?.socket
    : socket;
  return (ws as { _socket?: Socket } | undefined)?._socket ?? null;
}

/** Closes a socket, so that its client connects again. */
export function end(socket: EventEmitter, kind: string): void {
  if (kind.startsWith("socket.io")) {
    (socket as unknown as IoSocket).disconnect(true);
  } else {
    (socket as unknown as { close(code: number): void }).close(SERVICE_RESTART);
  }
}

/** Lets the sessions beneath one server be known to another. */
export function moveSessions(old: object, now: object, kind: string): void {
  if (!kind.startsWith("socket.io")) return;
  const { engine: before } = (old as Namespace).server;
  const { engine: next } = (now as Namespace).server;
  if (!before || !next || before === next) return;
  for (const [id, session] of Object.entries(before.clients)) {
    next.clients[id] = session;
    next.clientsCount++;
    session.server = next;
    atClose(session, () => {
      delete next.clients[id];
      next.clientsCount--;
    });
    delete before.clients[id];
    before.clientsCount--;
  }
}

/** Moves a socket from one server to another. */
export function moveSocket(
  socket: EventEmitter,
  old: object,
  now: object,
  kind: string,
): void {
  if (!kind.startsWith("socket.io")) {
    const { clients } = now as WsServer;
    (old as WsServer).clients?.delete(socket);
    clients?.add(socket);
    atClose(socket, () => clients?.delete(socket));
    return;
  }
  const it = socket as unknown as IoSocket;
  const before = old as Namespace;
  const next = now as Namespace;
  const rooms = before.adapter.socketRooms(it.id);
  const kept = rooms && new Set(rooms);
  before.adapter.delAll(it.id);
  before.sockets.delete(it.id);
  it.client.server = next.server;
  it.nsp = next;
  it.adapter = next.adapter;
  it.server = next.server;
  next.sockets.set(it.id, socket);
  // Its own room, by which it is told apart, and those of the old code: the new code joins what it joins.
  if (kept) next.adapter.addAll(it.id, kept);
}

const closing = new WeakMap<EventEmitter, () => void>();

/** Does one thing when a socket closes, in the place of what was to be done before. */
function atClose(socket: EventEmitter, act: () => void): void {
  const before = closing.get(socket);
  if (before) socket.removeListener("close", before);
  closing.set(socket, act);
  socket.once("close", act);
}
