import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import { leadTo } from "./lead_to.ts";

class Client {
  readonly #listeners = new Map<string, (it: string) => void>();
  on(event: string, listener: (it: string) => void): void {
    this.#listeners.set(event, listener);
  }
  take(event: string): void {
    this.#listeners.get(event)?.(event);
  }
}

function connect(socket: EventEmitter): Client {
  const client = new Client();
  socket.on("data", (event: string) => client.take(event));
  return client;
}

// What is made inside of a test has all around it that the test has.
const holds = (held: unknown) => () => held;
function* walk(held: unknown) {
  yield 1;
  yield held;
}

const wanted = () => {};
const isWanted = (it: unknown) => it === wanted ? "found" : "further";

Deno.test("leadTo() finds what packages keep in private fields, behind closures, bound functions and proxies", async () => {
  const ways: Readonly<Record<string, (socket: EventEmitter) => void>> = {
    private: (socket) => connect(socket).on("a", wanted),
    bound: (socket) => socket.on("a", connect.bind({ wanted } as never)),
    argument: (socket) => socket.on("a", connect.bind(null, wanted as never)),
    proxy: (socket) => socket.on("a", new Proxy(wanted, {})),
    set: (socket) => void Object.assign(socket, { all: new Set([wanted]) }),
    key: (socket) => void Object.assign(socket, { [Symbol("all")]: [wanted] }),
    itself: (socket) => socket.on("a", wanted),
  };
  for (const [name, give] of Object.entries(ways)) {
    const socket = new EventEmitter();
    give(socket);
    assertEquals([name, await leadTo([socket], isWanted)], [name, true]);
  }
});

Deno.test("leadTo() says from which object something is met, and leaves alone what it is told to", async () => {
  class Room {}
  const rooms = [new Room(), new Room(), new Room(), new Room()];
  const behind = holds({ room: rooms[2] });
  const generator = walk(rooms[3]);
  generator.next();
  const all: object[] = [
    holds(rooms[0]),
    Promise.resolve(rooms[1]),
    new WeakMap([[walk, behind]]),
    generator,
  ];
  const met: unknown[] = [];
  const found = await leadTo(all, (it, from) => {
    if (it instanceof Room) met.push([rooms.indexOf(it), all.indexOf(from)]);
    return it === behind ? "leave" : "further";
  });
  assertEquals(found, false);
  assertEquals(met.toSorted(), [[0, 0], [1, 1], [3, 3]]);
});

Deno.test("leadTo() does not take what all have for what an object has, and ends in rings", async () => {
  const other = new EventEmitter();
  connect(other).on("a", wanted);
  const socket = new EventEmitter();
  const ring: { to?: unknown } = { to: globalThis };
  ring.to = { ring, isWanted };
  socket.on("a", () => ring);
  assertEquals(await leadTo([socket], isWanted), false);
  assertEquals(await leadTo([], isWanted), false);
});

Deno.test("leadTo() says that it does not know where an object leads to all too much", async () => {
  const socket = new EventEmitter();
  const many = (count: number) =>
    Array.from({ length: count }, (at) => ({ at }));
  const all = [many(6000), many(6000)];
  socket.on("a", () => all);
  assertEquals(await leadTo([socket], isWanted), null);
  // Not even to be asked for.
  assertEquals(await leadTo([new Map([["a", many(20_000)]])], isWanted), null);
});
