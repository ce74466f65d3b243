import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import v8 from "node:v8";
import { family, holder, snapshot } from "../../../mod.ts";

interface Item {
  n: number;
}

Deno.test("what a view showed of a state is found in it, and may be put into it, by an action (P27)", async () => {
  const list = holder("views used list", {
    state: () => ({
      items: [{ n: 1 }, { n: 2 }, { n: 3 }] as Item[],
      frozen: Object.freeze({ item: { n: 4 } as Item }),
      chosen: null as Item | null,
      marks: new Map<Item, string>(),
    }),
    actions: {
      indexOf: (state, item: Item) => state.items.indexOf(item),
      choose: (state, item: Item) => {
        state.chosen = item;
        state.marks.set(item, "chosen");
      },
      raise: (state) => ++state.chosen!.n,
      swap: (state, { from, to }: { from: Item; to: Item }) => {
        const [a, b] = [state.items.indexOf(from), state.items.indexOf(to)];
        [state.items[a], state.items[b]] = [to, from];
        return [a, b];
      },
      all: (state, ...of: (readonly Item[])[]) =>
        of.flat().map((item) => state.items.indexOf(item)),
      late: async (state, item: Item) => {
        await Promise.resolve();
        return state.items.includes(item);
      },
    },
  });
  const { items } = list.state;
  assertEquals(await list.indexOf(items[1]!), 1);
  await list.choose(items[0]!);
  assertEquals(await list.raise(), 2);
  assertEquals(list.state.items[0]!.n, 2);
  assertEquals(list.state.marks.get(items[0]!), "chosen");
  assert(list.state.chosen === items[0]);
  assertEquals(await list.swap({ from: items[0]!, to: items[2]! }), [0, 2]);
  assertEquals(list.state.items.map(({ n }) => n), [3, 2, 2]);
  assertEquals(await list.all([items[0]!], items), [0, 0, 1, 2]);
  assertEquals(await list.late(items[1]!), true);
  assertEquals(await list.indexOf(list.state.frozen.item), -1);
  await list.choose(list.state.frozen.item);
  assertEquals(await list.raise(), 5);
  // What is not the state's is what it was.
  const own = { from: { n: 9 }, to: { n: 9 } };
  assertEquals(await list.swap(own), [-1, -1]);
});

Deno.test("an action cannot write into the state of another holder by a view of it (P27)", async () => {
  const rooms = family("views used rooms", {
    state: () => ({ item: { n: 1 } as Item }),
    actions: {
      raise: (_state, item: Item) => ++item.n,
      raiseAll: (_state, { all }: { all: Item[] }) => all.map((it) => ++it.n),
    },
  });
  const [a, b] = [rooms.get("a"), rooms.get("b")];
  assertEquals(await a.raise(a.state.item), 2);
  await assertRejects(() => a.raise(b.state.item), TypeError, "read-only view");
  await assertRejects(
    () => a.raiseAll({ all: [b.state.item] }),
    TypeError,
    "read-only view",
  );
  assertEquals(b.state.item.n, 1);
});

Deno.test("host objects are found in views by whatever looks for them (P27)", () => {
  const emitter = new EventEmitter();
  const controller = new AbortController();
  const call = () => 1;
  const room = holder("views used clients", {
    state: () => ({
      list: [emitter, controller, call] as unknown[],
      set: new Set<unknown>([emitter, controller]),
      names: new Map<unknown, string>([[emitter, "e"]]),
      frozen: Object.freeze({ deep: { emitter } }),
      weak: new WeakSet([emitter]),
    }),
    actions: { drop: (state, it: unknown) => state.set.delete(it) },
  });
  const { list, set, names, frozen, weak } = room.state;
  assertEquals([list.indexOf(controller), list.includes(call)], [1, true]);
  assert(list.find((it) => it === emitter) === emitter);
  assert([...set.difference(new Set([emitter]))][0] === controller);
  assert(set.values().some((it) => it === emitter));
  assertEquals([names.get(emitter), [...names.keys()][0] === emitter], [
    "e",
    true,
  ]);
  assert(Object.values(frozen.deep)[0] === emitter);
  assert(weak.has(emitter));
  assert(
    Object.groupBy(list, (it) => String(it === emitter)).true!.length === 1,
  );
});

Deno.test("whatever clones says how a view is copied, and what only reads takes views (P28)", async () => {
  const it = holder("views used data", {
    state: () => ({
      lines: [{ text: "a" }],
      params: new URLSearchParams("a=1&b=2"),
      headers: new Headers({ c: "3" }),
      at: new Date(0),
      map: new Map([["k", { n: 1 }]]),
    }),
  });
  const { lines, params, headers, at, map } = it.state;
  const channel = new BroadcastChannel("views used");
  assertThrows(() => channel.postMessage({ lines }), Error, "a snapshot(…)");
  channel.postMessage(snapshot({ lines }));
  channel.close();
  assertThrows(() => v8.serialize(lines), Error, "a snapshot(…)");
  assertEquals(v8.deserialize(v8.serialize(snapshot(lines))), [{ text: "a" }]);
  assertEquals([...params].length, 2);
  assertEquals([...params.keys(), ...headers.values()], ["a", "b", "3"]);
  assertEquals(new URLSearchParams(params as URLSearchParams).size, 2);
  assertEquals(new Headers(headers as Headers).get("c"), "3");
  assertEquals(await new Response(String(params)).text(), "a=1&b=2");
  assertEquals(
    JSON.stringify([lines, at, [...map]]),
    JSON.stringify([
      [{ text: "a" }],
      new Date(0),
      [["k", { n: 1 }]],
    ]),
  );
  assertThrows(
    () => {
      for (const [, value] of map) (value as { n: number }).n = 2;
    },
    TypeError,
    "read-only view",
  );
});

Deno.test("a view of bytes is never taken for a text or an empty list, and its copies are bytes (P28)", async () => {
  const it = holder("views used bytes", {
    state: () => ({
      bytes: new Uint8Array([1, 2, 255]),
      buffer: Buffer.from("hey"),
      memory: new Uint8Array([4, 5]).buffer,
    }),
  });
  const { bytes, buffer, memory } = it.state;
  const told = "give slice() of it, or snapshot(…)";
  const blob = (view: unknown) => new Blob([view as Uint8Array<ArrayBuffer>]);
  assertThrows(() => blob(bytes), TypeError, told);
  assertThrows(() => blob(buffer), TypeError, told);
  assertThrows(() => blob(memory), TypeError, told);
  assertThrows(() => new Uint8Array(memory as ArrayBuffer), TypeError, told);
  assertEquals(await blob(bytes.slice()).bytes(), new Uint8Array([1, 2, 255]));
  assertEquals(await blob(memory.slice(0)).bytes(), new Uint8Array([4, 5]));
  assertEquals(await blob(snapshot(buffer)).text(), "hey");
  assertEquals(new Uint8Array(bytes), new Uint8Array([1, 2, 255]));
  assertEquals(buffer.toString(), "hey");
  assertEquals(new TextDecoder().decode(bytes.toReversed()).length, 3);
  // A part of the same memory is a view as well.
  assertThrows(() => bytes.subarray(1).fill(0), TypeError, "read-only view");
  assertThrows(
    () => (buffer.slice(1) as unknown as Uint8Array)[0] = 1,
    TypeError,
    "read-only view",
  );
  assertEquals([...it.state.bytes], [1, 2, 255]);
});
