/** What code declares about sockets, its types forgotten.
 * @module
 */

/** What a handler gets of a socket. */
export interface OpenSocket {
  /** What the app keeps with the socket; it can be written by the socket's own handlers only. */
  data: unknown;
  /** Where the connection stands, as `WebSocket.readyState`. */
  readonly readyState: number;
  /** How many bytes wait to be sent. */
  readonly bufferedAmount: number;
  /** The subprotocol that was agreed on, or an empty text. */
  readonly protocol: string;
  /** Sends a message. */
  send(message: SocketMessage): void;
  /** Closes the connection. */
  close(code?: number, reason?: string): void;
}

/** What can be sent over a socket. */
export type SocketMessage = string | ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** What is done with sockets. */
export interface SocketHandlers {
  /** The version of the data that they work with. */
  readonly version: number;
  /** Makes the data of a new socket. */
  data(request: Request): unknown;
  /** A socket is open. */
  open?(socket: OpenSocket): unknown;
  /** A message has come. */
  message?(socket: OpenSocket, data: string | ArrayBuffer): unknown;
  /** A socket was closed, by whichever side. */
  close?(socket: OpenSocket, code: number, reason: string): unknown;
  /** A handler threw, or the connection failed. */
  error?(socket: OpenSocket, error: unknown): unknown;
}
