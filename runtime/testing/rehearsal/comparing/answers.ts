/** What an app answered, made comparable: masked, without what only the connection or the process decides.
 * @module
 */
import { type Mask, masked, withoutPlaces } from "./masks.ts";
import { textOf } from "../requests.ts";

/** What came back over HTTP. */
export interface HttpAnswer {
  readonly kind: "http";
  readonly status: number;
  /** The headers as they came; names in lower case, in any order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What came back over a WebSocket. */
export interface SocketAnswer {
  readonly kind: "socket";
  /** What was received, in its order. */
  readonly received: readonly (string | Uint8Array<ArrayBuffer>)[];
  /** The code that the app closed it with; null where it stayed open. */
  readonly closed: number | null;
}

/** No answer at all. */
export interface NoAnswer {
  readonly kind: "none";
  /** Why there is none. */
  readonly why: string;
}

/** What came back. */
export type Answer = HttpAnswer | SocketAnswer | NoAnswer;

/** An answer as lines of text, by what each is: `status`, `header x`, `body`, `messages`, `close`. */
export type ComparableAnswer = ReadonlyMap<string, string>;

/** How a side is made comparable. */
export interface Comparing {
  /** What is put out of sight. */
  readonly masks: readonly Mask[];
  /** The texts that name the process, with what is shown instead. */
  readonly places: readonly (readonly [place: string, shown: string])[];
}

// What the connection, the clock or the length of something masked decides.
const NOT_COMPARED =
  /^(?:date|age|connection|keep-alive|transfer-encoding|content-length|content-encoding|trailer|server-timing|x-response-time|x-runtime)$/;
// That they are there is compared, and not what they are.
const MASKED_WHOLE = /^(?:etag|x-request-id|x-correlation-id|traceparent)$/;

/** Makes an answer comparable. */
export function comparable(
  answer: Answer,
  { masks, places }: Comparing,
): ComparableAnswer {
  const clean = (text: string) => masked(withoutPlaces(text, places), masks);
  const said = (data: string | Uint8Array) => {
    const text = typeof data === "string" ? data : textOf(data);
    return text === null ? `base64 ${(data as Uint8Array).toBase64()}` : clean(
      text,
    );
  };
  const lines = new Map<string, string>();
  switch (answer.kind) {
    case "none":
      lines.set("answer", clean(answer.why));
      break;
    case "http": {
      lines.set("status", String(answer.status));
      const sorted = [...answer.headers].sort(([a], [b]) =>
        a < b ? -1 : a > b ? 1 : 0
      );
      for (const [name, value] of sorted) {
        if (NOT_COMPARED.test(name)) continue;
        const key = `header ${name}`;
        const shown = MASKED_WHOLE.test(name)
          ? "<masked>"
          : name === "set-cookie"
          ? clean(withoutCookieValue(value))
          : clean(value);
        const before = lines.get(key);
        lines.set(key, before === undefined ? shown : `${before}\n${shown}`);
      }
      lines.set("body", said(answer.body));
      break;
    }
    case "socket":
      lines.set("messages", answer.received.map(said).join("\n"));
      if (answer.closed !== null) lines.set("close", String(answer.closed));
  }
  return lines;
}

/** Sessions are told apart by a random value. */
function withoutCookieValue(header: string): string {
  return header.replace(
    /^([^=;]+)=([^;]*)/,
    (_, name: string, value: string) => `${name}=${value && "<masked>"}`,
  );
}
