import { assertEquals } from "@std/assert";
import { family, holder } from "./mod.ts";
import { type Same, sure, type UserId } from "./types_fixture_test.ts";

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
