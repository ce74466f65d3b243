/** Talks over a WebSocket as a rehearsal says, and takes what is answered.
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";
import type { SocketAnswer } from "./comparing/answers.ts";
import type { CookieJar } from "./cookies.ts";
import type { SocketBlock } from "./requests.ts";

const OPEN_MS_MAX = 15_000;
/** How long the messages that are expected are waited for. */
const EXPECTED_MS_MAX = 3_000;
/** After so long without a message, there is none to come. */
const QUIET_MS = 60;
const POLL_MS = 3;
/** What an app says that wants its clients to come back: an upgrade replaced what handled them. */
const SERVICE_RESTART = 1012;

/** A WebSocket of a rehearsal. */
export class Talk {
  readonly #socket: WebSocket;
  #received: (string | Uint8Array<ArrayBuffer>)[] = [];
  #lastAt = performance.now();
  #closed: number | null = null;
  readonly #ended: Promise<void>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const ended = Promise.withResolvers<void>();
    this.#ended = ended.promise;
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#lastAt = performance.now();
      this.#received.push(
        typeof data === "string" ? data : new Uint8Array(data),
      );
    };
    socket.onclose = ({ code }) => {
      this.#closed = code;
      ended.resolve();
    };
  }

  /** Opens one. */
  static async open(
    url: string,
    { path, headers }: SocketBlock,
    jar: CookieJar,
    signal: AbortSignal,
  ): Promise<Talk | string> {
    const protocols: string[] = [];
    const sent: [string, string][] = [];
    for (const [name, value] of headers) {
      if (name.toLowerCase() === "sec-websocket-protocol") {
        protocols.push(...value.split(/\s*,\s*/));
      } else sent.push([name, value]);
    }
    if (
      jar.header !== null &&
      !sent.some(([name]) => name.toLowerCase() === "cookie")
    ) sent.push(["cookie", jar.header]);
    const socket = new WebSocket(
      `${url.replace(/^http/, "ws")}${path}`,
      { protocols, headers: sent },
    );
    const talk = new Talk(socket);
    const opened = new Promise<string>((resolve) => {
      socket.onopen = () => resolve("");
      socket.onerror = (event) => {
        resolve(event instanceof ErrorEvent ? event.message : "not opened");
      };
    });
    const why = await beforeLong(opened, OPEN_MS_MAX, signal) ??
      `not open after ${OPEN_MS_MAX} ms`;
    signal.throwIfAborted();
    if (why === "") return talk;
    await talk.close();
    return why;
  }

  /** The code that the app closed it with; null while it is open. */
  get closed(): number | null {
    return this.#closed;
  }

  /** Whether the app wants its client to come back. */
  get wantsReturn(): boolean {
    return this.#closed === SERVICE_RESTART;
  }

  /** Says what the block says and takes what comes back. */
  async say(
    { lines }: SocketBlock,
    signal: AbortSignal,
    again = false,
  ): Promise<SocketAnswer> {
    let expected = 0;
    const first = lines.findIndex(({ from }) => from === "client");
    const rest = again ? (first < 0 ? [] : lines.slice(first)) : lines;
    for (const { from, data } of rest) {
      if (from === "server") {
        expected++;
        continue;
      }
      await this.#until(expected, signal);
      if (this.#closed !== null) break;
      this.#socket.send(data);
      // What was expected less before counts no more.
      expected = Math.max(expected, this.#received.length);
    }
    await this.#until(expected, signal);
    await this.quiet(signal);
    const received = this.#received;
    this.#received = [];
    return { kind: "socket", received, closed: this.#closed };
  }

  /** Waits until nothing comes any more. */
  async quiet(signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    const lastAt = () => Math.max(begun, this.#lastAt);
    const over = begun + EXPECTED_MS_MAX;
    while (
      this.#closed === null && performance.now() - lastAt() < QUIET_MS &&
      performance.now() < over
    ) {
      await pause(POLL_MS, { signal });
      signal.throwIfAborted();
    }
  }

  /** Leaves out what has come so far. */
  forget(): void {
    this.#received = [];
  }

  /** Closes it. */
  async close(): Promise<void> {
    if (this.#closed !== null) return;
    this.#socket.close();
    await beforeLong(this.#ended, EXPECTED_MS_MAX);
  }

  async #until(count: number, signal: AbortSignal): Promise<void> {
    const over = performance.now() + EXPECTED_MS_MAX;
    while (
      this.#received.length < count && this.#closed === null &&
      performance.now() < over
    ) {
      await pause(POLL_MS, { signal });
      signal.throwIfAborted();
    }
  }
}

/** What a promise comes to, or undefined where that takes too long or the signal is aborted. */
async function beforeLong<T>(
  promise: Promise<T>,
  ms: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const settled = new AbortController();
  const signals = signal ? [signal, settled.signal] : [settled.signal];
  try {
    return await Promise.race([
      promise,
      pause(ms, { signal: AbortSignal.any(signals) }).then(() => undefined),
    ]);
  } finally {
    settled.abort();
  }
}
