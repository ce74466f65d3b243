import { assert, assertEquals } from "@std/assert";
import { Session } from "node:inspector";
import type { KeptPlace } from "./kept_place.ts";
import { KeptWalk } from "./kept_walk.ts";

class Game {
  n = 0;
}
class Sub extends Game {}

function walk(roots: Record<string, unknown>, endsAt?: number) {
  const instances: string[] = [];
  const places: KeptPlace[] = [];
  const functions: string[] = [];
  const found = new Set<object>();
  const walker = new KeptWalk({
    wantsInstance: (prototype) =>
      prototype === Game.prototype || prototype === Sub.prototype,
    instance(instance, place) {
      instances.push(place().path);
      found.add(instance);
    },
    reference: (_, place) => void places.push(place()),
    function: (_, place) => void functions.push(place().path),
  });
  for (const [name, value] of Object.entries(roots)) {
    walker.add({ name, value });
  }
  let slices = 1;
  while (!walker.run(endsAt)) slices++;
  return {
    instances: instances.sort(),
    places,
    functions: functions.sort(),
    found,
    slices,
  };
}

Deno.test("KeptWalk finds instances and functions wherever state can hold them", () => {
  const shared = new Sub();
  const cycle: Record<string, unknown> = { shared };
  cycle.self = cycle;
  const { instances, functions, places } = walk({
    'rooms["a"]': {
      players: [new Game(), {
        deep: new Map<unknown, unknown>([["k", new Game()], [new Game(), 1]]),
      }],
      set: new Set([1, new Game()]),
      cycle,
      again: shared,
      error: new Error("a", { cause: new Game() }),
      on: () => 1,
      types: new Map([["game", Game]]),
      secret: new (class extends Map<string, unknown> {
        #own = 1;
        game = new Game();
        get own() {
          return this.#own;
        }
      })(),
      [Symbol("s")]: Object.defineProperty({}, "hidden", { value: new Game() }),
      proxy: new Proxy({ game: new Game() }, {}),
      socket: new AbortController(),
    },
    other: new Game(),
  });
  assertEquals(
    instances,
    [
      "other",
      'rooms["a"].cycle.shared',
      'rooms["a"].error.cause',
      'rooms["a"].players[0]',
      'rooms["a"].players[1].deep.get("k")',
      'rooms["a"].players[1].deep.keys()[1]',
      'rooms["a"].secret.game',
      'rooms["a"].set[1]',
      'rooms["a"][Symbol(s)].hidden',
    ].map((path) =>
      path === 'rooms["a"].cycle.shared' &&
        instances.includes('rooms["a"].again')
        ? 'rooms["a"].again'
        : path
    ).sort(),
  );
  assertEquals(functions, ['rooms["a"].on', 'rooms["a"].types.get("game")']);
  assertEquals(
    places.length,
    instances.length + 1,
    "each reference to the shared one",
  );
});

Deno.test("KeptWalk looks at accessors without calling them, and into what promises have come to", async () => {
  const seen: string[] = [];
  const walker = new KeptWalk({
    wantsInstance: (prototype) => prototype === Game.prototype,
    instance: (_, place) => void seen.push(place().path),
    function: (_, place) => void seen.push(place().path),
  });
  const failing = Promise.withResolvers<never>();
  const failed = Promise.reject(new Error("told"));
  failed.catch(() => {});
  walker.add({
    name: "state",
    value: {
      get got(): never {
        throw new Error("called");
      },
      set taken(_: unknown) {
        throw new Error("called");
      },
      come: Promise.resolve({
        game: new Game(),
        again: Promise.resolve([() => 1]),
      }),
      open: new Promise(() => {}),
      failing: failing.promise,
      failed,
    },
  });
  walker.run();
  assertEquals(seen.splice(0), ["state.got", "state.taken"]);
  while (await walker.settled()) walker.run();
  assertEquals(seen, [
    "state.come(awaited).game",
    "state.come(awaited).again(awaited)[0]",
  ]);
  // Nobody has taken it from those who are told of what nobody has caught.
  const told = Promise.withResolvers<PromiseRejectionEvent>();
  const listen = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    told.resolve(event);
  };
  addEventListener("unhandledrejection", listen);
  try {
    failing.reject(new Error("later"));
    assertEquals((await told.promise).promise, failing.promise);
  } finally {
    removeEventListener("unhandledrejection", listen);
  }
});

Deno.test("KeptWalk replaces what it found, and puts it back", () => {
  const key = new Game();
  const state = {
    list: [1, new Game()],
    map: new Map<unknown, unknown>([[key, "x"], ["y", new Game()]]),
    set: new Set<unknown>([1, new Game(), 3]),
  };
  const before = structuredClone(state);
  const { places } = walk({ state });
  const undo = places.map((place) => place.replace(place.path));
  assertEquals(state, {
    list: [1, "state.list[1]"],
    map: new Map<unknown, unknown>([["state.map.keys()[0]", "x"], [
      "y",
      'state.map.get("y")',
    ]]),
    set: new Set<unknown>([1, "state.set[1]", 3]),
  } as never);
  for (const step of undo.toReversed()) step();
  assertEquals(structuredClone(state), before);
  assertEquals([...state.map.keys()][0] === key, true);
});

Deno.test("KeptWalk goes through 100,000 members in slices", () => {
  const { found, slices } = walk({
    all: Array.from({ length: 100_000 }, () => ({ game: new Game() })),
  }, 0);
  assertEquals(found.size, 100_000);
  assert(slices > 100);
});

Deno.test("KeptWalk finds the instances that the engine knows of, where they are in state", async () => {
  class Piece {
    neighbors: unknown[] = [];
  }
  let seed = 7;
  const random = (below: number) =>
    (seed = (seed * 16807) % 2147483647) % below;
  const pieces = Array.from({ length: 500 }, () => new Piece());
  for (const piece of pieces) {
    const wrap = [
      (it: unknown) => it,
      (it: unknown) => [it],
      (it: unknown) => new Map([[it, it]]),
      (it: unknown) => ({ it }),
      (it: unknown) => new Set([it]),
    ];
    for (let n = random(4); n >= 0; n--) {
      piece.neighbors.push(
        wrap[random(wrap.length)]!(pieces[random(pieces.length)]),
      );
    }
  }
  const state = {
    first: pieces[0],
    rest: new Map(pieces.map((piece, at) => [at, piece])),
  };
  pieces.length = 0;
  const found = new Set<object>();
  const walker = new KeptWalk({
    wantsInstance: (prototype) => prototype === Piece.prototype,
    instance: (instance) => void found.add(instance),
  });
  walker.add({ name: "state", value: state });
  walker.run();
  const counted = await instancesOf(Piece.prototype);
  assertEquals(found.size, counted);
});

/** How many objects with a prototype the engine has. */
async function instancesOf(prototype: object): Promise<number> {
  const session = new Session();
  session.connect();
  const post = (method: string, params: object) =>
    // deno-lint-ignore no-explicit-any -- the protocol of the inspector
    new Promise<any>((resolve, reject) =>
      session.post(
        method,
        params,
        (error: Error | null, result?: object) =>
          error ? reject(error) : resolve(result),
      )
    );
  const shared = globalThis as { inspected?: object };
  try {
    shared.inspected = prototype;
    const { result } = await post("Runtime.evaluate", {
      expression: "globalThis.inspected",
    });
    const { objects } = await post("Runtime.queryObjects", {
      prototypeObjectId: result.objectId,
    });
    const { result: members } = await post("Runtime.getProperties", {
      objectId: objects.objectId,
      ownProperties: true,
    });
    return members.filter(({ name }: { name: string }) => /^\d+$/.test(name))
      .length;
  } finally {
    delete shared.inspected;
    session.disconnect();
  }
}
