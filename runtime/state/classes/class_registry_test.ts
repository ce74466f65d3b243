import { assertEquals } from "@std/assert";
import { ClassRegistry } from "./class_registry.ts";

type Places = Readonly<Record<string, readonly string[]>>;

function registryOf(places: Places): ClassRegistry {
  const registry = new ClassRegistry();
  for (const [place, names] of Object.entries(places)) {
    for (const name of names) {
      registry.register(place, name, new Function(`return class ${name} {}`)());
    }
  }
  return registry;
}

Deno.test("ClassRegistry.pairWith() knows what has moved from what only has the same name", () => {
  const cases: {
    readonly about: string;
    readonly now: Places;
    readonly next: Places;
    readonly pairs: readonly string[];
    readonly gone: readonly string[];
  }[] = [
    {
      about: "the same module and name",
      now: { "a.ts": ["Item", "Room"] },
      next: { "a.ts": ["Item", "Room"] },
      pairs: ["a.ts#Item -> a.ts#Item", "a.ts#Room -> a.ts#Room"],
      gone: [],
    },
    {
      about: "moved to a module of its own",
      now: { "a.ts": ["Item"], "b.ts": ["Room"] },
      next: { "b.ts": ["Room"], "c.ts": ["Item"] },
      pairs: ["b.ts#Room -> b.ts#Room", "a.ts#Item -> c.ts#Item"],
      gone: [],
    },
    {
      about: "moved to a module that was there",
      now: { "a.ts": ["Item"], "b.ts": ["Room"] },
      next: { "b.ts": ["Room", "Item"] },
      pairs: ["b.ts#Room -> b.ts#Room", "a.ts#Item -> b.ts#Item"],
      gone: [],
    },
    {
      about: "another module has one of this name",
      now: { "a.ts": ["Item"], "b.ts": ["Item"] },
      next: { "b.ts": ["Item"] },
      pairs: ["b.ts#Item -> b.ts#Item"],
      gone: ["a.ts#Item"],
    },
    {
      about: "two may have become one",
      now: { "a.ts": ["Item"], "b.ts": ["Item"] },
      next: { "c.ts": ["Item"] },
      pairs: [],
      gone: ["a.ts#Item", "b.ts#Item"],
    },
    {
      about: "one may have become two",
      now: { "a.ts": ["Item"] },
      next: { "b.ts": ["Item"], "c.ts": ["Item"] },
      pairs: [],
      gone: ["a.ts#Item"],
    },
  ];
  for (const { about, now, next, pairs, gone } of cases) {
    const registry = registryOf(now), staged = registryOf(next);
    const names = new Map(
      staged.all().map(({ place, name, current }) => [
        current,
        `${place}#${name}`,
      ]),
    );
    const found = registry.pairWith(staged, Object.keys({ ...now, ...next }));
    assertEquals(
      found.pairs.map(({ place, name, next }) =>
        `${place}#${name} -> ${names.get(next)}`
      ),
      pairs,
      about,
    );
    assertEquals(
      found.gone.map(({ place, name }) => `${place}#${name}`),
      gone,
      about,
    );
  }
});

Deno.test("ClassRegistry.adopt() keeps what came before a class, also where another one of its name ends", () => {
  const registry = registryOf({ "a.ts": ["Item"], "b.ts": ["Item"] });
  const [one] = registry.of("a.ts").values();
  const staged = registryOf({ "a.ts": ["Item"] });
  const replaced = ["a.ts", "b.ts"];
  registry.adopt(staged, registry.pairWith(staged, replaced), replaced);
  const [next] = registry.of("a.ts").values();
  assertEquals(next!.earlier, [one!.current]);
  assertEquals(registry.of("b.ts").size, 0);
});
