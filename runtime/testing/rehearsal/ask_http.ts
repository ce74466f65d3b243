/** Sends one request of a rehearsal, and takes the whole answer.
 * @module
 */
import { deadlineSignal } from "../../base/waiting/deadline.ts";
import { errorText } from "../../base/error_text.ts";
import { pause } from "../../base/waiting/pause.ts";
import type { HttpAnswer, NoAnswer } from "./comparing/answers.ts";
import type { CookieJar } from "./cookies.ts";
import type { HttpRequestBlock } from "./requests.ts";

const ANSWER_MS_MAX = 15_000;
/** What is said by whoever connects, and not by who wrote the request down. */
const OF_CONNECTION =
  /^(?:host|connection|content-length|transfer-encoding|accept-encoding)$/i;
/** After so long without an event, a stream of events has said what there is to say. */
const QUIET_MS = 150;

/** Asks an app. */
export async function askHttp(
  url: string,
  { method, path, headers, body }: HttpRequestBlock,
  jar: CookieJar,
  signal: AbortSignal,
): Promise<HttpAnswer | NoAnswer> {
  const sent = new Headers();
  for (const [name, value] of headers) {
    if (!OF_CONNECTION.test(name)) sent.append(name, value);
  }
  if (!sent.has("cookie") && jar.header !== null) {
    sent.set("cookie", jar.header);
  }
  using deadline = deadlineSignal(ANSWER_MS_MAX, signal);
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: sent,
      ...(body.length > 0 ? { body } : {}),
      redirect: "manual",
      signal: deadline.signal,
    });
    jar.take(response.headers.getSetCookie());
    const isStream = /^text\/event-stream\b/.test(
      response.headers.get("content-type") ?? "",
    );
    return {
      kind: "http",
      status: response.status,
      headers: [...response.headers],
      body: isStream
        ? await untilQuiet(response)
        : new Uint8Array(await response.arrayBuffer()),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "none", why: errorText(error) };
  }
}

/** What a stream says until it keeps still. */
async function untilQuiet(
  response: Response,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!response.body) return new Uint8Array();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const came = new AbortController();
    const next = await Promise.race([
      reader.read(),
      pause(QUIET_MS, { signal: came.signal }),
    ]);
    came.abort();
    if (next?.value) chunks.push(next.value);
    else break;
  }
  await reader.cancel();
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
