import { inOneGo } from "../../base/in_slices.ts";
import { assert, assertEquals } from "@std/assert";
import type {
  ModuleAnalysis,
  Touch,
} from "../../protocol/manifest/module_analysis.ts";
import { importRoots } from "./import_roots.ts";
import type { View } from "../lookup/views.ts";
import {
  becauseOf,
  bootModules,
  type ReloadInput,
  type ReloadSet,
  reloadSet as reloadSteps,
} from "./reload_set.ts";

function reloadSet(input: ReloadInput): ReloadSet {
  return inOneGo(reloadSteps(input));
}

type Edges = Readonly<Record<string, readonly string[]>>;

interface Graph {
  readonly imports?: Edges;
  /** What is seen imported by `import()`, without a boundary. */
  readonly dynamic?: Edges;
  readonly analysis?: Readonly<Record<string, ModuleAnalysis>>;
}

const list = (edges: Edges | undefined, path: string) =>
  edges && Object.hasOwn(edges, path) ? edges[path]! : [];

function view({ imports, analysis }: Graph): View {
  return {
    imports: (path) => list(imports, path),
    resolve: (_path, specifier) => specifier,
    analysis: (path) =>
      analysis && Object.hasOwn(analysis, path) ? analysis[path] : undefined,
    setters: () => [],
    listeners: () => [],
  };
}

function walk(
  changed: readonly string[],
  graph: Graph,
  loaded: readonly string[],
  more: Partial<ReloadInput> = {},
) {
  const release = view(graph);
  return reloadSet({
    changed,
    release,
    running: release,
    main: "main",
    boot: bootModules("main", release.imports),
    loaded: new Set(loaded),
    dynamic: (path) => list(graph.dynamic, path),
    ...more,
  });
}

const edgeMap = (edges: Edges) =>
  new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));

Deno.test("bootModules() is what the main module imports statically, cycles included", () => {
  const imports = { main: ["a"], a: ["b", "main"], app: ["b", "c"] };
  assertEquals([...bootModules("main", view({ imports }).imports)].sort(), [
    "a",
    "b",
    "main",
  ]);
  assertEquals([...bootModules("gone", view({}).imports)], ["gone"]);
});

Deno.test("reloadSet() reloads what changed and all that imports it, and nothing else", () => {
  const imports = { app: ["mid", "other"], mid: ["leaf"] };
  const set = walk(["leaf"], { imports }, ["app", "mid", "leaf", "other"]);
  assertEquals(set.reload, ["app", "leaf", "mid"]);
  assertEquals(becauseOf("app", set.reasons), ["leaf", "mid", "app"]);
  assertEquals(set.reasons.get("leaf"), { kind: "changed" });
  assertEquals(set.reasons.get("app"), { kind: "imports", of: "mid" });
  assertEquals([set.mapped, set.held, set.writes], [[], [], []]);
});

Deno.test("reloadSet() stops at a boundary, and not at another import()", () => {
  const imports = { page: ["lib"] };
  const loaded = ["app", "page", "lib"];
  assertEquals(walk(["lib"], { imports }, loaded).reload, ["lib", "page"]);
  assertEquals(
    walk(["lib"], { imports, dynamic: { app: ["page"] } }, loaded).reload,
    ["app", "lib", "page"],
  );
});

Deno.test("reloadSet() only maps what is not loaded, and forgets importers that never ran", () => {
  const imports = { app: ["lib"], lazy: ["lib"] };
  const set = walk(["lib", "fresh", "lazy"], { imports }, ["app", "lib"]);
  assertEquals([set.reload, set.mapped], [["app", "lib"], ["fresh", "lazy"]]);
});

Deno.test("reloadSet() is held by boot modules, with the shortest chain to the main module", () => {
  const imports = { main: ["a", "b"], a: ["deep"], b: ["a"] };
  const held = (path: string) => walk([path], { imports }, []).held;
  assertEquals(held("main"), [{ path: "main", chain: ["main"] }]);
  assertEquals(held("a"), [{ path: "a", chain: ["a", "main"] }]);
  assertEquals(held("deep"), [{ path: "deep", chain: ["deep", "a", "main"] }]);
});

Deno.test("reloadSet() is held where a boot module imported the old code itself", () => {
  const imports = { main: ["boot"], app: ["lib"] };
  const dynamic = { boot: ["app"] };
  for (const loaded of [["app", "lib"], ["main", "boot", "app", "lib"]]) {
    assertEquals(walk(["lib"], { imports, dynamic }, loaded).held, [{
      path: "lib",
      chain: ["lib", "app", "boot"],
    }]);
  }
});

Deno.test("reloadSet() goes no further where an importer, or the module itself, accepts the change", () => {
  const imports = { app: ["lib", "self"] };
  const set = (accepted: Edges) =>
    walk(["lib", "self"], { imports }, ["app", "lib", "self"], {
      accepted: edgeMap(accepted),
    }).reload;
  assertEquals(set({}), ["app", "lib", "self"]);
  assertEquals(set({ app: ["lib"] }), ["app", "lib", "self"]);
  assertEquals(set({ app: ["lib", "self"] }), ["lib", "self"]);
  assertEquals(set({ app: ["lib"], self: ["self"] }), ["lib", "self"]);
  assertEquals(set({ lib: ["self"] }), ["app", "lib", "self"]);
});

Deno.test("reloadSet() agrees with a slow definition on graphs of five modules, at random", () => {
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
    const imports = pick(0.15), dynamic = pick(0.07), touching = pick(0.05);
    const analysis = Object.fromEntries(
      names.map((name): [string, ModuleAnalysis] => [name, {
        exports: { x: { kind: "map" } },
        touches: touching[name]!.map((specifier): Touch => ({
          specifier,
          name: "x",
          how: "method",
          member: "set()",
          line: 1,
          column: 1,
        })),
        top: { touches: touching[name]!.map((_, at) => at) },
      }]),
    );
    const loaded = names.filter(() => chance(0.8));
    const changed = names.filter(() => chance(0.3));
    const set = walk(changed, { imports, dynamic, analysis }, loaded);
    const boot = bootModules("main", (path) => imports[path]!);
    const isLoaded = (name: string) => loaded.includes(name) || boot.has(name);
    // Grow by definition: a loaded module that imports a member, or is touched by one, is a member;
    // one that is not loaded is evaluated where a member imports it. Who imports what is new has gone on without it.
    const members = new Set(
      names.filter((name) =>
        isLoaded(name) && !boot.has(name) &&
        (changed.includes(name) ||
          [...imports[name]!, ...dynamic[name]!].some((to) =>
            changed.includes(to) && !isLoaded(to)
          ))
      ),
    );
    const evaluated = new Set(members);
    const writes = new Set<string>();
    for (let size = -1; size !== members.size + evaluated.size;) {
      size = members.size + evaluated.size;
      for (const name of names) {
        if (
          isLoaded(name) && !boot.has(name) &&
          [...imports[name]!, ...dynamic[name]!].some((to) => members.has(to))
        ) members.add(name);
      }
      for (const name of members) evaluated.add(name);
      for (const name of evaluated) {
        for (const to of imports[name]!) if (!isLoaded(to)) evaluated.add(to);
        for (const to of touching[name]!) {
          if (boot.has(to)) writes.add(to);
          else if (isLoaded(to)) members.add(to);
        }
      }
    }
    const message = JSON.stringify({
      imports,
      dynamic,
      touching,
      loaded,
      changed,
    });
    assertEquals(set.reload, [...members].sort(), message);
    assertEquals(
      set.fresh,
      [...evaluated].filter((name) => !members.has(name)).sort(),
      message,
    );
    assertEquals(
      set.mapped,
      changed.filter((name) => !isLoaded(name)).sort(),
      message,
    );
    assertEquals(
      set.writes.map(({ path }) => path).sort(),
      [...writes].sort(),
      message,
    );
    const isHeld = set.held.length > 0 || set.writes.length > 0;
    const mustBe = changed.some((name) => boot.has(name)) || writes.size > 0 ||
      [...members, ...changed].some((name) =>
        [...boot].some((from) => dynamic[from]!.includes(name))
      );
    assertEquals(isHeld, mustBe, message);
    for (const { path, chain } of set.held) {
      assertEquals(chain[0], path, message);
      assert(boot.has(chain.at(-1)!), message);
      for (const [index, module] of chain.slice(0, -1).entries()) {
        const importer = chain[index + 1]!;
        assert(
          [...imports[importer]!, ...dynamic[importer]!].includes(module),
          message,
        );
      }
    }
    for (const path of set.reload) {
      const chain = becauseOf(path, set.reasons);
      assert(changed.includes(chain[0]!), message);
      assertEquals(chain.at(-1), path, message);
    }
    if (isHeld) cold++;
    else if (set.reload.length > 0) hot++;
  }
  assert(cold > 500 && hot > 500, `${cold} ${hot}`);
});

/** A wide and deep app: layers of ten modules, each importing three of the layer below and registering in a shared one. */
function bigApp(modules: number): Graph {
  const imports: Record<string, string[]> = { main: [] };
  const analysis: Record<string, ModuleAnalysis> = {
    registry: { exports: { all: { kind: "map" } } },
  };
  for (let n = 0; n < modules; n++) {
    const below = (step: number) =>
      `m${Math.floor(n / 10) * 10 - 10 + ((n + step) % 10)}`;
    imports[`m${n}`] = n < 10
      ? ["registry"]
      : [below(0), below(1), below(5), "registry"];
    const place = { line: 1, column: 1 };
    const below0 = {
      specifier: below(0),
      name: "f",
      how: "call",
      member: "()",
      ...place,
    } as const;
    const registry = {
      specifier: "registry",
      name: "all",
      how: "method",
      member: "set()",
      ...place,
    } as const;
    const own = {
      specifier: `m${n}`,
      name: "f",
      how: "call",
      member: "()",
      ...place,
    } as const;
    analysis[`m${n}`] = {
      exports: { f: { kind: "function", effects: { touches: [0] } } },
      touches: [n < 10 ? registry : below0, own],
      top: { touches: [1] },
    };
  }
  return { imports, analysis };
}

/** Plans a change of everything; how long it took, and how often something was looked up. */
function planAll(modules: number): { took: number; lookups: number } {
  const graph = bigApp(modules);
  const all = Object.keys(graph.imports!).filter((name) => name !== "main");
  const plain = view(graph);
  let lookups = 0;
  const counted: View = {
    imports: (path) => (lookups++, plain.imports(path)),
    resolve: (path, specifier) => (lookups++, plain.resolve(path, specifier)),
    analysis: (path) => (lookups++, plain.analysis(path)),
    setters: plain.setters,
    listeners: plain.listeners,
  };
  const start = performance.now();
  const set = walk(all, graph, [...all, "registry"], {
    release: counted,
    running: counted,
  });
  const roots = importRoots(set.reload, counted.imports);
  const took = performance.now() - start;
  assertEquals([set.reload.length, roots.length], [modules + 1, 10]);
  return { took, lookups };
}

Deno.test("reloadSet() and importRoots() look at every module and edge once, not once for each other", () => {
  const small = planAll(1_000), large = planAll(4_000);
  assert(
    large.lookups < 4.1 * small.lookups,
    `${small.lookups} ${large.lookups}`,
  );
  // Side by side, the best of each: others share the machine. A square would be sixteen times as long.
  let one = small.took, other = large.took;
  for (let round = 0; round < 50 && other >= 8 * one; round++) {
    one = Math.min(one, planAll(1_000).took);
    other = Math.min(other, planAll(4_000).took);
  }
  assert(other < 12 * one, `${one} ${other}`);
});

Deno.test("reloadSet() and importRoots() take a chain of 20,000 modules without recursion", () => {
  const imports: Record<string, string[]> = { main: [] };
  const names = Array.from({ length: 20_000 }, (_, n) => `m${n}`);
  for (const [n, name] of names.entries()) {
    imports[name] = n > 0 ? [`m${n - 1}`] : [];
  }
  const set = walk(["m0"], { imports }, names);
  assertEquals(set.reload.length, 20_000);
  assertEquals(importRoots(set.reload, (path) => imports[path]!), ["m19999"]);
  assertEquals(becauseOf("m19999", set.reasons).length, 20_000);
});

Deno.test("importRoots() picks the fewest modules that reach the whole set", () => {
  const imports: Edges = {
    app: ["mid", "lib"],
    mid: ["lib"],
    other: ["lib"],
    outside: ["app"],
    a: ["b"],
    b: ["a"],
    c: ["d"],
    d: ["e"],
    e: ["d"],
    self: ["self"],
  };
  const roots = (...set: string[]) =>
    importRoots(set, (path) => list(imports, path));
  assertEquals(roots("lib", "mid", "app"), ["app"]);
  assertEquals(roots("lib", "mid", "app", "other"), ["app", "other"]);
  assertEquals(roots("lib"), ["lib"]);
  assertEquals(roots(), []);
  assertEquals(roots("a", "b"), ["a"]);
  assertEquals(roots("c", "d", "e"), ["c"]);
  assertEquals(roots("d", "e"), ["d"]);
  assertEquals(roots("self"), ["self"]);
});
