import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { Generations } from "../../modules/generations.ts";
import { AttemptListeners } from "./attempt_listeners.ts";

Deno.test("a given-up attempt's listeners leave the app's own targets, never those of the platform or of strangers", () => {
  const generations = new Generations();
  let place: string | null = "app.ts";
  const it = new AttemptListeners({ generations, callingPlace: () => place });
  const natives = [
    EventEmitter.prototype.on,
    EventTarget.prototype.addEventListener,
  ];
  it.begin(7);
  const [bus, target, stream] = [
    new EventEmitter(),
    new EventTarget(),
    new PassThrough(),
  ];
  const before = stream.listenerCount("finish");
  let heard = 0;
  const hear = () => void heard++;
  generations.inAttempt(7, () => {
    bus.on("x", hear);
    bus.once("x", hear);
    target.addEventListener("x", hear);
    // As Node does for a stranger's response, in the context that the import has left.
    stream.on("finish", hear);
    place = null;
    bus.on("late", hear);
    place = "app.ts";
  }, "app.ts");
  generations.inAttempt(7, () => bus.on("started", hear));
  bus.on("x", hear);
  it.giveUp(7);
  assertEquals(bus.listenerCount("x"), 1);
  assertEquals([bus.listenerCount("late"), bus.listenerCount("started")], [
    1,
    1,
  ]);
  assertEquals(stream.listenerCount("finish"), before + 1);
  target.dispatchEvent(new Event("x"));
  assertEquals(heard, 0);
  assertEquals(
    [
      EventEmitter.prototype.on,
      EventTarget.prototype.addEventListener,
    ],
    natives,
    "nothing is watched any more",
  );
  stream.destroy();
});

Deno.test("until an attempt is in, its listeners hear only its own work and its check, and nothing is used up (P40)", () => {
  const generations = new Generations();
  const it = new AttemptListeners({
    generations,
    callingPlace: () => "app.ts",
  });
  const bus = new EventEmitter();
  const target = new EventTarget();
  const heard: string[] = [];
  const hear = (...told: unknown[]) => void heard.push(String(told[0]));
  const once = () => void heard.push("once");
  const event = () => void heard.push("event");
  const eventOnce = { handleEvent: () => void heard.push("event once") };
  const never = () => void heard.push("never");
  const tell = (word: string) => {
    bus.emit("x", word);
    target.dispatchEvent(new Event("x"));
    const all = heard.splice(0);
    return all.join();
  };
  it.begin(7);
  generations.inAttempt(7, () => {
    bus.on("x", hear);
    bus.on("x", never);
    bus.off("x", never);
    bus.prependOnceListener("x", once);
    target.addEventListener("x", event);
    target.addEventListener("x", event);
    target.addEventListener("x", eventOnce, { once: true });
    target.addEventListener("x", never, true);
    target.removeEventListener("x", never);
    target.removeEventListener("x", never, { capture: true });
  }, "app.ts");
  assertEquals(bus.listeners("x"), [once, hear]);
  assertEquals(tell("outside"), "");
  assertEquals(
    generations.inAttempt(7, () => tell("inside")),
    "once,inside,event,event once",
  );
  assertEquals(bus.listenerCount("x"), 1);
  const trial = generations.swap(7);
  const pass = { ended: false };
  assertEquals(generations.inCheck(pass, () => tell("check")), "check,event");
  assertEquals(tell("outside"), "");
  trial.commit();
  assertEquals(tell("in"), "in,event");
  it.end(7);
  assertEquals(tell("completed"), "completed,event");
  bus.off("x", hear);
  target.removeEventListener("x", event);
  assertEquals(tell("off"), "");
});
