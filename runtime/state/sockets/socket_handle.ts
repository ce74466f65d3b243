/** What code gets of an open socket: its data, which only its own handlers write, and the connection.
 * @module
 */
import { isThenable } from "../../base/waiting/thenable.ts";
import { currentCaller } from "../cells/call_context.ts";
import type { HolderCell } from "../cells/holder_cell.ts";
import { readOnly } from "../copy/read_only/read_only.ts";
import type { OpenSocket, SocketMessage } from "./socket_handlers.ts";

/** Makes what handlers get of a socket. */
export function handleOf(socket: WebSocket, cell: HolderCell): OpenSocket {
  const isOwn = () =>
    currentCaller().chain.some((running) => cell.running.has(running));
  return Object.freeze({
    get data(): unknown {
      return isOwn() ? cell.state : readOnly(cell.shown);
    },
    set data(data: unknown) {
      if (!isOwn()) {
        throw new TypeError(
          `Cannot write the data of ${cell.name} outside of its handlers: an upgrade may be migrating it; write it in open, message, close or error`,
        );
      }
      cell.state = checkedData(cell.name, data);
    },
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    get protocol() {
      return socket.protocol;
    },
    send: (message: SocketMessage) => socket.send(message),
    close: (code?: number, reason?: string) => socket.close(code, reason),
  });
}

/** Refuses data that nobody would wait for. Throws if it is a promise. */
export function checkedData(name: string, data: unknown): unknown {
  if (!isThenable(data)) return data;
  // Nobody waits for it.
  Promise.resolve(data).catch(() => {});
  throw new TypeError(
    `Cannot keep a promise as data of ${name}: await it before upgrade(request) and let data() find it`,
  );
}

/** Closes a socket, whatever it is doing. */
export function closeQuietly(socket: WebSocket, code: number): void {
  try {
    socket.close(code);
  } catch {
    // It is closed already.
  }
}

/** Copies a message that is sent later. */
export function copyOf(message: SocketMessage): SocketMessage {
  if (typeof message === "string") return message;
  return ArrayBuffer.isView(message)
    ? new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
      .slice()
    : message.slice(0);
}
