/** An HTTP server on 127.0.0.1 that keeps the request target as it was sent and can break connections on demand.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { sleep } from "../../base/sleep.ts";
import { joinBytes } from "../../base/values.ts";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault, FaultHook, FaultRequest } from "./faults.ts";

/** A whole request. */
export interface LoopbackRequest {
  readonly method: string;
  /** Path and query as they were sent, still encoded. */
  readonly target: string;
  /** The headers by lower-case name; repeated ones joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

/** A whole answer, or one that comes line by line. */
export interface LoopbackAnswer {
  readonly status: number;
  /** Headers; content-length is added. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body. Default empty. */
  readonly body?: string | Uint8Array<ArrayBuffer> | AsyncIterable<string>;
}

/** Options of {@linkcode serveLoopback}. */
export interface LoopbackOptions {
  /** The name that a fault hook sees. */
  readonly service: FaultRequest["service"];
  /** Answers one request; what it throws becomes a 500. */
  readonly handle: (request: LoopbackRequest) => Promise<LoopbackAnswer>;
  /** Makes a 500 or 503 that says why. */
  readonly fail: (status: 500 | 503, why: string) => LoopbackAnswer;
  /** Makes trouble. Default none. */
  readonly faults?: FaultHook;
  /** The largest body in bytes. Default 256 MiB. */
  readonly bodyBytesMax?: number;
}

/** A running server. */
export interface LoopbackServer {
  /** Its base URL without a slash at the end. */
  readonly url: string;
  /** How many requests came in, by method. */
  requests(): Readonly<Record<string, number>>;
  /** Cuts all connections and waits until every handler has ended. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, on a port chosen by the system. */
export async function serveLoopback(
  options: LoopbackOptions,
): Promise<LoopbackServer> {
  const counts: Record<string, number> = {};
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    // Deno takes the socket off a request whose body was not read to its end.
    const { method = "GET", socket } = incoming;
    counts[method] = (counts[method] ?? 0) + 1;
    const job = respond(incoming, outgoing, options, ++count, closing.signal)
      .catch(() => void socket.destroy())
      .finally(() => running.delete(job));
    running.add(job);
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | null = null;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => ({ ...counts }),
    close: () => closed ??= close(server, closing, running),
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
}

async function close(
  server: Server,
  closing: AbortController,
  running: ReadonlySet<Promise<void>>,
): Promise<void> {
  closing.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await Promise.all(running);
  await closed;
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: LoopbackOptions,
  count: number,
  closing: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  closing.addEventListener("abort", leave, { once: true });
  outgoing.once("close", leave);
  try {
    const target = incoming.url ?? "/";
    const method = incoming.method ?? "GET";
    const body = await readBody(
      incoming,
      options.bodyBytesMax ?? 256 * 1024 * 1024,
      gone.signal,
    );
    const fault = judgeFault(options, method, target, count);
    if (fault === "lose_request") return spoil(incoming);
    if (typeof fault === "object") await sleep(fault.delayMs, gone.signal);
    const answer = fault === "error500" || fault === "slow_down"
      ? options.fail(fault === "error500" ? 500 : 503, "trouble on demand")
      : await answerOf(options, {
        method,
        target,
        headers: headersOf(incoming),
        body,
        signal: gone.signal,
      });
    if (fault === "lose_answer") return spoil(incoming);
    if (fault === "cut_answer") return void incoming.socket.destroy();
    // Another fault has to be made above.
    fault satisfies undefined | "error500" | "slow_down" | object;
    await send(outgoing, answer, method === "HEAD", gone.signal);
  } finally {
    closing.removeEventListener("abort", leave);
    outgoing.off("close", leave);
  }
}

// A connection closed without a byte would not do: when it was in use before, Deno's fetch sends the request again by itself.
function spoil(incoming: IncomingMessage): void {
  incoming.socket.end("\0\r\n\r\n");
}

async function answerOf(
  options: LoopbackOptions,
  request: LoopbackRequest,
): Promise<LoopbackAnswer> {
  try {
    return await options.handle(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return options.fail(
      500,
      errorText(error),
    );
  }
}

function judgeFault(
  options: LoopbackOptions,
  method: string,
  target: string,
  count: number,
): Fault | undefined {
  if (!options.faults) return undefined;
  const [path = "/", query = ""] = splitTarget(target);
  return options.faults({
    service: options.service,
    method,
    path: decodeLeniently(path),
    query: new URLSearchParams(query),
    count,
  });
}

/** Splits a request target into path and query. */
export function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark === -1
    ? [target, ""]
    : [target.slice(0, mark), target.slice(mark + 1)];
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function headersOf(incoming: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    const name = incoming.rawHeaders[i]!.toLowerCase();
    const value = incoming.rawHeaders[i + 1]!;
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

async function readBody(
  incoming: IncomingMessage,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    signal.throwIfAborted();
    length += chunk.byteLength;
    if (length > bytesMax) {
      throw new RangeError(`Cannot take a body of over ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}

async function send(
  outgoing: ServerResponse,
  answer: LoopbackAnswer,
  isHead: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { body = "" } = answer;
  if (typeof body === "object" && Symbol.asyncIterator in body) {
    outgoing.writeHead(answer.status, { ...answer.headers });
    outgoing.flushHeaders();
    for await (const part of body) {
      signal.throwIfAborted();
      outgoing.write(part);
    }
    return void outgoing.end();
  }
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const bodiless = answer.status === 204 || answer.status === 304;
  outgoing.writeHead(answer.status, {
    ...(bodiless ? {} : { "content-length": String(bytes.byteLength) }),
    ...answer.headers,
  });
  outgoing.end(isHead || bodiless ? undefined : bytes);
}

const encoder = new TextEncoder();
