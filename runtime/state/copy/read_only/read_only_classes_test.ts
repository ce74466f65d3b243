import { assertEquals, assertThrows } from "@std/assert";
import { assertRefused, viewOf } from "./read_only_fixture_test.ts";

// Classes

class Cart {
  items = [{ n: 1 }];
  get total() {
    return this.items.length;
  }
  has(n: number) {
    return this.items.some((item) => item.n === n);
  }
  first() {
    return this.items[0];
  }
  add(n: number) {
    this.items.push({ n });
  }
  rename(name: string) {
    Object.assign(this, { name });
  }
  *[Symbol.iterator]() {
    yield* this.items;
  }
}

Deno.test("readOnly() runs the methods of class instances, which cannot write either", () => {
  class Bigger extends Cart {
    override has(n: number) {
      return super.has(n) || n === 99;
    }
    override add(n: number) {
      super.add(n);
    }
  }
  for (const state of [new Cart(), new Bigger()]) {
    const view = viewOf({ state }).state;
    assertEquals(view instanceof Cart, true);
    assertEquals(view.total, 1);
    assertEquals(view.has(1), true);
    assertEquals(view.first().n, 1);
    assertEquals([...view].length, 1);
    assertEquals(view.constructor, state.constructor);
    assertRefused(() => view.add(2));
    assertRefused(() => view.rename("x"));
    assertRefused(() => view.first().n = 2);
    assertRefused(() => [...view][0].n = 2);
    assertRefused(() => view.items.push({ n: 2 }));
    assertEquals(state.items, [{ n: 1 }]);
    assertEquals(Object.hasOwn(state, "name"), false);
  }
});

Deno.test("readOnly() reads classes with private members", () => {
  class Secret {
    #items = [{ n: 1 }];
    get size() {
      return this.#items.length;
    }
    first() {
      return this.#items[0];
    }
    get head() {
      return this.#items[0];
    }
    grow() {
      this.#items.push({ n: 2 });
    }
    *[Symbol.iterator]() {
      yield* this.#items;
    }
  }
  class More extends Secret {
    second() {
      return this.first();
    }
  }
  for (const state of [new Secret(), new More()]) {
    const view = viewOf({ state }).state;
    assertEquals(view.size, 1);
    assertEquals([...view].length, 1);
    assertEquals(view.head.n, 1);
    assertRefused(() => view.head.n = 2);
    assertRefused(() => [...view][0].n = 2);
    assertThrows(
      () => view.grow(),
      TypeError,
      `Cannot call ${state.constructor.name}.grow on a read-only view: nothing can keep it from changing its private members (#items); call it in an action, or read through a getter`,
    );
    assertThrows(() => view.first(), TypeError, "Cannot call");
    assertRefused(() => view.extra = 1);
    assertEquals(state.size, 1);
  }
});

Deno.test("readOnly() reads classes that extend a built-in", () => {
  class Scores extends Map<string, number> {
    best() {
      return Math.max(...super.values());
    }
    addOne() {
      this.set("c", 1);
    }
    addTwo() {
      super.set("d", 1);
    }
  }
  class Stack extends Array<number> {
    top() {
      return this.at(-1);
    }
  }
  const view = viewOf({
    scores: new Scores([["a", 1], ["b", 3]]),
    stack: Stack.of(1, 2),
  });
  assertEquals(view.scores.best(), 3);
  assertEquals(view.scores.get("a"), 1);
  assertRefused(() => view.scores.set("a", 9));
  assertRefused(() => view.scores.addOne());
  view.scores.addTwo();
  assertEquals(view.scores.size, 2, "super wrote to a copy");
  assertEquals(view.stack.top(), 2);
  assertRefused(() => view.stack.push(3));
});

Deno.test("readOnly() hands out what belongs to the host as itself (P27)", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port1, port2 } = new MessageChannel();
  const controller = new AbortController();
  const view = viewOf({
    clients: new Set<unknown>([port1, listener]),
    controller,
  });
  assertEquals([...view.clients].map((client) => client === port1), [
    true,
    false,
  ]);
  assertEquals(view.clients.has(listener), true);
  assertEquals(view.controller === controller, true);
  view.controller.abort();
  assertEquals(controller.signal.aborted, true);
  port1.close();
  port2.close();
});

Deno.test("readOnly() refuses to write through URLs, headers and getters", () => {
  const state = {
    url: new URL("https://a.example/?a=1"),
    headers: new Headers({ a: "1" }),
    bytes: Buffer.from([1, 2]),
    game: new (class Game {
      n = 0;
      get next() {
        return ++this.n;
      }
    })(),
  };
  const view = viewOf(state);
  assertEquals([view.url.pathname, view.headers.get("a")], ["/", "1"]);
  assertRefused(() => view.url.pathname = "/b");
  assertRefused(() => view.url.searchParams.append("b", "2"));
  assertRefused(() => view.headers.set("a", "2"));
  assertRefused(() => view.bytes.writeUInt8(9, 0));
  assertRefused(() => view.game.next);
  assertEquals(state.url.href, "https://a.example/?a=1");
  assertEquals([state.headers.get("a"), state.bytes[0], state.game.n], [
    "1",
    1,
    0,
  ]);
});
