/** A client over a plain WebSocket, which is to stay open.
 * @module
 */
import { SmallTalker, until } from "./small_talker.ts";

/** How a {@linkcode SocketTalker} speaks. */
export interface Conversation {
  /** What small talk is sent for a number. */
  readonly small: (count: number) => string;
  /** The number that a message answers; null for anything else. */
  readonly answered: (message: string) => number | null;
  /** What is said in a conversation; each is answered by one message. */
  readonly lines: (version: number) => readonly string[];
  /** Which message greets, of which a conversation takes no notice. */
  readonly isGreeting: (message: string) => boolean;
}

/** A client over a plain WebSocket. */
export class SocketTalker extends SmallTalker {
  /** The greetings it had. */
  readonly greetings: string[] = [];
  readonly #speech: Conversation;
  readonly #socket: WebSocket;
  readonly #messages: string[] = [];

  private constructor(url: string, speech: Conversation) {
    super();
    this.#speech = speech;
    this.#socket = new WebSocket(url.replace("http", "ws"));
    this.#socket.onmessage = ({ data }) => {
      const count = speech.answered(data);
      if (count !== null) this.heard(count);
      else if (speech.isGreeting(data)) this.greetings.push(data);
      else this.#messages.push(data);
    };
    this.#socket.onclose = ({ code }) => {
      if (this.stays) this.failures.push(`the socket was closed with ${code}`);
    };
  }

  /** Connects. */
  static async open(url: string, speech: Conversation): Promise<SocketTalker> {
    const talker = new SocketTalker(url, speech);
    await talker.settled();
    talker.begin();
    return talker;
  }

  async settled(): Promise<void> {
    await until("a greeting", () => this.greetings.length > 0);
  }

  async converse(version: number): Promise<string[]> {
    const answers: string[] = [];
    for (const line of this.#speech.lines(version)) {
      this.#socket.send(line);
      await until(`an answer to ${line}`, () => this.#messages.length > 0);
      answers.push(`${line} -> ${this.#messages.shift()}`);
    }
    return answers;
  }

  protected override say(count: number): void {
    this.#socket.send(this.#speech.small(count));
  }

  protected override async leave(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) =>
      this.#socket.addEventListener("close", resolve)
    );
    this.#socket.close();
    await closed;
  }
}
