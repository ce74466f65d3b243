import { assert, assertEquals } from "@std/assert";
import native from "node:timers/promises";
import { timerPromises } from "./timer_promises.ts";

/** The timers of the platform, counted. */
function counted() {
  const running = new Set<unknown>();
  const begun = <Timer>(timer: Timer): Timer => {
    running.add(timer);
    return timer;
  };
  const ended = (timer: unknown) => void running.delete(timer);
  const promises = timerPromises({
    setTimeout: ((run: () => void, ms?: number) => {
      const timer = begun(setTimeout(() => {
        ended(timer);
        run();
      }, ms));
      return timer;
    }) as unknown as typeof setTimeout,
    setInterval: ((run: () => void, ms?: number) =>
      begun(setInterval(run, ms))) as unknown as typeof setInterval,
    setImmediate: ((run: () => void) => {
      const timer = begun(setImmediate(() => {
        ended(timer);
        run();
      }));
      return timer;
    }) as unknown as typeof setImmediate,
    clearTimeout: (timer) => {
      ended(timer);
      clearTimeout(timer);
    },
    clearInterval: (timer) => {
      ended(timer);
      clearInterval(timer);
    },
    clearImmediate: (timer) => {
      ended(timer);
      clearImmediate(timer);
    },
  });
  return { promises, running };
}

type Waits = Pick<
  typeof native,
  "setTimeout" | "setImmediate" | "setInterval" | "scheduler"
>;

/** What a call comes to: a value, or the error without its stack. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return { value: await call() };
  } catch (error) {
    const { name, message, code, cause } = error as Error & { code?: string };
    return { name, message, code, cause };
  }
}

const bad = (value: unknown) => value as never;

const CALLS: readonly (readonly [string, (it: Waits) => unknown])[] = [
  ["a timeout", (it) => it.setTimeout(1)],
  ["a timeout without a delay", (it) => it.setTimeout()],
  ["a timeout with a value", (it) => it.setTimeout(1, "a")],
  ["an immediate", (it) => it.setImmediate()],
  ["an immediate with a value", (it) => it.setImmediate("a", { ref: true })],
  ["a pause", (it) => it.scheduler.wait(1)],
  ["a turn", (it) => it.scheduler.yield()],
  ["a delay that is a text", (it) => it.setTimeout(bad("1"))],
  ["options that are a number", (it) => it.setTimeout(1, 1, bad(1))],
  ["options that are null", (it) => it.setTimeout(1, 1, bad(null))],
  ["a ref that is a number", (it) => it.setTimeout(1, 1, { ref: bad(1) })],
  ["a signal that is none", (it) => it.setTimeout(1, 1, { signal: bad({}) })],
  [
    "an immediate with a bad ref",
    (it) => it.setImmediate(1, { ref: bad("a") }),
  ],
  [
    "a timeout aborted before",
    (it) => it.setTimeout(1, 1, { signal: AbortSignal.abort("why") }),
  ],
  [
    "an immediate aborted before",
    (it) => it.setImmediate(1, { signal: AbortSignal.abort("why") }),
  ],
  ["a timeout aborted meanwhile", (it) => {
    const end = new AbortController();
    setTimeout(() => end.abort("why"), 1);
    return it.setTimeout(10_000, 1, { signal: end.signal });
  }],
  ["an immediate aborted meanwhile", (it) => {
    const end = new AbortController();
    const waiting = it.setImmediate(1, { signal: end.signal });
    end.abort("why");
    return waiting;
  }],
  ["an interval", async (it) => {
    const seen: unknown[] = [];
    for await (const value of it.setInterval(1, "a")) {
      if (seen.push(value) === 3) break;
    }
    return seen;
  }],
  ["an interval aborted meanwhile", async (it) => {
    const end = new AbortController();
    let seen = 0;
    for await (const _ of it.setInterval(1, 1, { signal: end.signal })) {
      if (++seen === 2) end.abort("why");
    }
  }],
  ["an interval aborted before", async (it) => {
    const signal = AbortSignal.abort("why");
    for await (const _ of it.setInterval(1, 1, { signal })) break;
  }],
  ["an interval with a bad delay", async (it) => {
    for await (const _ of it.setInterval(bad("1"))) break;
  }],
];

for (const [name, call] of CALLS) {
  Deno.test(`timerPromises() does as the platform does with ${name}, and leaves nothing running`, async () => {
    const { promises, running } = counted();
    assertEquals(
      await outcome(() => call(promises as unknown as Waits)),
      await outcome(() => call(native)),
    );
    assertEquals(running.size, 0);
  });
}

Deno.test("timerPromises() waits on the timers it was given, and holds the process up only where it may", () => {
  const { promises, running } = counted();
  const end = new AbortController();
  const { signal } = end;
  const waiting = promises.setTimeout(10_000, 1, { signal, ref: false });
  waiting.catch(() => {});
  assertEquals(running.size, 1);
  const [timer] = running as Set<{ hasRef(): boolean }>;
  assert(!timer!.hasRef());
  end.abort();
  assertEquals(running.size, 0);
});
