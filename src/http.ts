/** The one way to talk HTTP to a service: deadlines, retries and errors that say what happened.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { backoffMs } from "./base/backoff.ts";
import { withDeadline } from "./base/deadline.ts";
import { type ErrorCode, FlyhotError } from "./errors.ts";
import type { Host } from "./host.ts";

/** What to send, and how to speak of it. */
export interface RequestOptions {
  /** What is attempted, as the rest of a sentence that begins with `Cannot`, for example `list the machines of my-app`. */
  readonly what: string;
  /** Who is asked, for example `the Machines API`. */
  readonly service: string;
  /** Default `GET`. */
  readonly method?: string;
  /** Headers; they appear in no error. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Whether sending it twice is harmless. Default: true for everything but `POST` and `PATCH`. */
  readonly idempotent?: boolean;
  /** How often it is tried. Default 4; 1 where it is not idempotent; 7 while the answer is 429. */
  readonly attemptsMax?: number;
  /** How long one attempt may take, in milliseconds. Default 30000. */
  readonly deadlineMs?: number;
  /** Statuses of 300 and more that are an answer, not a failure. */
  readonly accept?: (status: number, body: string) => boolean;
  /** What to do about 401 and 403. */
  readonly authHint?: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a service answered, read whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The longest body that is read, in bytes. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

const RETRY_DELAY_MS = 400;
// Nothing was done, whatever was asked for, and Fly lets one more through a second.
const BUSY_ATTEMPTS_MAX = 7;
const RETRY_AFTER_MS_MAX = 30_000;

/** Sends a request and reads the answer, with a deadline; repeats harmless ones on 408, 5xx and network trouble, all on 429. */
export async function request(
  host: Pick<Host, "fetch" | "sleep" | "now" | "randomBytes">,
  url: string,
  options: RequestOptions,
): Promise<HttpAnswer> {
  const method = options.method ?? "GET";
  const idempotent = options.idempotent ??
    (method !== "POST" && method !== "PATCH");
  const attemptsMax = options.attemptsMax ?? (idempotent ? 4 : 1);
  // Not `retry`: an answer may say itself how long to wait.
  for (let attempt = 1;; attempt++) {
    let failure: FlyhotError;
    let waitMs: number | null = null;
    let isBusy = false;
    try {
      const answer = await attemptOnce(host, url, method, options);
      const { status, body } = answer;
      if (status < 300 || options.accept?.(status, body)) return answer;
      failure = failureOf(answer, options);
      if (!isTransient(answer.status)) throw failure;
      waitMs = retryAfterMs(answer.headers, host.now());
      isBusy = status === 429;
    } catch (error) {
      if (!(error instanceof FlyhotError) || error.code !== "network") {
        throw error;
      }
      failure = error;
    }
    const last = isBusy ? BUSY_ATTEMPTS_MAX : attemptsMax;
    if (attempt >= last) throw failure;
    await host.sleep(
      waitMs ?? backoffMs(host, RETRY_DELAY_MS, attempt),
      options.signal,
    );
  }
}

/** Tells whether the same request may succeed a moment later, as after 408, 429 and 5xx. */
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Makes the error for an answer that is a failure. */
export function failureOf(
  answer: HttpAnswer,
  options: Pick<RequestOptions, "what" | "service" | "authHint">,
): FlyhotError {
  const { status } = answer;
  const said = saidIn(answer.body);
  const id = answer.headers.get("fly-request-id");
  const message =
    `Cannot ${options.what}: ${options.service} answered ${status}${
      said === "" ? "" : ` (${said})`
    }${id === null ? "" : `, fly-request-id ${id}`}`;
  const code = codeOf(status);
  const hint = code === "auth"
    ? options.authHint
    : status === 429
    ? "too many requests in a short time: wait a minute and try again"
    : code === "network"
    ? `${options.service} has trouble: try again in a minute`
    : undefined;
  return new FlyhotError(code, message, hint === undefined ? {} : { hint });
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return "not_found";
  if (status === 409 || status === 412) return "conflict";
  return isTransient(status) ? "network" : "unexpected";
}

function saidIn(body: string): string {
  const line = (messageIn(body) ?? body).replaceAll(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
}

function messageIn(body: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  for (const key of ["message", "error"]) {
    const said = Reflect.get(value, key);
    if (typeof said === "string" && said !== "") return said;
  }
  return null;
}

/**
 * Reads how long a `Retry-After` header asks to wait, in milliseconds and 30 s at most; null if it is missing or
 * unreadable.
 */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  const ms = /^\d+$/.test(value.trim())
    ? Number(value) * 1000
    : Date.parse(value) - now;
  if (Number.isNaN(ms)) return null;
  return Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX);
}

async function attemptOnce(
  host: Pick<Host, "fetch">,
  url: string,
  method: string,
  options: RequestOptions,
): Promise<HttpAnswer> {
  const deadlineMs = options.deadlineMs ?? 30_000;
  const unreachable = (why: string, cause?: unknown) =>
    new FlyhotError(
      "network",
      `Cannot ${options.what}: ${options.service} at ${
        new URL(url).host
      } cannot be reached (${why})`,
      { cause, hint: "check the network connection and try again" },
    );
  const work = async (signal: AbortSignal): Promise<HttpAnswer> => {
    signal.throwIfAborted();
    const response = await host.fetch(
      new Request(url, {
        method,
        signal,
        headers: {
          accept: "application/json",
          ...(options.json === undefined
            ? {}
            : { "content-type": "application/json" }),
          ...options.headers,
        },
        ...(options.json === undefined
          ? {}
          : { body: JSON.stringify(options.json) }),
      }),
    );
    return {
      status: response.status,
      headers: response.headers,
      body: await readText(response, signal, options),
    };
  };
  try {
    const late = () => unreachable(`no answer within ${deadlineMs} ms`);
    return await withDeadline(deadlineMs, late, work, options.signal);
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (cause instanceof FlyhotError) throw cause;
    throw unreachable(errorText(cause), cause);
  }
}

async function readText(
  response: Response,
  signal: AbortSignal,
  options: RequestOptions,
): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // A canceled body ends like a complete one.
      signal.throwIfAborted();
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > BODY_BYTES_MAX) {
        await reader.cancel();
        throw new FlyhotError(
          "unexpected",
          `Cannot ${options.what}: ${options.service} answered more than ${BODY_BYTES_MAX} bytes`,
          { hint: `check that ${options.service} is what answers there` },
        );
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
