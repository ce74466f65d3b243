/** Reads an event stream, one event after the other.
 * @module
 */
import { TextLineStream } from "@std/streams/text-line-stream";

/** One event. */
export interface StreamEvent {
  /** Its name; `message` where it has none. */
  readonly type: string;
  /** Its data. */
  readonly data: string;
  /** Its id, or null. */
  readonly id: string | null;
}

/** An open event stream. */
export class EventReader implements AsyncDisposable {
  readonly #lines: ReadableStreamDefaultReader<string>;

  private constructor(lines: ReadableStream<string>) {
    this.#lines = lines.getReader();
  }

  /** Opens a stream. */
  static async open(url: string): Promise<EventReader> {
    const { ok, status, body } = await fetch(url);
    if (!ok || body === null) throw new Error(`${url}: ${status}`);
    return new EventReader(
      body.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream()),
    );
  }

  /** The next event, or the next one of a kind; throws where the stream ends before, or none comes for 30 s. */
  async next(wanted?: string): Promise<StreamEvent> {
    const timer = setTimeout(() => this.#lines.cancel(), 30_000);
    try {
      for (;;) {
        const event = await this.#event();
        if (wanted === undefined || event.type === wanted) return event;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.cancel();
  }

  async #event(): Promise<StreamEvent> {
    const data: string[] = [];
    let type = "message";
    let id: string | null = null;
    for (;;) {
      const { done, value } = await this.#lines.read();
      if (done) throw new Error("the event stream has ended");
      if (value === "" && data.length > 0) {
        return { type, data: data.join("\n"), id };
      }
      const [, field, text = ""] = /^([^:]+): ?(.*)$/.exec(value) ?? [];
      if (field === "data") data.push(text);
      if (field === "event") type = text;
      if (field === "id") id = text;
    }
  }
}
