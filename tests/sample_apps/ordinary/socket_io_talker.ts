/** A client of socket.io over a WebSocket, which connects again when it is asked to.
 * @module
 */
import { SmallTalker, until } from "./small_talker.ts";

/** The close code that asks for it: service restart. */
const RESTART = 1012;

/** A client of socket.io that connects again when it is asked to, as the official one does, and says again what was not acknowledged. */
export class SocketIoTalker extends SmallTalker {
  readonly #url: string;
  readonly #lines: (version: number) => readonly (readonly unknown[])[];
  readonly #open = new Map<number, (answer: unknown) => void>();
  readonly #unanswered = new Map<number, string>();
  readonly #events: string[] = [];
  #socket: WebSocket;
  #isReady = false;
  #last = 0;

  private constructor(
    url: string,
    lines: (version: number) => readonly (readonly unknown[])[],
  ) {
    super();
    this.#lines = lines;
    this.#url = url.replace("http", "ws") +
      "/socket.io/?EIO=4&transport=websocket";
    this.#socket = this.#connect();
  }

  /** Connects. */
  static async open(
    url: string,
    lines: (version: number) => readonly (readonly unknown[])[],
  ): Promise<SocketIoTalker> {
    const talker = new SocketIoTalker(url, lines);
    await talker.settled();
    talker.begin();
    return talker;
  }

  async settled(): Promise<void> {
    await until("a connection", () => this.#isReady);
  }

  async converse(version: number): Promise<string[]> {
    const answers: string[] = [];
    for (const line of this.#lines(version)) {
      await this.settled();
      this.#events.length = 0;
      const answer = await this.#emit(line);
      answers.push(
        `${JSON.stringify(line)} -> ${JSON.stringify(answer)} ${
          JSON.stringify(this.#events)
        }`,
      );
    }
    return answers;
  }

  protected override async say(count: number): Promise<void> {
    const answer = await this.#emit(["ping-pong", count]);
    this.heard((answer as { count: number }[])[0]!.count);
  }

  protected override async leave(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) =>
      socket.addEventListener("close", resolve)
    );
    socket.close();
    await closed;
  }

  #emit(line: readonly unknown[]): Promise<unknown> {
    const id = this.#last++;
    const frame = `42${id}${JSON.stringify(line)}`;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#open.set(id, resolve);
    this.#unanswered.set(id, frame);
    if (this.#isReady) this.#socket.send(frame);
    return promise;
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#url);
    socket.onmessage = ({ data }) => this.#take(socket, String(data));
    socket.onclose = ({ code }) => {
      this.#isReady = false;
      if (!this.stays) return;
      if (code === RESTART) this.reconnects++;
      else this.failures.push(`the socket was closed with ${code}`);
      this.#socket = this.#connect();
    };
    return socket;
  }

  #take(socket: WebSocket, data: string): void {
    if (data.startsWith("0")) socket.send("40");
    else if (data === "2") socket.send("3");
    else if (data.startsWith("40")) {
      this.#isReady = true;
      for (const frame of this.#unanswered.values()) socket.send(frame);
    } else if (data.startsWith("43")) {
      const [, id, answer] = /^43(\d+)(.*)$/s.exec(data)!;
      this.#unanswered.delete(Number(id));
      this.#open.get(Number(id))?.(JSON.parse(answer!));
    } else if (data.startsWith("42")) this.#events.push(data.slice(2));
    else this.failures.push(`unknown frame ${data}`);
  }
}
