import { assertEquals } from "@std/assert";
import { isSelfContained, usesAround } from "./free_names.ts";

const uses = (text: string) =>
  usesAround(text).map(({ name, isCalled }) => isCalled ? `${name}()` : name)
    .join(" ");

Deno.test("usesAround(): what a function has around it, and what of that it calls", () => {
  for (
    const [text, expected] of Object.entries({
      "() => room.tick()": "room",
      "() => this.tick()": "",
      "() => tick()": "tick()",
      "() => new Room(1)": "Room()",
      "(a, { b }) => a + b.c": "b",
      "() => { const n = one(); return n + two; }": "one() two",
      "function named(a) { return named(a - 1) + list[a]; }": "list",
      "tick() { rooms.get(this.id).tick(); }": "rooms",
      "() => setTimeout(done, 5)": "done",
      "() => text.split(`${sep()}`)": "text sep()",
    })
  ) assertEquals(uses(text), expected, text);
});

Deno.test("isSelfContained(): names nothing but globals and what it declares", () => {
  assertEquals(isSelfContained("(s) => s.length + Math.max(1, 2)"), true);
  assertEquals(isSelfContained("(s) => word + s"), false);
});
