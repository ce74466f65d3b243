/** WebSockets that stay open over upgrades and follow the code.
 * @module
 */
import type { FamilyDefinition } from "../state/definition.ts";
import { HolderCallError } from "../state/cells/holder_cell.ts";
import { HANDLE, type SocketGroup } from "../state/sockets/socket_group.ts";
import type {
  OpenSocket,
  SocketHandlers,
  SocketMessage,
} from "../state/sockets/socket_handlers.ts";
import type { Actions } from "../state/action_types.ts";
import { appProcess } from "../process/process.ts";
import { type RequiredSteps, stateParts, type StateSpec } from "./holder.ts";

/** An open socket, as its handlers get it: the same object as long as it is open, whichever code is applied. */
export interface Socket<T> extends OpenSocket {
  /**
   * What `data` made for it. Its own handlers may write it, also after they have waited for something; anywhere else it
   * is a view that cannot be written.
   */
  data: T;
}

/** What is done with sockets, and how their data is made and migrated. */
export interface SocketsSpec<T, Version extends number = number> extends
  Pick<
    StateSpec<T, Record<never, never>, Version>,
    | "version"
    | "migrate"
    | "copy"
    | "classes"
    | "functions"
    | "renamedFrom"
  > {
  /** Makes the data of a new socket; it cannot wait for anything. Where it throws, `upgrade` throws that. */
  readonly data: (request: Request) => T;
  /** Called when a socket is open. */
  readonly open?: (socket: Socket<NoInfer<T>>) => unknown;
  /**
   * Called with each message, text or binary. The events of one socket are handled one after the other: where a handler
   * returns a promise, the next waits for it, so it must not wait for a later message of its own socket.
   */
  readonly message?: (
    socket: Socket<NoInfer<T>>,
    data: string | ArrayBuffer,
  ) => unknown;
  /** Called when a socket was closed by either side, after all its messages; its data is dropped afterwards. */
  readonly close?: (
    socket: Socket<NoInfer<T>>,
    code: number,
    reason: string,
  ) => unknown;
  /** Called with what another handler threw, and when the connection fails. Default: it is logged. */
  readonly error?: (socket: Socket<NoInfer<T>>, error: unknown) => unknown;
}

/** The sockets of one declaration. It reaches the newest code, from whichever generation it is called. */
export interface Sockets {
  /**
   * Answers a request for a WebSocket.
   *
   * @param request the request
   * @param options those of `Deno.upgradeWebSocket`
   * @returns the response that the handler of the request must return
   * @throws {TypeError} if it is not such a request
   */
  upgrade(request: Request, options?: Deno.UpgradeWebSocketOptions): Response;
  /**
   * Sends a message over all sockets that are open; `bufferedAmount` of each tells which clients are slow. What new code
   * sends while its health is checked reaches the clients when it has passed.
   *
   * @param message text or bytes
   */
  broadcast(message: SocketMessage): void;
  /** How many are open. */
  readonly size: number;
}

/**
 * Declares sockets whose handlers follow the code: they stay open over an upgrade, and what comes next over them meets
 * the newest handlers.
 *
 * Call it at the top level of a hot module. Data is migrated as the state of a holder: where an upgrade brings a higher
 * version, the data of all sockets is migrated on copies, all or none, and what comes meanwhile waits. Where the version
 * is the same, nothing waits; a handler that is under way ends in the code that it began in. A declaration that is
 * gone while sockets are open refuses the upgrade, unless the app consents to `holder:<name>`: they are closed with
 * code 1012 then. A handler that throws or rejects never ends the process.
 *
 * @param name the name, one for the whole app, holders and families included
 * @param spec the handlers, and the data of each socket with its version and migrations; `data` before the handlers, so
 * that its type is known there
 * @returns what opens and reaches the sockets
 * @throws {TypeError} if the version is not a whole number from 1
 * @throws {DeclarationError} if another module declares the name
 *
 * @example
 * ```ts
 * import { sockets } from "@flyhot/runtime";
 *
 * const chat = sockets("chat", {
 *   data: (request) => ({
 *     name: new URL(request.url).searchParams.get("name") ?? "somebody",
 *     said: 0,
 *   }),
 *   message(socket, text) {
 *     socket.data.said++;
 *     chat.broadcast(`${socket.data.name}: ${text}`);
 *   },
 * });
 *
 * export const handle = (request: Request): Response => chat.upgrade(request);
 * chat.size; // 0
 * ```
 */
export function sockets<T, const Version extends number = 1>(
  name: string,
  spec: SocketsSpec<T, Version> & RequiredSteps<NoInfer<T>, NoInfer<Version>>,
): Sockets {
  const declaring = appProcess.declaring();
  const { staging } = declaring;
  const group = (purpose: string): SocketGroup => {
    const { meets } = appProcess.generations;
    const family = appProcess.familyOf(name, meets);
    const found = family && appProcess.socketGroups.of(family);
    if (found) return found;
    throw new HolderCallError(
      `Cannot ${purpose}: an upgrade removed the sockets ${name}`,
    );
  };
  const parts = stateParts<T>(
    name,
    spec as StateSpec<T, Actions<T>, number>,
  );
  const definition: FamilyDefinition = {
    name,
    ...parts,
    actions: { [HANDLE]: (_, act) => (act as () => unknown)() },
    initialOf: (key) =>
      group(`open a socket of ${name}`).first(key, parts.version, spec.data),
    idleMs: null,
    evicted: null,
    sockets: handlersOf(parts.version, spec),
    get module() {
      return declaring.module;
    },
    line: declaring.line,
  };
  appProcess.declare({ kind: "family", definition }, staging);
  const use = (purpose: string): SocketGroup => {
    appProcess.requireIn(purpose, definition, staging);
    return group(purpose);
  };
  return Object.freeze({
    upgrade: (request: Request, options?: Deno.UpgradeWebSocketOptions) =>
      use(`open a socket of ${name}`).upgrade(request, options),
    broadcast: (message: SocketMessage) =>
      use(`broadcast to ${name}`).broadcast(message),
    get size() {
      return use(`count the sockets of ${name}`).size;
    },
  });
}

function handlersOf<T>(
  version: number,
  spec: SocketsSpec<T>,
): SocketHandlers {
  const { data, open, message, close, error } = spec as SocketsSpec<unknown>;
  return {
    version,
    data,
    ...(open ? { open } : {}),
    ...(message ? { message } : {}),
    ...(close ? { close } : {}),
    ...(error ? { error } : {}),
  };
}
