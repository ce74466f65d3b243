/** Clients with an open connection: a WebSocket, socket.io over a WebSocket, and a stream of events.
 * @module
 */
import type { Talker } from "./story.ts";

const SMALL_TALK_MS = 40;
const PATIENCE_MS = 20_000;
const RESTART = 1012;

/** Waits for something that comes by itself. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Waited for ${what}`);
    await pause(3);
  }
}

/** What every client with a connection does: small talk, all the time, of which every word must be answered in order. */
abstract class SmallTalker implements Talker {
  readonly failures: string[] = [];
  answers = 0;
  reconnects = 0;
  #said = 0;
  #going = true;
  #talk: Promise<void> | undefined;

  abstract converse(version: number): Promise<string[]>;
  abstract settled(): Promise<void>;
  /** Sends a number that is to come back. */
  protected abstract say(count: number): Promise<void> | void;
  protected abstract leave(): Promise<void>;

  /** Whether it has not left. */
  protected get stays(): boolean {
    return this.#going;
  }

  /** Begins. */
  protected begin(): void {
    this.#talk = this.#run();
  }

  /** Takes the answer to {@linkcode say}. */
  protected heard(count: number): void {
    if (count === this.answers + 1) this.answers++;
    else {
      this.failures.push(`answer ${count} came after ${this.answers}`);
      this.answers = count;
    }
  }

  async #run(): Promise<void> {
    while (this.#going) {
      await this.settled();
      await this.say(++this.#said);
      await until(`answer ${this.#said}`, () => this.answers >= this.#said)
        .catch((error) => this.failures.push(String(error)));
      await pause(SMALL_TALK_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false;
    await this.#talk;
    await this.leave();
  }
}

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

/** The last reading of a conversation. */
const END = { sensor: "end", value: 0 };

/** A client that listens to a stream of events, which others make happen. */
export class StreamTalker extends SmallTalker {
  readonly #url: string;
  readonly #lines: readonly unknown[];
  readonly #blocks: string[] = [];
  readonly #reading: Promise<void>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #beats = 0;
  #isGreeted = false;

  private constructor(url: string, lines: readonly unknown[]) {
    super();
    this.#url = url;
    this.#lines = lines;
    this.#reading = this.#read();
  }

  /** Connects; every line of a conversation is a reading that is sent. */
  static async open(
    url: string,
    lines: readonly unknown[],
  ): Promise<StreamTalker> {
    const talker = new StreamTalker(url, lines);
    await talker.settled();
    talker.begin();
    return talker;
  }

  async settled(): Promise<void> {
    await until("a greeting", () => this.#isGreeted);
  }

  async converse(_version: number): Promise<string[]> {
    for (const line of [...this.#lines, END]) {
      await this.#post("/readings", line);
    }
    await until(
      "the last event",
      () => this.#blocks.at(-1)?.includes(END.sensor) ?? false,
    );
    return this.#blocks.splice(0);
  }

  protected override async say(): Promise<void> {
    await this.#post("/beat", {});
  }

  protected override async leave(): Promise<void> {
    await this.#reader?.cancel();
    await this.#reading;
  }

  async #post(path: string, body: unknown): Promise<void> {
    const response = await fetch(this.#url + path, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    if (!response.ok) this.failures.push(`${path}: ${response.status}`);
  }

  async #read(): Promise<void> {
    try {
      const response = await fetch(`${this.#url}/events`);
      const reader = this.#reader = response.body!.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const blocks = (rest + decoder.decode(value, { stream: true }))
          .split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) this.#event(block.split("\n"));
      }
      if (this.stays) this.failures.push("the stream has ended");
    } catch (error) {
      if (this.stays) this.failures.push(`the stream broke off: ${error}`);
    }
  }

  #event(block: readonly string[]): void {
    if (block.includes("event: hello")) this.#isGreeted = true;
    else if (block.includes("event: beat")) this.heard(++this.#beats);
    else this.#blocks.push(block.join("|"));
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
