import { assert, assertEquals } from "@std/assert";
import type { ModuleEdges } from "../protocol/manifest.ts";
import {
  bootModules,
  importRoots,
  reloadSet,
  type RunningModules,
} from "./old_reload_set.ts";

type Edges = Readonly<Record<string, readonly string[]>>;

/** Static edges by importer; every module named is one. */
function graph(edges: Edges): Record<string, ModuleEdges> {
  const names = new Set([
    ...Object.keys(edges),
    ...Object.values(edges).flat(),
  ]);
  return Object.fromEntries(
    [...names].map((
      name,
    ) => [name, { static: edges[name] ?? [], dynamic: [], external: [] }]),
  );
}

const edgeMap = (edges: Edges) =>
  new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

function running(
  loaded: readonly string[],
  edges: { live?: Edges; plain?: Edges } = {},
): RunningModules {
  return {
    main: "main",
    loaded: new Set(loaded),
    live: edgeMap(edges.live ?? {}),
    plain: edgeMap(edges.plain ?? {}),
  };
}

Deno.test("bootModules() is what the main module imports statically, cycles included", () => {
  const modules = graph({
    main: ["a"],
    a: ["b", "main"],
    b: [],
    app: ["b", "c"],
  });
  assertEquals([...bootModules("main", modules)].sort(), ["a", "b", "main"]);
  assertEquals([...bootModules("gone", modules)], ["gone"]);
});

Deno.test("reloadSet() reloads what changed and all that imports it, and nothing else", () => {
  const modules = graph({
    main: [],
    app: ["mid", "other"],
    mid: ["leaf"],
    other: [],
    leaf: [],
  });
  const set = reloadSet(
    ["leaf"],
    modules,
    running(["app", "mid", "leaf", "other"], { live: { main: ["app"] } }),
  );
  assertEquals(set.reload, ["app", "leaf", "mid"]);
  assertEquals(set.because.get("app"), ["leaf", "mid", "app"]);
  assertEquals([set.mapped, set.cold], [[], []]);
});

Deno.test("reloadSet() stops at a live boundary, and not at a plain import()", () => {
  const modules = graph({ main: [], app: [], page: ["lib"], lib: [] });
  const loaded = ["app", "page", "lib"];
  const live = reloadSet(
    ["lib"],
    modules,
    running(loaded, { live: { main: ["app"], app: ["page"] } }),
  );
  assertEquals(live.reload, ["lib", "page"]);
  const plain = reloadSet(
    ["lib"],
    modules,
    running(loaded, { live: { main: ["app"] }, plain: { app: ["page"] } }),
  );
  assertEquals(plain.reload, ["app", "lib", "page"]);
  const both = reloadSet(
    ["lib"],
    modules,
    running(loaded, {
      live: { main: ["app"], app: ["page"] },
      plain: { app: ["page"] },
    }),
  );
  assertEquals(both.reload, ["app", "lib", "page"]);
});

Deno.test("reloadSet() only maps what is not loaded, and forgets importers that never ran", () => {
  const modules = graph({
    main: [],
    app: ["lib"],
    lazy: ["lib"],
    lib: [],
    fresh: [],
  });
  const set = reloadSet(
    ["lib", "fresh", "lazy"],
    modules,
    running(["app", "lib"], { live: { main: ["app"] } }),
  );
  assertEquals(set.reload, ["app", "lib"]);
  assertEquals(set.mapped, ["fresh", "lazy"]);
});

Deno.test("reloadSet() is cold for a boot module, with the shortest chain to the main module", () => {
  const modules = graph({ main: ["a", "b"], a: ["deep"], b: ["a"], deep: [] });
  const cold = (path: string) => reloadSet([path], modules, running([])).cold;
  assertEquals(cold("main"), [{ path: "main", chain: ["main"] }]);
  assertEquals(cold("a"), [{ path: "a", chain: ["a", "main"] }]);
  assertEquals(cold("deep"), [{ path: "deep", chain: ["deep", "a", "main"] }]);
});

Deno.test("reloadSet() is cold where a boot module holds the old code, even one that nobody saw being loaded", () => {
  const modules = graph({ main: ["boot"], boot: [], app: ["lib"], lib: [] });
  const plain = { boot: ["app"] };
  for (const loaded of [["app", "lib"], ["main", "boot", "app", "lib"]]) {
    const set = reloadSet(["lib"], modules, running(loaded, { plain }));
    assertEquals(set.cold, [{ path: "lib", chain: ["lib", "app", "boot"] }]);
  }
});

Deno.test("reloadSet() tells every cold change, and takes one named twice for one", () => {
  const modules = graph({ main: ["a", "b"], a: [], b: [], app: [] });
  const set = reloadSet(
    ["b", "a", "b", "app"],
    modules,
    running(["app"], { live: { main: ["app"] } }),
  );
  assertEquals(set.cold.map(({ path }) => path), ["a", "b"]);
  assertEquals(set.reload, ["app"]);
});

Deno.test("reloadSet() goes no further where an importer, or the module itself, accepts the change", () => {
  const modules = graph({ main: [], app: ["lib", "self"], lib: [], self: [] });
  const base = running(["app", "lib", "self"], { live: { main: ["app"] } });
  const set = (accepted: Edges) =>
    reloadSet(["lib", "self"], modules, {
      ...base,
      accepted: edgeMap(accepted),
    }).reload;
  assertEquals(set({}), ["app", "lib", "self"]);
  assertEquals(set({ app: ["lib"] }), ["app", "lib", "self"]);
  assertEquals(set({ app: ["lib", "self"] }), ["lib", "self"]);
  assertEquals(set({ app: ["lib"], self: ["self"] }), ["lib", "self"]);
  assertEquals(set({ lib: ["self"] }), ["app", "lib", "self"]);
});

Deno.test("reloadSet() ends on cycles", () => {
  const modules = graph({ main: [], a: ["b"], b: ["c"], c: ["a"] });
  const set = reloadSet(
    ["b"],
    modules,
    running(["a", "b", "c"], { live: { main: ["a"] } }),
  );
  assertEquals(set.reload, ["a", "b", "c"]);
  assertEquals(set.cold, []);
});

Deno.test("reloadSet() agrees with a slow definition on all graphs of five modules, at random", () => {
  const names = ["main", "a", "b", "c", "d"];
  let state = 1;
  const chance = (likelihood: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff < likelihood;
  };
  let cold = 0, hot = 0;
  for (let round = 0; round < 3_000; round++) {
    const pick = (likelihood: number): Edges =>
      Object.fromEntries(
        names.map((from) => [
          from,
          names.filter((to) => to !== from && chance(likelihood)),
        ]),
      );
    const edges = pick(0.15);
    const modules = graph(edges);
    const loaded = names.filter(() => chance(0.8));
    const plain = pick(0.07);
    const changed = names.filter(() => chance(0.3));
    const set = reloadSet(changed, modules, running(loaded, { plain }));
    const boot = bootModules("main", modules);
    const isLoaded = (name: string) => loaded.includes(name) || boot.has(name);
    // Grow by definition: a loaded module that imports a member is a member.
    const grow = (start: string) => {
      const members = new Set([start]);
      for (let size = 0; size !== members.size;) {
        size = members.size;
        for (const name of names) {
          const imports = [...edges[name]!, ...plain[name]!];
          if (
            isLoaded(name) &&
            imports.some((to) => members.has(to) && !boot.has(to))
          ) members.add(name);
        }
      }
      return members;
    };
    const wanted = changed.filter((name) => isLoaded(name) && !boot.has(name));
    const all = new Set(wanted.flatMap((name) => [...grow(name)]));
    const message = JSON.stringify({ edges, plain, loaded, changed });
    assertEquals(
      set.reload,
      [...all].filter((name) => !boot.has(name)).sort(),
      message,
    );
    assertEquals(
      set.mapped,
      changed.filter((name) => !isLoaded(name)).sort(),
      message,
    );
    const coldPaths = changed.filter((name) =>
      boot.has(name) ||
      (isLoaded(name) && [...grow(name)].some((member) => boot.has(member)))
    );
    assertEquals(set.cold.map(({ path }) => path), coldPaths.sort(), message);
    for (const { path, chain } of set.cold) {
      assertEquals(chain[0], path, message);
      assert(boot.has(chain.at(-1)!), message);
      for (const [index, module] of chain.slice(0, -1).entries()) {
        const importer = chain[index + 1]!;
        assert(
          [...edges[importer]!, ...plain[importer]!].includes(module),
          message,
        );
      }
    }
    if (set.cold.length > 0) cold++;
    else if (set.reload.length > 0) hot++;
  }
  assert(cold > 500 && hot > 500, `${cold} ${hot}`);
});

Deno.test("importRoots() picks the fewest modules that reach the whole set", () => {
  const modules = graph({
    app: ["mid", "lib"],
    mid: ["lib"],
    lib: [],
    other: ["lib"],
    outside: ["app"],
  });
  assertEquals(importRoots(["lib", "mid", "app"], modules), ["app"]);
  assertEquals(importRoots(["lib", "mid", "app", "other"], modules), [
    "app",
    "other",
  ]);
  assertEquals(importRoots(["lib"], modules), ["lib"]);
  assertEquals(importRoots([], modules), []);
});

Deno.test("importRoots() takes one module of a cycle that nothing else reaches, and of a module that imports itself", () => {
  const modules = graph({
    a: ["b"],
    b: ["a"],
    c: ["d"],
    d: ["e"],
    e: ["d"],
    self: ["self"],
  });
  assertEquals(importRoots(["a", "b"], modules), ["a"]);
  assertEquals(importRoots(["c", "d", "e"], modules), ["c"]);
  assertEquals(importRoots(["self"], modules), ["self"]);
});
