import { assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import { family, holder } from "../../../mod.ts";
import { CopyError } from "../copy_error.ts";
import { readOnly } from "./read_only.ts";
import { snapshot } from "./snapshot.ts";

class Game {
  moves = [1];
  secret = Symbol("s");
  count(): number {
    return this.moves.length;
  }
}

Deno.test("snapshot() copies the state of holders, members and views as plain data (P28)", async () => {
  const notes = holder("snapshot notes", {
    state: () => ({ lines: ["a"], tags: new Map([["x", new Set([1])]]) }),
    actions: { add: (state, line: string) => state.lines.push(line) },
  });
  const rooms = family("snapshot rooms", {
    state: (key) => ({ key, lines: [{ text: "hello" }] }),
  });
  const lines: string[] = snapshot(notes).lines;
  const texts: { text: string }[] = snapshot(rooms.get("a").state.lines);
  await notes.add("b");
  lines.push("mine");
  assertEquals(structuredClone(snapshot(notes)), {
    lines: ["a", "b"],
    tags: new Map([["x", new Set([1])]]),
  });
  assertEquals(texts, [{ text: "hello" }]);
  assertEquals(structuredClone(snapshot(rooms.get("a"))).key, "a");
  assertEquals(
    JSON.stringify(snapshot({ lines: notes.state.lines, n: 1 })),
    '{"lines":["a","b"],"n":1}',
  );
});

Deno.test("snapshot() makes plain objects of instances, frozen and accessor members", () => {
  const state = Object.freeze({
    game: Object.assign(new Game(), { secret: 1 }),
    get twice() {
      return 2;
    },
    list: Object.freeze([1, , 3]),
    error: new RangeError("no"),
    [Symbol("hidden")]: () => 1,
    ["__proto__"]: 1,
  });
  const copy: Record<string, unknown> = snapshot(readOnly(state)) as never;
  assertEquals(Object.getPrototypeOf(copy.game), Object.prototype);
  assertEquals(copy.game, { moves: [1], secret: 1 } as unknown);
  assertEquals(copy.twice, 2);
  assertEquals(1 in (copy.list as object), false);
  assertEquals(Reflect.ownKeys(copy), [
    "game",
    "twice",
    "list",
    "error",
    "__proto__",
  ]);
  copy.more = 1;
  assertNotStrictEquals(structuredClone(copy), copy);
});

Deno.test("snapshot() refuses what is not data, with its place", () => {
  const { port1, port2 } = new MessageChannel();
  const cases: [unknown, string][] = [
    [
      { a: [() => 1] },
      "Cannot copy the state.a[0]: Function is a function, not data; take a snapshot of a part that is only data",
    ],
    [
      new Map([["p", port1]]),
      'Cannot copy the state.get("p"): MessagePort is not data',
    ],
    [{ w: new WeakMap() }, "Cannot copy the state.w: WeakMap is not data"],
    [
      new (class Secret {
        #n = 0;
        get() {
          return this.#n;
        }
      })(),
      "Secret has private members (#n)",
    ],
  ];
  for (const [state, message] of cases) {
    assertThrows(() => snapshot(readOnly(state)), CopyError, message);
  }
  port1.close();
  port2.close();
});

Deno.test("structuredClone() and postMessage() of a view say what to do", () => {
  const view = readOnly({ lines: [1] });
  const hint =
    "It is a read-only view of state: give structuredClone a snapshot(…) of it";
  const error = assertThrows(
    () => structuredClone({ a: [view.lines] }),
    DOMException,
    hint,
  );
  assertEquals(error.name, "DataCloneError");
  assertThrows(
    () => structuredClone(() => 1),
    DOMException,
    "could not be cloned",
  );
  const { port1, port2 } = new MessageChannel();
  assertThrows(
    () => port1.postMessage(view),
    DOMException,
    "give postMessage a snapshot(…)",
  );
  assertEquals(structuredClone.name, "structuredClone");
  port1.close();
  port2.close();
});
