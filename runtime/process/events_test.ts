import { assertEquals, assertStrictEquals } from "@std/assert";
import { type UpgradeEvent, UpgradeEvents } from "./events.ts";

const started = (version: string): UpgradeEvent => ({
  type: "started",
  version,
});
const never = (error: unknown) => {
  throw error;
};

Deno.test("UpgradeEvents.emit() tells every listener, and goes on after one that throws", () => {
  const events = new UpgradeEvents();
  const heard: string[] = [];
  const error = new Error("no");
  const errors: unknown[] = [];
  events.subscribe(({ version }) => void heard.push(`first ${version}`));
  events.subscribe(() => {
    throw error;
  });
  events.subscribe(({ version }) => void heard.push(`last ${version}`));
  events.emit(started("1"), (thrown) => errors.push(thrown));
  assertEquals(heard, ["first 1", "last 1"]);
  assertEquals(errors.length, 1);
  assertStrictEquals(errors[0], error);
});

Deno.test("UpgradeEvents.subscribe() calls a function as often as it was given, and ends one at a time", () => {
  const events = new UpgradeEvents();
  let calls = 0;
  const listener = () => void calls++;
  const ends = [events.subscribe(listener), events.subscribe(listener)];
  for (const [end, expected] of [[ends[0]!, 2], [ends[1]!, 3]] as const) {
    events.emit(started("1"), never);
    assertEquals(calls, expected);
    end();
    end();
  }
  events.emit(started("1"), never);
  assertEquals(calls, 3);
});

Deno.test("UpgradeEvents.emit() leaves out who came while it tells", () => {
  const events = new UpgradeEvents();
  const heard: string[] = [];
  events.subscribe(() => {
    heard.push("old");
    events.subscribe(() => void heard.push("new"));
  });
  events.emit(started("1"), never);
  assertEquals(heard, ["old"]);
});

Deno.test("UpgradeEvents.read() yields what happened between two reads, in order, until its signal", async () => {
  const events = new UpgradeEvents();
  const controller = new AbortController();
  const reader = events.read(controller.signal);
  const versions = async (count: number) => {
    const read: string[] = [];
    while (read.length < count) {
      const { value } = await reader.next();
      read.push(value!.version);
    }
    return read;
  };
  const first = versions(1);
  events.emit(started("1"), never);
  assertEquals(await first, ["1"]);
  events.emit(started("2"), never);
  events.emit(started("3"), never);
  assertEquals(await versions(2), ["2", "3"]);
  const last = reader.next();
  controller.abort();
  assertEquals(await last, { done: true, value: undefined });
  events.emit(started("4"), never);
  assertEquals(await reader.next(), { done: true, value: undefined });
});

Deno.test("UpgradeEvents.read() yields nothing after a signal that came before", async () => {
  const events = new UpgradeEvents();
  for await (const event of events.read(AbortSignal.abort())) {
    throw new Error(`${event.type} after the end`);
  }
});

Deno.test("UpgradeEvents.read() stops listening when the reader stops", async () => {
  const events = new UpgradeEvents();
  let listening = 0;
  const { subscribe } = events;
  events.subscribe = (listener) => {
    listening++;
    const end = subscribe.call(events, listener);
    return () => {
      listening--;
      end();
    };
  };
  const reading = (async () => {
    for await (const { version } of events.read()) return version;
  })();
  assertEquals(listening, 1);
  events.emit(started("1"), never);
  assertEquals(await reading, "1");
  assertEquals(listening, 0);
});
