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

Deno.test("holder() and family() refuse a parameter that has neither a type nor a default (T32)", () => {
  const attempts = [
    () =>
      holder("types open a", {
        state: () => ({ list: [] as unknown[] }),
        // @ts-expect-error what the value is has not been said
        actions: { keep: (state, value) => state.list.push(value) },
      }),
    () =>
      holder("types open b", {
        state: () => 0,
        // @ts-expect-error the second one is open
        actions: { add: (state, by: number, more) => state + by + more },
      }),
    () =>
      family("types open c", {
        state: () => 0,
        actions: {
          add: (state, by = 1) => state + by,
          // @ts-expect-error the other action is well, this one is not
          put: (_, value) => value,
        },
      }),
  ];
  assertEquals(attempts.length, 3);
});

const BY_DEFAULT = {
  state: () => ({ count: 0, step: 2, owner: "a" as UserId }),
  key: (key: string) => ({ count: key.length, step: 2, owner: "a" as UserId }),
};

Deno.test("holder() and family() take the types of arguments from their defaults (T32)", async () => {
  const one = holder("types defaults", {
    state: BY_DEFAULT.state,
    actions: {
      inc: (s, by = 1) => (s.count += by),
      stepped: (s, by = s.step) => (s.count += by),
      named: (s, owner = s.owner) => owner,
      put(s, text: string, times = 1, ...more: boolean[]) {
        s.count += times;
        return [text.repeat(times), more] as const;
      },
      late: async (s, by = 1n, { of }: { of: UserId } = { of: s.owner }) =>
        await Promise.resolve(`${of}${by}`),
      none: (s) => s.count,
      nothing: () => {},
    },
  });
  const many = family("types defaults of members", {
    state: BY_DEFAULT.key,
    actions: {
      inc: (s, by = 1) => (s.count += by),
      named: (s, owner = s.owner) => owner,
      put: (s, text: string, times = 1) => text.repeat(s.count = times),
    },
  });
  const member = many.get("abc");
  sure<Same<typeof one.inc, (by?: number) => Promise<number>>>(true);
  sure<Same<typeof one.stepped, (by?: number) => Promise<number>>>(true);
  sure<Same<typeof one.named, (owner?: UserId) => Promise<UserId>>>(true);
  sure<
    Same<
      typeof one.put,
      (
        text: string,
        times?: number,
        ...more: boolean[]
      ) => Promise<readonly [string, boolean[]]>
    >
  >(true);
  sure<
    Same<
      Parameters<typeof one.late>,
      [by?: bigint | undefined, _?: { of: UserId } | undefined]
    >
  >(
    true,
  );
  sure<Same<typeof one.none, () => Promise<number>>>(true);
  sure<Same<typeof one.nothing, () => Promise<void>>>(true);
  sure<Same<typeof member.inc, (by?: number) => Promise<number>>>(true);
  sure<Same<typeof member.named, (owner?: UserId) => Promise<UserId>>>(true);
  sure<
    Same<typeof member.put, (text: string, times?: number) => Promise<string>>
  >(true);
  assertEquals(
    [
      await one.inc(),
      await one.stepped(),
      await one.put("ab", 2, true),
      await one.late(),
      await member.inc(2),
      await member.put("a"),
    ],
    [1, 3, ["abab", [true]], "a1", 5, "a"],
  );
  const attempts = [
    // @ts-expect-error a text is not a number
    () => one.inc("1"),
    // @ts-expect-error a number is not text
    () => member.put(1),
    // @ts-expect-error nor is a text a brand
    () => member.named("b"),
    // @ts-expect-error the text is missing
    () => one.put(),
    () =>
      holder("types defaults bad", {
        state: () => ({ c: 0 }),
        // @ts-expect-error the state is known beside a default
        actions: { a: (state, by = 1) => state.nothing + by },
      }),
    () =>
      family("types defaults worse", {
        state: () => ({ c: 0 }),
        // @ts-expect-error of another state
        actions: { a: (state: { d: number }, by = 1) => state.d + by },
      }),
  ];
  assertEquals(attempts.length, 6);
  many.remove("abc");
});

interface Settings {
  theme: string;
  size: number;
}

const GENERIC = {
  get: <T>(_: Settings, value: T): T => value,
  read: <T>(state: Settings, look: (state: Settings) => T): T => look(state),
  field: <K extends keyof Settings>(state: Settings, key: K): Settings[K] =>
    state[key],
  set: <K extends keyof Settings>(
    state: Settings,
    key: K,
    value: Settings[K],
  ) => {
    state[key] = value;
  },
  first: <T>(_: Settings, list: readonly T[]): T | undefined => list[0],
  all: <T>(_: Settings, ...list: T[]): T[] => list,
  box: <T>(state: Settings, value: T): { value: T; size: number } => ({
    value,
    size: state.size,
  }),
  later: async <T>(_: Settings, value: T): Promise<T> =>
    await Promise.resolve(value),
  count: <T>(_: Settings, list: Set<T>): number => list.size,
  bounded: <T extends { id: string }>(_: Settings, value: T): T => value,
};

Deno.test("holder() and family() keep generic actions generic (T32)", async () => {
  const state = (): Settings => ({ theme: "dark", size: 1 });
  const one = holder("types generic", { state, actions: GENERIC });
  const many = family("types generic members", { state, actions: GENERIC });
  for (const it of [one, many.get("a")]) {
    const text = await it.get("a");
    sure<Same<typeof text, string>>(true);
    const object = await it.get({ a: 1 });
    sure<Same<typeof object, { a: number }>>(true);
    const size = await it.read((all) => all.size);
    sure<Same<typeof size, number>>(true);
    const read = await it.read(async ({ theme }) =>
      await Promise.resolve([theme])
    );
    sure<Same<typeof read, string[]>>(true);
    const field = await it.field("size");
    sure<Same<typeof field, number>>(true);
    const theme = await it.field("theme");
    sure<Same<typeof theme, string>>(true);
    const set = await it.set("size", 1);
    sure<Same<typeof set, void>>(true);
    const first = await it.first(["a"]);
    sure<Same<typeof first, string | undefined>>(true);
    const all = await it.all(1, 2);
    sure<Same<typeof all, number[]>>(true);
    const box = await it.box(true);
    sure<Same<typeof box, { value: boolean; size: number }>>(true);
    const later = await it.later(new Date(0));
    sure<Same<typeof later, Date>>(true);
    const count = await it.count(new Set(["a"]));
    sure<Same<typeof count, number>>(true);
    const bounded = await it.bounded({ id: "a", more: 1 });
    sure<Same<typeof bounded, { id: string; more: number }>>(true);
    const unknown = await it.get<[unknown]>(1);
    sure<Same<typeof unknown, unknown>>(true);
    assertEquals(
      [text, object, size, read, field, theme, set, first, all, box, count],
      [
        "a",
        { a: 1 },
        1,
        ["dark"],
        1,
        "dark",
        undefined,
        "a",
        [1, 2],
        { value: true, size: 1 },
        1,
      ],
    );
    const attempts = [
      // @ts-expect-error there is no such key
      () => it.field("nothing"),
      // @ts-expect-error a text is not a size
      () => it.set("size", "large"),
      // @ts-expect-error the value is missing
      () => it.get(),
      // @ts-expect-error a number has no id
      () => it.bounded({ id: 1 }),
      // @ts-expect-error the state has no such member
      () => it.read((all) => all.nothing),
    ];
    assertEquals(attempts.length, 5);
  }
  many.remove("a");
});

Deno.test("a generic action written in place is generic beside those that are not (T32)", async () => {
  const mixed = holder("types mixed", {
    state: () => ({ count: 1 }),
    actions: {
      get: <T>(_: unknown, value: T): T => value,
      inc: (s, by = 1) => (s.count += by),
      with: <T>(s: { count: number }, use: (count: number) => T) =>
        use(s.count),
    },
  });
  const got = await mixed.get(["a"]);
  sure<Same<typeof got, string[]>>(true);
  const used = await mixed.with((count) => ({ count }));
  sure<Same<typeof used, { count: number }>>(true);
  sure<Same<typeof mixed.inc, (by?: number) => Promise<number>>>(true);
  assertEquals([got, used, await mixed.inc()], [["a"], { count: 1 }, 2]);
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
    () =>
      family("types steps i", {
        version: 2,
        state: () => ({ a: "s" }),
        // @ts-expect-error a family's state has a text too
        migrate: { 2: (_old: { a: number }) => ({ a: 5 }) },
      }),
    () =>
      family("types steps j", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 2
        migrate: { 3: () => ({ a: "s" }) },
        actions: { a: (state, more = "t") => (state.a += more) },
      }),
    () =>
      family("types steps k", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 3
        migrate: { 2: () => ({ a: "s" }) },
      }),
    () =>
      // @ts-expect-error there is no step at all
      family("types steps l", { version: 2, state: () => ({ a: "s" }) }),
    () =>
      family("types steps m", {
        version: 2,
        state: () => ({ a: "s", b: 1 }),
        // @ts-expect-error later, but without b
        migrate: { 2: async () => await Promise.resolve({ a: "s" }) },
      }),
  ];
  assertEquals([well.length, badly.length], [3, 10]);
});

Deno.test("holder() and family() know optional arguments, overloads and async generic actions (T32)", async () => {
  const actions = {
    maybe: (state: { n: number }, by?: number, label?: string) =>
      `${label ?? "n"} ${state.n + (by ?? 0)}`,
    either:
      ((_: { n: number }, value: string | number) =>
        typeof value === "number" ? value : value.length) as {
          (state: { n: number }, value: string): number;
        },
    later: async <T extends object>(_: { n: number }, value: T): Promise<T> =>
      await Promise.resolve(value),
    all: async function <T>(
      _: { n: number },
      ...values: T[]
    ): Promise<readonly T[]> {
      return await Promise.resolve(values);
    },
    keyed: <K extends "n">(state: { n: number }, key: K) => state[key],
    nothing: (state: { n: number }): void => {
      state.n = 0;
    },
    never: (): never => {
      throw new Error("never");
    },
  };
  const state = () => ({ n: 1 });
  const one = holder("types optional", { state, actions });
  const many = family("types optional members", { state, actions });
  for (const it of [one, many.get("a")]) {
    sure<
      Same<
        Parameters<typeof it.maybe>,
        [by?: number | undefined, label?: string | undefined]
      >
    >(true);
    sure<Same<ReturnType<typeof it.nothing>, Promise<void>>>(true);
    sure<Same<ReturnType<typeof it.never>, Promise<never>>>(true);
    const either = await it.either("ab");
    sure<Same<typeof either, number>>(true);
    const later = await it.later({ a: 1 });
    sure<Same<typeof later, { a: number }>>(true);
    const keyed = await it.keyed("n");
    sure<Same<typeof keyed, number>>(true);
    assertEquals([
      await it.maybe(),
      await it.maybe(1),
      await it.maybe(undefined, "m"),
      either,
      later,
      keyed,
      await it.all(1, 2),
      await it.nothing(),
    ], ["n 1", "n 2", "m 1", 2, { a: 1 }, 1, [1, 2], undefined]);
    const attempts = [
      // @ts-expect-error a text is not a number
      () => it.maybe("1"),
      // @ts-expect-error there is no third argument
      () => it.maybe(1, "m", 2),
      // @ts-expect-error a number is not an object
      () => it.later(1),
      // @ts-expect-error there is no such key
      () => it.keyed("m"),
      // @ts-expect-error no overload takes a boolean
      () => it.either(true),
    ];
    assertEquals(attempts.length, 5);
  }
  many.remove("a");
});

Deno.test("holder() and family() check the last migration against a union, and with renamedFrom (T32)", () => {
  type Door = { kind: "open"; since: Date } | { kind: "shut" };
  const door = (): Door => ({ kind: "shut" });
  const well = [
    () =>
      holder("types union a", {
        version: 2,
        renamedFrom: "types union before",
        state: door,
        migrate: {
          2: (old: { open: boolean }) =>
            old.open
              ? { kind: "open" as const, since: new Date() }
              : { kind: "shut" as const },
        },
        actions: {
          shut: (state) => state.kind === "open" ? state.since : null,
        },
      }),
    () =>
      family("types union b", {
        version: 3,
        renamedFrom: "types unions before",
        state: (key): Door | { kind: string; key: string } => ({
          kind: "other",
          key,
        }),
        migrate: {
          2: (old: { open: boolean }) => old,
          3: {
            up: (old: { open: boolean }): Door =>
              old.open ? { kind: "open", since: new Date() } : { kind: "shut" },
            down: (now: Door) => ({ open: now.kind === "open" }),
          },
        },
      }),
    () =>
      holder("types union c", {
        version: 2,
        state: (): { name?: string; list: readonly number[] | null } => ({
          list: null,
        }),
        migrate: { 2: () => ({ list: [1] }) },
      }),
  ];
  const badly = [
    () =>
      holder("types union d", {
        version: 2,
        renamedFrom: "types union before",
        state: door,
        // @ts-expect-error an open one has a date
        migrate: { 2: () => ({ kind: "open" as const }) },
      }),
    () =>
      holder("types union e", {
        version: 2,
        state: door,
        // @ts-expect-error there is no such kind
        migrate: { 2: () => ({ kind: "ajar" as const }) },
      }),
    () =>
      family("types union f", {
        version: 2,
        renamedFrom: "types unions before",
        state: door,
        migrate: {
          // @ts-expect-error one of both that it returns is not a door
          2: (old: { open: boolean }) =>
            old.open ? { kind: "shut" as const } : { kind: 1 },
        },
      }),
    () =>
      holder("types union g", {
        version: 2,
        state: (): { list: number[] | null } => ({ list: null }),
        // @ts-expect-error a list of texts
        migrate: { 2: () => ({ list: ["a"] }) },
      }),
    () =>
      // @ts-expect-error a new name is not a step
      holder("types union h", {
        version: 2,
        renamedFrom: "types union before",
        state: door,
      }),
    () =>
      family("types union i", {
        version: 4,
        state: door,
        // @ts-expect-error there is no step to 3
        migrate: { 2: (old: unknown) => old, 4: door },
      }),
    () =>
      holder("types union j", {
        version: 2,
        state: door,
        // @ts-expect-error the promise is of another one
        migrate: { 2: async () => await Promise.resolve({ kind: "ajar" }) },
      }),
  ];
  assertEquals([well.length, badly.length], [3, 7]);
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
