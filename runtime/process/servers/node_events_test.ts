import { assertEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { Generations, type Work } from "../../modules/generations.ts";
import { follow } from "./node_events.ts";

Deno.test("events of a request are of its work, and what its own code emits stays in the context that this has made", () => {
  const generations = new Generations();
  const own = new AsyncLocalStorage<string>();
  const emitter = new EventEmitter();
  const seen: unknown[] = [];
  let work: Work | null = null;
  let switched = 0;
  const inContext = own.run("listen", () => AsyncLocalStorage.snapshot());
  generations.startWork(() => {
    work = generations.work;
    follow(emitter, work, (act) => (switched++, inContext(act)), {
      generations,
      note: () => {},
    });
    emitter.on("end", () => {
      seen.push([own.getStore(), generations.work === work]);
    });
    own.run("the app's", () => emitter.emit("end"));
  });
  // As Deno does: in whatever context is there.
  own.run("a stranger's", () => emitter.emit("end"));
  generations.startWork(() => emitter.emit("end"));
  assertEquals(seen, [["the app's", true], ["listen", true], ["listen", true]]);
  assertEquals(switched, 2);
  emitter.emit("nobody hears this");
  assertEquals(switched, 2);
});
