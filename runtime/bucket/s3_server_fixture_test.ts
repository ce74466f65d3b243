/**
 * A server of objects that answers what a test tells it to.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { FakeTimers } from "../../tests/support/fake_timers.ts";
import { S3Bucket } from "./s3_bucket.ts";
import type { S3BucketOptions } from "./s3_transport.ts";

/** Where the objects are. */
export const BASE = "https://s3.example/my-releases";

/** What no message may show. */
export const SECRET = "wJalrXUtnFEMI/K7MDENG";

const DEADLINE_MS = 15_000;

/** What an attempt meets. */
export type Answer = Response | Error | "hang";

/** A bucket whose server answers as told, and the requests that reached it. */
export class Server {
  readonly requests: Request[] = [];
  readonly bucket: S3Bucket;
  #answers: ((request: Request) => Answer)[];

  constructor(
    answers: readonly (Answer | ((request: Request) => Answer))[],
    options: Partial<S3BucketOptions> = {},
  ) {
    this.#answers = answers.map((answer) =>
      typeof answer === "function" ? answer : () => answer
    );
    this.bucket = new S3Bucket({
      endpoint: "https://s3.example",
      bucket: "my-releases",
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: SECRET,
      fetch: (request) => this.#answer(request),
      ...options,
    });
  }

  #answer(request: Request): Promise<Response> {
    this.requests.push(request);
    const answer = this.#answers.shift()?.(request);
    if (answer === undefined) {
      return Promise.reject(new Error("one request too many"));
    }
    if (answer instanceof Response) return Promise.resolve(answer);
    if (answer instanceof Error) return Promise.reject(answer);
    return new Promise((_, reject) =>
      request.signal.addEventListener(
        "abort",
        () => reject(request.signal.reason),
      )
    );
  }

  /** That nothing more was expected. */
  [Symbol.dispose](): void {
    assertEquals(this.#answers.length, 0, "answers are left over");
  }
}

/** Lets no pause between attempts really pass. */
export async function quickly<T>(
  act: () => Promise<T>,
): Promise<{ value: T; pauses: number[] }> {
  using timers = new FakeTimers();
  const pauses: number[] = [];
  let open = true;
  const running = act().finally(() => open = false);
  running.catch(() => {});
  while (open) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const timer of timers.pending) {
      if (timer.ms === DEADLINE_MS) continue;
      pauses.push(timer.ms);
      timer.fire();
    }
  }
  return { value: await running, pauses };
}

/** An error as S3 writes it. */
export function error(status: number, code: string, message = ""): Response {
  return new Response(
    `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    { status },
  );
}

/** An answer without a body. */
export const empty = (status: number, headers: HeadersInit = {}) =>
  new Response(null, { status, headers });

/** The text as UTF-8. */
export const bytes = (text: string) => new TextEncoder().encode(text);
