/** Stands in front of a running app and writes down what it is asked, for a rehearsal.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { recordedHeaders, secretsComment } from "./recorded.ts";
import { formatRequests, type SocketLine } from "./requests.ts";

/** Options of {@linkcode startRecorder}. */
export interface RecorderOptions {
  /** The app, for example `http://localhost:8000`. */
  readonly target: string | URL;
  /** Takes each request as it is written down. */
  readonly write: (text: string) => void | Promise<void>;
  /** Where to listen on 127.0.0.1. Default a port that is free. */
  readonly port?: number;
  /** Whether `Authorization`, `Cookie` and other credentials are written down. Default false. */
  readonly withCredentials?: boolean;
}

/** A running recorder. */
export interface Recorder extends AsyncDisposable {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** How many requests it has written down. */
  readonly recorded: number;
  /** Stops listening, writes down what WebSockets have said so far, and closes them. */
  [Symbol.asyncDispose](): Promise<void>;
}

// What belongs to one connection, and not to the next.
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
];

/**
 * Starts a recorder: a reverse proxy for HTTP and WebSockets that writes down every request.
 *
 * Bodies and paths are written as they are; whatever they hold of secrets is in the file.
 *
 * @param options the app, and what takes the requests
 * @returns the recorder, which listens
 * @throws {Deno.errors.AddrInUse} if somebody else listens on the port
 *
 * @example
 * ```ts ignore
 * import { startRecorder } from "@flyhot/runtime/testing";
 *
 * const write = (text: string) =>
 *   Deno.writeTextFile("requests.txt", text, { append: true });
 * await using recorder = await startRecorder({
 *   target: "http://localhost:8000",
 *   write,
 * });
 * await fetch(`${recorder.url}/rooms`);
 * ```
 */
export async function startRecorder(
  options: RecorderOptions,
): Promise<Recorder> {
  const recorder = new RunningRecorder(options);
  await recorder.listening;
  return recorder;
}

class RunningRecorder implements Recorder {
  readonly #target: string;
  readonly #options: RecorderOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #talks = new Map<WebSocket, Promise<void>>();
  readonly #closing = new AbortController();
  #writing: Promise<void> = Promise.resolve();
  #recorded = 0;
  readonly listening: Promise<void>;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#target = new URL(options.target).origin;
    const listening = Promise.withResolvers<void>();
    this.listening = listening.promise;
    this.#server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: options.port ?? 0,
        onListen: () => listening.resolve(),
        onError: (error) => new Response(errorText(error), { status: 502 }),
      },
      (request) =>
        request.headers.get("upgrade")?.toLowerCase() === "websocket"
          ? this.#talk(request)
          : this.#pass(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  get recorded(): number {
    return this.#recorded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const talks = [...this.#talks.values()];
    for (const socket of this.#talks.keys()) socket.close();
    await Promise.all(talks);
    await this.#server.shutdown();
    await this.#writing;
  }

  async #pass(request: Request): Promise<Response> {
    const path = pathOf(request);
    const headers = new Headers(request.headers);
    for (const name of HOP_BY_HOP) headers.delete(name);
    headers.delete("host");
    const body = new Uint8Array(await request.arrayBuffer());
    const { method } = request;
    this.#write(
      request.headers,
      (kept) =>
        formatRequests([{ kind: "http", method, path, headers: kept, body }]),
    );
    const response = await fetch(`${this.#target}${path}`, {
      method,
      headers,
      ...(body.length > 0 ? { body } : {}),
      redirect: "manual",
      signal: this.#closing.signal,
    });
    const answered = new Headers(response.headers);
    for (const name of HOP_BY_HOP) answered.delete(name);
    // It comes decoded.
    if (answered.has("content-encoding")) {
      answered.delete("content-encoding");
      answered.delete("content-length");
    }
    const { status, statusText } = response;
    return new Response(response.body, {
      status,
      statusText,
      headers: answered,
    });
  }

  #talk(request: Request): Response | Promise<Response> {
    const path = pathOf(request);
    const asked = [...request.headers];
    const protocols = (request.headers.get("sec-websocket-protocol") ?? "")
      .split(/\s*,\s*/).filter((it) => it !== "");
    const app = new WebSocket(`${this.#target.replace(/^http/, "ws")}${path}`, {
      protocols,
      headers: asked.filter(([name]) =>
        !HOP_BY_HOP.includes(name) && !/^(?:host$|sec-)/.test(name)
      ),
    });
    app.binaryType = "arraybuffer";
    // The app decides first whether there is a socket, and over which protocol.
    const opened = Promise.withResolvers<Response>();
    const refused = () =>
      opened.resolve(
        new Response("the app does not take the WebSocket", { status: 502 }),
      );
    app.onerror = refused;
    app.onclose = refused;
    app.onopen = () => {
      const { socket, response } = Deno.upgradeWebSocket(
        request,
        app.protocol === "" ? {} : { protocol: app.protocol },
      );
      socket.binaryType = "arraybuffer";
      this.#talks.set(
        socket,
        this.#follow(
          socket,
          app,
          (lines) =>
            this.#write(
              asked,
              (headers) =>
                formatRequests([{ kind: "socket", path, headers, lines }]),
            ),
        ),
      );
      opened.resolve(response);
    };
    return opened.promise;
  }

  /** Passes messages on both ways until one end closes. */
  #follow(
    client: WebSocket,
    app: WebSocket,
    over: (lines: readonly SocketLine[]) => void,
  ): Promise<void> {
    const lines: SocketLine[] = [];
    const early: (string | ArrayBuffer)[] = [];
    const ended = Promise.withResolvers<void>();
    const hear = (from: SocketLine["from"], data: string | ArrayBuffer) =>
      lines.push({
        from,
        data: typeof data === "string" ? data : new Uint8Array(data),
      });
    client.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      hear("client", data);
      if (app.readyState === WebSocket.OPEN) app.send(data);
    };
    app.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      hear("server", data);
      if (client.readyState === WebSocket.OPEN) client.send(data);
      else early.push(data);
    };
    client.onopen = () => {
      for (const data of early.splice(0)) client.send(data);
    };
    let open = 2;
    const close = (other: WebSocket) => ({ code, reason }: CloseEvent) => {
      if (other.readyState <= WebSocket.OPEN) {
        // Only these may be said by a program.
        other.close(
          code === 1000 || code >= 3000 ? code : 1000,
          new TextEncoder().encode(reason).length > 123 ? "" : reason,
        );
      }
      if (--open > 0) return;
      this.#talks.delete(client);
      over(lines);
      ended.resolve();
    };
    client.onclose = close(app);
    app.onclose = close(client);
    client.onerror = () => {};
    app.onerror = () => {};
    return ended.promise;
  }

  #write(
    headers: Iterable<readonly [string, string]>,
    textOf: (headers: readonly (readonly [string, string])[]) => string,
  ): void {
    const { kept, secret } = recordedHeaders(
      headers,
      this.#options.withCredentials ?? false,
    );
    const text = secretsComment(secret) + textOf(kept);
    this.#recorded++;
    this.#writing = this.#writing.then(() => this.#options.write(text));
    // Told by whoever waits for the end.
    this.#writing.catch(() => {});
  }
}

function pathOf({ url }: Request): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
