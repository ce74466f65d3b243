/** Clients that never stop asking: HTTP over connections that stay open, and WebSockets that are sent messages.
 * @module
 */

/** What the clients of one app have seen. */
export class LoadClients implements AsyncDisposable {
  /** How long each answer took, in milliseconds. */
  readonly latencies: number[] = [];
  /** Requests without an answer of status 200, and connections that ended. */
  failed = 0;
  /** Sockets that closed. */
  dropped = 0;
  /** Messages that were sent and answered. */
  sent = 0;
  answered = 0;
  /** How long there was load, in milliseconds. */
  loadedMs = 0;
  readonly #port: number;
  readonly #sockets: WebSocket[] = [];
  #next = 0;
  #ending = false;

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens WebSockets. */
  async open(count: number): Promise<void> {
    for (let opened = 0; opened < count; opened++) {
      const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/`);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = reject;
      });
      socket.onerror = null;
      socket.onmessage = () => void this.answered++;
      socket.onclose = () => {
        if (!this.#ending) this.dropped++;
      };
      this.#sockets.push(socket);
    }
  }

  /** Asks over some connections for a while, while each socket in turn is sent messages. */
  async load(ms: number, connections: number): Promise<void> {
    const from = performance.now();
    const until = from + ms;
    const messages = setInterval(() => {
      for (let each = 0; each < this.#sockets.length / 50; each++) {
        this.#sockets[this.#next++ % this.#sockets.length]!.send("hello");
        this.sent++;
      }
    }, 20);
    await Promise.all(
      Array.from({ length: connections }, () => this.#ask(until)),
    );
    clearInterval(messages);
    this.loadedMs += performance.now() - from;
  }

  /** One connection: a request, its answer, the next request. Plain TCP: the clients share two cores with the app. */
  async #ask(until: number): Promise<void> {
    const request = new TextEncoder().encode(
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    );
    const buffer = new Uint8Array(4096);
    const decoder = new TextDecoder();
    try {
      using connection = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#port,
      });
      while (performance.now() < until) {
        const from = performance.now();
        await connection.write(request);
        let text = "";
        while (!isWhole(text)) {
          const read = await connection.read(buffer);
          if (read === null) throw new Error("the connection ended");
          text += decoder.decode(buffer.subarray(0, read));
        }
        this.latencies.push(performance.now() - from);
        if (!text.startsWith("HTTP/1.1 200 ")) this.failed++;
      }
    } catch {
      this.failed++;
    }
  }

  /** Closes the sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#sockets.map((socket) => {
      if (socket.readyState === WebSocket.CLOSED) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.onclose = () => resolve();
      socket.close();
      return promise;
    }));
  }
}

function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  return text.length >= head + 4 + Number(length ?? 0);
}
