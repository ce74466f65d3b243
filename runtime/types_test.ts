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
  type Socket,
  sockets,
} from "./mod.ts";
import { appProcess } from "./process/process.ts";
import {
  newCounter,
  type Same,
  sure,
  type UserId,
} from "./types_fixture_test.ts";

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
  // @ts-expect-error a text is not a number
  await counter.increment("1");
  // @ts-expect-error there is no second argument
  await counter.increment(1, 2);
  // @ts-expect-error the first argument is missing
  await counter.say();
  // @ts-expect-error a number is not a boolean
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
      keep: (state, value: unknown) => {
        state.list.push(value);
        return value;
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
  // @ts-expect-error a number is not text
  await rooms.get("lobby").say(1);
  // @ts-expect-error there is no such action
  assertEquals(rooms.get("lobby").shout, undefined);
  sure<Same<ReturnType<typeof rooms.keys>, string[]>>(true);
  const { lines } = rooms.get("lobby").state;
  sure<Same<typeof lines, readonly string[]>>(true);
  rooms.remove("lobby");
});

Deno.test("live() stands for exactly what its thunk imports", async () => {
  const boundary = await live(() => import("./base/platform/require_deno.ts"));
  sure<Same<typeof boundary, typeof import("./base/platform/require_deno.ts")>>(
    true,
  );
  boundary.requireDeno("2.9.0");
  const picked = await live(() =>
    import("./base/platform/require_deno.ts").then(({ requireDeno }) =>
      requireDeno
    )
  );
  sure<Same<typeof picked, (version: string) => void>>(true);
  picked("2.9.0");
  // @ts-expect-error there is no such member
  assertEquals(boundary.nothing, undefined);
  const attempts = [
    // @ts-expect-error a module, not a promise of one
    () => live(import("./base/platform/require_deno.ts")),
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
