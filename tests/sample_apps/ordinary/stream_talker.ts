/** A client of a stream of events, which is never to end.
 * @module
 */
import { PATIENCE_MS, SmallTalker, until } from "./small_talker.ts";

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
