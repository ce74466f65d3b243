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
