/** What the type checker infers for users. These tests fail where the file does not check.
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type DeepReadonly,
  family,
  holder,
  HolderCallError,
  live,
  type Migrations,
  snapshot,
  type Socket,
  sockets,
} from "./mod.ts";
import { appProcess } from "./process/process.ts";

/** Whether two types are the same, `any` and `readonly` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/** Checks only where the type is `true`. */
function sure<T extends true>(...proofs: T[]): void {
  assertEquals(proofs.includes(false as T), false);
}

type UserId = string & { readonly brand: "UserId" };

let counters = 0;

// Without a return type: what is inferred is what is tested.
function newCounter() {
  return holder(`types counter ${++counters}`, {
    state: () => ({
      count: 0,
      step: 1,
      owner: "a" as UserId,
      place: [0, 0] as [x: number, y: number],
      lines: [] as { text: string }[],
      rooms: new Map<string, { open: boolean }>(),
      tags: new Set<string>(),
      since: new Date(0),
    }),
    actions: {
      increment: (state, by: number = state.step) => (state.count += by),
      say: (state, text: string, ...more: boolean[]) => {
        state.lines.push({ text });
        return more;
      },
      later: async (state) => await Promise.resolve(`${state.count}`),
      reset(state) {
        state.count = 0;
      },
      thenable: () => Promise.resolve(Promise.resolve(1 as const)),
      same: <T>(_: unknown, value: T): T => value,
      optional: (state, text?: string) => text ?? state.owner,
    },
  });
}

Deno.test("holder() infers what actions take and return, and promises it", async () => {
  const counter = newCounter();
  const first: Promise<number> = counter.increment();
  const second: Promise<number> = counter.increment(2);
  const said: Promise<boolean[]> = counter.say("a", true, false);
  const later: Promise<string> = counter.later();
  const reset: Promise<void> = counter.reset();
  const one: Promise<1> = counter.thenable();
  const optional: Promise<string> = counter.optional();
  sure<
    Same<Parameters<typeof counter.increment>, [by?: number | undefined]>
  >(true);
  sure<
    Same<Parameters<typeof counter.say>, [text: string, ...more: boolean[]]>
  >(true);
  sure<Same<ReturnType<typeof counter.say>, Promise<boolean[]>>>(true);
  sure<Same<ReturnType<typeof counter.later>, Promise<string>>>(true);
  sure<Same<ReturnType<typeof counter.thenable>, Promise<1>>>(true);
  assertEquals(
    await Promise.all([first, second, said, later, reset, one, optional]),
    [1, 3, [true, false], "3", undefined, 1, "a"],
  );
});

Deno.test("holder() refuses wrong arguments", async () => {
  const counter = newCounter();
  // @ts-expect-error a text is no number
  await counter.increment("1");
  // @ts-expect-error there is no second argument
  await counter.increment(1, 2);
  // @ts-expect-error the first argument is missing
  await counter.say();
  // @ts-expect-error a number is no boolean
  await counter.say("a", 1);
  // @ts-expect-error the state is not the caller's to give
  await counter.reset({ count: 1 });
});

Deno.test("holder() refuses actions that there are none of", () => {
  const counter = newCounter();
  // @ts-expect-error there is no such action
  assertEquals(counter.decrement, undefined);
  const bare = holder("types bare", { state: () => 1 });
  // @ts-expect-error there are no actions at all
  assertEquals(bare.increment, undefined);
  const state: number = bare.state;
  assertEquals(state, 1);
});

Deno.test("holder() refuses to have its members replaced", () => {
  const counter = newCounter();
  const attempts = [
    // @ts-expect-error members are read-only
    () => counter.increment = () => Promise.resolve(1),
    // @ts-expect-error the state is read-only
    () => counter.state = null as never,
  ];
  for (const attempt of attempts) {
    let thrown: unknown;
    try {
      attempt();
    } catch (error) {
      thrown = error;
    }
    assertEquals(thrown instanceof TypeError, true);
  }
});

Deno.test("holder() shows the state read-only, however deep", () => {
  const counter = newCounter();
  const { state } = counter;
  const attempts = [
    // @ts-expect-error a member is read-only
    () => state.count = 1,
    // @ts-expect-error a tuple is read-only
    () => state.place[0] = 1,
    // @ts-expect-error a list is read-only
    () => state.lines.push({ text: "" }),
    // @ts-expect-error what a list holds is read-only
    () => state.lines[0]!.text = "",
    // @ts-expect-error a map is read-only
    () => state.rooms.set("a", { open: true }),
    // @ts-expect-error what a map holds is read-only
    () => state.rooms.get("a")!.open = true,
    // @ts-expect-error a set is read-only
    () => state.tags.add("a"),
  ];
  for (const attempt of attempts) {
    let thrown: unknown;
    try {
      attempt();
    } catch (error) {
      thrown = error;
    }
    assertEquals(thrown instanceof TypeError, true, attempt.toString());
  }
});

Deno.test("holder() keeps the types of what can only be read", () => {
  const counter = newCounter();
  const { state } = counter;
  const owner: UserId = state.owner;
  const [x, y]: readonly [number, number] = state.place;
  const since: Date = state.since;
  const texts: string[] = state.lines.map(({ text }) => text);
  const open: boolean | undefined = state.rooms.get("a")?.open;
  // @ts-expect-error there is no such member
  assertEquals(state.nothing, undefined);
  sure<Same<typeof state.count, number>>(true);
  sure<Same<typeof state.owner, UserId>>(true);
  sure<
    Same<typeof state.lines, readonly { readonly text: string }[]>
  >(true);
  sure<
    Same<typeof state.rooms, ReadonlyMap<string, { readonly open: boolean }>>
  >(true);
  sure<Same<typeof state.tags, ReadonlySet<string>>>(true);
  assertEquals([owner, x, y, since.getTime(), texts, open], [
    "a",
    0,
    0,
    0,
    [],
    undefined,
  ]);
});

Deno.test("DeepReadonly keeps tuples, unions, functions, primitives and what is read-only already", () => {
  sure<Same<DeepReadonly<[a: 1, b?: string]>, readonly [a: 1, b?: string]>>(
    true,
  );
  sure<
    Same<DeepReadonly<1 | "a" | null | undefined>, 1 | "a" | null | undefined>
  >(
    true,
  );
  sure<
    Same<DeepReadonly<bigint | symbol | boolean>, bigint | symbol | boolean>
  >(
    true,
  );
  sure<Same<DeepReadonly<unknown>, unknown>>(true);
  sure<Same<DeepReadonly<(by: number) => string[]>, (by: number) => string[]>>(
    true,
  );
  sure<Same<DeepReadonly<readonly { a: 1 }[]>, readonly { readonly a: 1 }[]>>(
    true,
  );
  sure<
    Same<
      DeepReadonly<ReadonlyMap<{ k: 1 }, { v: 1 }>>,
      ReadonlyMap<{ readonly k: 1 }, { readonly v: 1 }>
    >
  >(true);
  sure<
    Same<
      DeepReadonly<{ a: 1 } | { b: string[] }>,
      { readonly a: 1 } | { readonly b: readonly string[] }
    >
  >(true);
  sure<
    Same<
      DeepReadonly<{ a?: { b: 1 } }>,
      { readonly a?: { readonly b: 1 } }
    >
  >(true);
});

Deno.test("holder() lets no any through where a type is left out", async () => {
  const loose = holder("types loose", {
    state: () => ({ list: [] as unknown[] }),
    actions: {
      keep: (state, value) => {
        state.list.push(value);
        return value;
      },
      read: (_, value) => {
        // @ts-expect-error a value without a type must be looked at first
        return value.length;
      },
    },
    migrate: {
      // @ts-expect-error a state without a type must be looked at first
      2: (state) => state.list,
      // @ts-expect-error and so on the way back
      3: { up: (state: string[]) => state, down: (state) => state.length },
    },
  });
  sure<Same<Parameters<typeof loose.keep>, [value: unknown]>>(true);
  sure<Same<ReturnType<typeof loose.keep>, Promise<unknown>>>(true);
  assertEquals(await loose.keep(1), 1);
  assertEquals(await loose.read("abc"), 3);
});

Deno.test("holder() knows the state in actions and in copy", async () => {
  const typed = holder("types state", {
    state: () => ({ count: 0 }),
    copy: (state) => {
      sure<Same<typeof state, { count: number }>>(true);
      return { ...state };
    },
    actions: {
      look: (state) => {
        sure<Same<typeof state, { count: number }>>(true);
        // @ts-expect-error there is no such member
        return state.nothing;
      },
    },
  });
  assertEquals(await typed.look(), undefined);
});

Deno.test("holder() takes a migration for every version, one function or two", () => {
  const migrate: Migrations = {
    2: (old: { a: number }) => ({ b: old.a }),
    3: {
      up: async (old: { b: number }, { from, to, direction }) => {
        sure<Same<typeof from, number>>(true);
        sure<Same<typeof to, number>>(true);
        sure<Same<typeof direction, "up" | "down">>(true);
        return await Promise.resolve({ c: old.b });
      },
      down: ({ c }: { c: number }) => ({ b: c }),
    },
    // @ts-expect-error there is no way back without a way there
    4: { down: (old: unknown) => old },
  };
  assertEquals(Object.keys(migrate), ["2", "3", "4"]);
});

Deno.test("holder() refuses a spec that is none", () => {
  const attempts = [
    // @ts-expect-error the first state is made by a function
    () => holder("types a", { state: { count: 0 } }),
    // @ts-expect-error an action is a function
    () => holder("types b", { state: () => 0, actions: { a: 1 } }),
    // @ts-expect-error a version is a number
    () => holder("types c", { state: () => 0, version: "1" }),
    // @ts-expect-error there is no such member
    () => holder("types d", { state: () => 0, action: {} }),
    () =>
      holder("types e", {
        state: () => 0,
        // @ts-expect-error the state is a number
        actions: { a: (state: string) => state },
      }),
  ];
  assertEquals(attempts.length, 5);
});

Deno.test("holder().subscribe() hands the listener a read-only state", async () => {
  const counter = newCounter();
  const seen: number[] = [];
  const end = counter.subscribe((state) => {
    sure<Same<typeof state, typeof counter.state>>(true);
    seen.push(state.count);
  });
  await counter.reset();
  end();
  await counter.increment();
  assertEquals(seen, [0]);
});

Deno.test("family() infers as holder() does, for each member", async () => {
  const rooms = family("types rooms", {
    state: (key) => {
      sure<Same<typeof key, string>>(true);
      return { key, lines: [] as string[] };
    },
    evicted: (state, key) => {
      sure<Same<typeof state.lines, string[]>>(true);
      sure<Same<typeof key, string>>(true);
    },
    actions: { say: (room, line: string) => room.lines.push(line) },
  });
  const said: Promise<number> = rooms.get("lobby").say("hello");
  assertEquals(await said, 1);
  // @ts-expect-error a number is no text
  await rooms.get("lobby").say(1);
  // @ts-expect-error there is no such action
  assertEquals(rooms.get("lobby").shout, undefined);
  sure<Same<ReturnType<typeof rooms.keys>, string[]>>(true);
  const { lines } = rooms.get("lobby").state;
  sure<Same<typeof lines, readonly string[]>>(true);
  rooms.remove("lobby");
});

Deno.test("live() stands for exactly what its thunk imports", async () => {
  const boundary = await live(() => import("./base/require_deno.ts"));
  sure<Same<typeof boundary, typeof import("./base/require_deno.ts")>>(true);
  boundary.requireDeno("2.9.0");
  const picked = await live(() =>
    import("./base/require_deno.ts").then(({ requireDeno }) => requireDeno)
  );
  sure<Same<typeof picked, (version: string) => void>>(true);
  picked("2.9.0");
  // @ts-expect-error there is no such member
  assertEquals(boundary.nothing, undefined);
  const attempts = [
    // @ts-expect-error a module, not a promise of one
    () => live(import("./base/require_deno.ts")),
    // @ts-expect-error nothing is imported
    () => live(() => 1),
    // @ts-expect-error a number stands for nothing
    () => live(() => Promise.resolve(1)),
  ];
  assertEquals(attempts.length, 3);
});

Deno.test("a call of a holder that is gone is a HolderCallError to the checker and to the user", async () => {
  const gone = holder("types gone", {
    state: () => 0,
    actions: { get: (state) => state },
  });
  appProcess.holders.delete("types gone");
  const error: HolderCallError = await assertRejects(
    () => gone.get(),
    HolderCallError,
    "Cannot call types gone.get: an upgrade removed the holder types gone",
  );
  assertEquals(error.name, "HolderCallError");
});

Deno.test("holder() asks for every step, and for the state from the last one (T32)", () => {
  const well = [
    () =>
      holder("types steps a", {
        version: 3,
        state: () => ({ a: "s", list: [] as number[] }),
        migrate: {
          2: (old: { n: number }) => ({ m: old.n }),
          3: {
            up: (old: { m: number }) => ({ a: `${old.m}`, list: [] }),
            down: (now: { a: string }) => ({ m: Number(now.a) }),
          },
        },
      }),
    () =>
      family("types steps b", {
        version: 2,
        state: (key) => ({ key, since: new Date() }),
        migrate: {
          2: async (old: { key: string }) =>
            await Promise.resolve({ ...old, since: new Date() }),
        },
        actions: {
          touch: (state, by: number = 1) => state.since.getTime() + by,
        },
      }),
    (version: number) =>
      holder("types steps c", { version, state: () => 1, migrate: {} }),
  ];
  const badly = [
    () =>
      holder("types steps d", {
        version: 2,
        state: () => ({ a: "s" }),
        // @ts-expect-error a number where state has a text
        migrate: { 2: (_old: { a: number }) => ({ a: 5 }) },
      }),
    () =>
      holder("types steps e", {
        version: 2,
        state: () => ({ a: "s" }),
        // @ts-expect-error the same, with a way back
        migrate: { 2: { up: () => ({ a: 5 }), down: (old: unknown) => old } },
      }),
    () =>
      holder("types steps f", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 2
        migrate: { 3: () => ({ a: "s" }) },
      }),
    () =>
      holder("types steps g", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 3
        migrate: { 2: () => ({ a: "s" }) },
      }),
    () =>
      // @ts-expect-error there is no step at all
      holder("types steps h", { version: 2, state: () => ({ a: "s" }) }),
  ];
  assertEquals([well.length, badly.length], [3, 5]);
});

Deno.test("snapshot() gives a type that can be written, without methods", () => {
  class Game {
    readonly moves: readonly number[] = [1];
    count() {
      return this.moves.length;
    }
  }
  const games = holder("types snapshot", {
    state: () => ({ game: new Game(), tags: new Set(["a"]) }),
  });
  const copy = snapshot(games);
  copy.game.moves.push(2);
  copy.tags.add("b");
  // @ts-expect-error a plain object has no methods
  assertEquals(copy.game.count, undefined);
  const view = snapshot(games.state.game);
  view.moves.push(3);
  assertEquals(games.state.game.moves, [1]);
});

Deno.test("sockets() infers the data of its sockets, and asks for the steps of its version", () => {
  type Data = { name: string; said: number; tags: Set<string> };
  const chat = sockets("types sockets", {
    data: (request) => ({
      name: request.url,
      said: 0,
      tags: new Set<string>(),
    }),
    open(socket) {
      sure<Same<typeof socket, Socket<Data>>>(true);
      socket.data.said++;
      // @ts-expect-error what it keeps is a number
      socket.data.said = "one";
    },
    message(socket, data) {
      sure<Same<typeof data, string | ArrayBuffer>>(true);
      socket.send(data);
    },
    close(socket, code, reason) {
      sure<Same<typeof code, number>>(true);
      sure<Same<typeof reason, string>>(true);
      sure<Same<typeof socket.data, Data>>(true);
    },
    error(_, error) {
      sure<Same<typeof error, unknown>>(true);
    },
  });
  assertEquals(chat.size, 0);
  // @ts-expect-error a version above 1 needs its steps
  sockets("types sockets without steps", { version: 2, data: () => 1 });
  sockets("types sockets with steps", {
    version: 2,
    data: () => ({ total: 0 }),
    // @ts-expect-error the last step returns what `data` returns
    migrate: { 2: (old: { count: number }) => ({ count: old.count }) },
  });
  sockets("types sockets migrated", {
    version: 2,
    data: () => ({ total: 0 }),
    migrate: { 2: (old: { count: number }) => ({ total: old.count }) },
  });
});
