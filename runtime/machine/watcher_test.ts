import { assertEquals } from "@std/assert";
import type { Logger } from "../base/log.ts";
import { LookError } from "./pointer/look_error.ts";
import { pollDelay, Watcher, type WatcherContext } from "./watcher.ts";
import { FakeTimers } from "../../tests/support/fake_timers.ts";

/** A poll that the test answers. */
class Poll {
  readonly started: PromiseWithResolvers<number | null>[] = [];
  #waiting: PromiseWithResolvers<void> | null = null;

  readonly poll = (): Promise<number | null> => {
    const answer = Promise.withResolvers<number | null>();
    this.started.push(answer);
    this.#waiting?.resolve();
    return answer.promise;
  };

  /** Waits until it has been called so often. */
  async called(times: number): Promise<PromiseWithResolvers<number | null>> {
    while (this.started.length < times) {
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
    return this.started[times - 1]!;
  }
}

class Log implements Logger {
  readonly lines: string[] = [];
  info = (message: string) => void this.lines.push(`info ${message}`);
  warn = (message: string) => void this.lines.push(`warn ${message}`);
  error = (message: string) => void this.lines.push(`error ${message}`);
}

/** Without jitter the delays are exact. */
const MIDDLE = () => 0.5;

function watch(parts: Partial<WatcherContext> = {}) {
  const timers = new FakeTimers();
  const poll = new Poll();
  const log = new Log();
  const watcher = new Watcher({
    poll: poll.poll,
    intervalMs: 1000,
    logger: log,
    random: MIDDLE,
    ...parts,
  });
  return {
    timers,
    poll,
    log,
    watcher,
    async [Symbol.asyncDispose]() {
      try {
        for (const { resolve } of poll.started) resolve(null);
        await watcher[Symbol.asyncDispose]();
        assertEquals(timers.pending, [], "no timer is left");
      } finally {
        timers[Symbol.dispose]();
      }
    },
  };
}

/** Lets everything run that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

Deno.test("pollDelay() is the interval give or take a tenth", () => {
  assertEquals(pollDelay(1000, 0, 0.5), 1000);
  assertEquals(pollDelay(1000, 0, 0), 900);
  assertEquals(pollDelay(1000, 0, 1), 1100);
});

Deno.test("pollDelay() doubles with every failure, up to a limit", () => {
  const delays = [0, 1, 2, 3, 4, 5, 50, 5000].map((failures) =>
    pollDelay(1000, failures, 0.5)
  );
  assertEquals(delays, [
    1000,
    2000,
    4000,
    8000,
    12000,
    12000,
    12000,
    12000,
  ]);
});

Deno.test("pollDelay() never exceeds what a timer can wait", () => {
  assertEquals(pollDelay(2 ** 31 - 1, 0, 1), 2 ** 31 - 1);
  assertEquals(pollDelay(2 ** 31 - 1, 9, 0), 2 ** 31 - 1);
});

Deno.test("Watcher looks after each interval, and never twice at once", async () => {
  await using it = watch();
  const { watcher, timers, poll } = it;
  watcher.start();
  watcher.start();
  assertEquals((await timers.next()).ms, 1000);
  assertEquals(poll.started.length, 0, "start() itself does not look");
  (await timers.next()).fire();
  const first = await poll.called(1);
  await turns();
  assertEquals(timers.pending, [], "it does not wait while it looks");
  first.resolve(null);
  (await timers.next()).fire();
  await poll.called(2);
  assertEquals(poll.started.length, 2);
});

Deno.test("Watcher does nothing until it is started", async () => {
  await using it = watch();
  it.watcher.nudge();
  await turns();
  assertEquals(it.poll.started.length, 0);
  assertEquals(it.timers.delays, []);
  it.watcher.start();
  await it.poll.called(1);
  assertEquals(it.timers.delays, [], "the nudge is not forgotten");
});

Deno.test("Watcher.nudge() ends the pause", async () => {
  await using it = watch();
  const { watcher, timers, poll } = it;
  watcher.start();
  await timers.next();
  watcher.nudge();
  (await poll.called(1)).resolve(null);
  assertEquals((await timers.next()).ms, 1000);
  assertEquals(timers.pending.length, 1, "the earlier pause is over");
});

Deno.test("Watcher.nudge() during a look leads to exactly one more, however often", async () => {
  await using it = watch();
  const { watcher, timers, poll } = it;
  watcher.nudge();
  watcher.start();
  const first = await poll.called(1);
  for (let nudge = 0; nudge < 5; nudge++) watcher.nudge();
  await turns();
  assertEquals(poll.started.length, 1);
  first.resolve(null);
  (await poll.called(2)).resolve(null);
  await timers.next();
  await turns();
  assertEquals(poll.started.length, 2);
});

Deno.test("Watcher looks sooner where the last look says so, but never later", async () => {
  await using it = watch();
  const { watcher, timers, poll } = it;
  watcher.nudge();
  watcher.start();
  (await poll.called(1)).resolve(250);
  const sooner = await timers.next();
  assertEquals(sooner.ms, 250);
  sooner.fire();
  (await poll.called(2)).resolve(99_000);
  assertEquals((await timers.next()).ms, 1000);
  watcher.nudge();
  (await poll.called(3)).resolve(-5);
  const late = await timers.next();
  assertEquals(late.ms, 0);
  late.fire();
  (await poll.called(4)).resolve(null);
  assertEquals((await timers.next()).ms, 1000, "one early look, not more");
});

Deno.test("Watcher.nudge() ends an early pause too, with one look", async () => {
  await using it = watch();
  const { watcher, timers, poll } = it;
  watcher.nudge();
  watcher.start();
  (await poll.called(1)).resolve(250);
  await timers.next();
  watcher.nudge();
  (await poll.called(2)).resolve(null);
  assertEquals((await timers.next()).ms, 1000);
  assertEquals(poll.started.length, 2);
});

Deno.test("Watcher backs off while looks fail, says so once, and recovers at once", async () => {
  await using it = watch();
  const { watcher, timers, poll, log } = it;
  watcher.start();
  const delays = [];
  for (let look = 1; look <= 6; look++) {
    const timer = await timers.next();
    delays.push(timer.ms);
    timer.fire();
    (await poll.called(look)).reject(
      new LookError("the pointer cannot be read", `no answer ${look}`),
    );
  }
  assertEquals(delays, [1000, 2000, 4000, 8000, 12000, 12000]);
  assertEquals(log.lines, [
    "warn the pointer cannot be read, trying again: no answer 1",
  ]);

  (await timers.next()).fire();
  (await poll.called(7)).resolve(null);
  const recovered = await timers.next();
  assertEquals(recovered.ms, 1000);
  recovered.fire();
  (await poll.called(8)).reject("no answer, as text");
  assertEquals((await timers.next()).ms, 2000);
  assertEquals(
    log.lines.at(-1),
    "warn a look at the pointer has failed, trying again: no answer, as text",
  );
  assertEquals(log.lines.filter((line) => line.startsWith("warn")).length, 2);
});

Deno.test("Watcher says what cannot be read, and says it again only where it is something else", async () => {
  await using it = watch();
  const { watcher, timers, poll, log } = it;
  watcher.start();
  const pointer = "the pointer cannot be read";
  const word = "what this machine has said of 1.0.0 before cannot be read";
  for (
    const [index, what] of [pointer, pointer, word, word, pointer].entries()
  ) {
    (await timers.next()).fire();
    (await poll.called(index + 1)).reject(
      new LookError(what, new Error("down")),
    );
  }
  await timers.next();
  assertEquals(
    log.lines,
    [pointer, word, pointer].map((what) => `warn ${what}, trying again: down`),
  );
});

Deno.test("Watcher.nudge() looks at once during a back-off, and a failure then goes on backing off", async () => {
  await using it = watch();
  const { watcher, timers, poll } = it;
  watcher.start();
  (await timers.next()).fire();
  (await poll.called(1)).reject(new Error("down"));
  assertEquals((await timers.next()).ms, 2000);
  watcher.nudge();
  (await poll.called(2)).reject(new Error("down"));
  assertEquals((await timers.next()).ms, 4000);
});

Deno.test("Watcher survives a look that throws before it waits", async () => {
  let looks = 0;
  await using it = watch({
    poll() {
      looks++;
      throw new TypeError("at once");
    },
  });
  it.watcher.start();
  (await it.timers.next()).fire();
  assertEquals((await it.timers.next()).ms, 2000);
  assertEquals(looks, 1);
  assertEquals(it.log.lines.length, 1);
});

Deno.test("Watcher stops in a pause without another look", async () => {
  await using it = watch();
  it.watcher.start();
  await it.timers.next();
  await it.watcher[Symbol.asyncDispose]();
  assertEquals(it.timers.pending, []);
  assertEquals(it.poll.started.length, 0);
  it.watcher.nudge();
  it.watcher.start();
  await turns();
  assertEquals(it.poll.started.length, 0, "what is stopped stays stopped");
});

Deno.test("Watcher lets the look in progress end when it stops", async () => {
  await using it = watch();
  const { watcher, poll } = it;
  watcher.nudge();
  watcher.start();
  const look = await poll.called(1);
  watcher.nudge();
  let stopped = false;
  const stopping = watcher[Symbol.asyncDispose]().then(() => stopped = true);
  await turns();
  assertEquals(stopped, false);
  look.resolve(10);
  await stopping;
  assertEquals(poll.started.length, 1);
  assertEquals(it.timers.pending, []);
});

Deno.test("Watcher can be stopped twice, and before it was started", async () => {
  await using it = watch();
  await it.watcher[Symbol.asyncDispose]();
  await it.watcher[Symbol.asyncDispose]();
  it.watcher.start();
  await turns();
  assertEquals(it.timers.delays, []);
});

Deno.test("Watcher sets only timers that let the process end", async () => {
  await using it = watch();
  it.watcher.start();
  const timer = await it.timers.next();
  assertEquals(timer.unrefed, true);
  timer.fire();
  (await it.poll.called(1)).resolve(5);
  assertEquals((await it.timers.next()).unrefed, true);
});

Deno.test("Watcher does not keep a process alive", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { Watcher } from ${
        JSON.stringify(new URL("./watcher.ts", import.meta.url).href)
      };
      new Watcher({ poll: async () => null, intervalMs: 2 ** 30, logger: console }).start();
      console.log("the end");`,
    ],
  }).output();
  assertEquals(code, 0);
  assertEquals(new TextDecoder().decode(stdout), "the end\n");
});
