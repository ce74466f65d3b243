// The planner has turns to give: an app of thousands of modules, all of them changed.
import { assert, assertEquals } from "@std/assert";
import { inOneGo, stepsInSlices } from "../base/in_slices.ts";
import type { ModuleAnalysis } from "../protocol/manifest/module_analysis.ts";
import type {
  Manifest,
  ModuleEdges,
  RunningManifest,
} from "../protocol/manifest/manifest.ts";
import { classify, classifySteps } from "./classify.ts";

const MODULES = 4_000;
const GROUPS = 191;

/** Leaves in groups of twenty, the groups under one root behind a boundary. */
function imported(at: number): number[] {
  if (at === 0) return Array.from({ length: GROUPS }, (_, group) => group + 1);
  if (at > GROUPS) return [];
  const first = GROUPS + 1 + (at - 1) * 20;
  return Array.from({ length: 20 }, (_, leaf) => first + leaf)
    .filter((leaf) => leaf < MODULES);
}

function app(digit: string): { manifest: Manifest; running: RunningManifest } {
  const paths = Array.from({ length: MODULES }, (_, at) => `m${at}.ts`);
  const specifiers = (at: number) =>
    Object.fromEntries(imported(at).map((to) => [`./m${to}.ts`, `m${to}.ts`]));
  const modules: Record<string, ModuleEdges> = Object.fromEntries([
    ["main.ts", {
      static: [],
      dynamic: ["m0.ts"],
      external: [],
      specifiers: { "./m0.ts": "m0.ts" },
    }],
    ...paths.map((path, at) => [path, {
      static: imported(at).map((to) => `m${to}.ts`),
      dynamic: [],
      external: [],
      specifiers: specifiers(at),
    }]),
  ]);
  const analysis: Record<string, ModuleAnalysis> = Object.fromEntries([
    ["main.ts", {
      imports: [{ specifier: "./m0.ts", line: 1, dynamic: true }],
      computed: false,
    }],
    ...paths.map((path, at) => [path, {
      imports: imported(at).map((to) => ({
        specifier: `./m${to}.ts`,
        line: 1,
        names: ["value"],
      })),
      exports: { value: { kind: "primitive" } },
      computed: false,
    }]),
  ]);
  const sha256 = (path: string) =>
    (path === "main.ts" ? "0" : digit).repeat(64);
  const all = ["main.ts", ...paths];
  const manifest = {
    protocol: 1,
    app: "app",
    version: digit,
    source_image_ref: "image",
    entries: ["main.ts"],
    files: Object.fromEntries(
      all.map((path) => [path, {
        sha256: sha256(path),
        size: 1_000,
        kind: "module",
      }]),
    ),
    modules,
    config: {},
    locked: {},
    analysis,
  } as Manifest;
  const running = {
    protocol: 1,
    image_ref: "image",
    fingerprint: "",
    release_sha256: null,
    main: "main.ts",
    files: Object.fromEntries(all.map((path) => [path, sha256(path)])),
    config: {},
    locked: {},
    loaded: all,
    live: { "main.ts": ["m0.ts"] },
    plain: {},
    external: [],
    holders: {},
    analysis,
    edges: Object.fromEntries(
      Object.entries(modules).map(([from, it]) => [
        from,
        Object.entries(it.specifiers ?? {}).map(([specifier, to]) => ({
          to,
          specifier,
          kind: from === "main.ts" ? "live" : "static",
        })),
      ]),
    ),
  } as RunningManifest;
  return { manifest, running };
}

Deno.test("classifySteps() comes to the same as classify(), with all modules of 4,000 changed", async () => {
  const { running } = app("1");
  const { manifest } = app("2");
  const plan = classify(manifest, running);
  assertEquals(plan.refusals, []);
  assertEquals(plan.reload.length, MODULES);
  assertEquals(plan.roots, ["m0.ts"]);
  assertEquals(await stepsInSlices(classifySteps(manifest, running)), plan);
  assertEquals(inOneGo(classifySteps(manifest, running)), plan);
});

Deno.test("classifySteps() has no step that is long beside the whole", async () => {
  const { running } = app("1");
  const { manifest } = app("2");
  // What is slow in some rounds only is the computer, or the collector.
  const fastest: number[] = [];
  let total = Infinity;
  const longest = () => Math.max(...fastest);
  for (
    let round = 0;
    round < 2 || (round < 20 && longest() > total / 8);
    round++
  ) {
    const from = performance.now();
    let last = from;
    let at = 0;
    for (const steps = classifySteps(manifest, running);; at++) {
      const { done } = steps.next();
      const now = performance.now();
      fastest[at] = Math.min(fastest[at] ?? Infinity, now - last);
      last = now;
      if (done) break;
    }
    total = Math.min(total, performance.now() - from);
  }
  assert(fastest.length > MODULES, `${fastest.length} steps`);
  assert(longest() < total / 8, `${longest()} of ${total} ms`);
  // A timer gets its turn again and again.
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const from = performance.now();
  await stepsInSlices(classifySteps(manifest, running), { sliceMs: 2 });
  const took = performance.now() - from;
  clearInterval(timer);
  assert(turns >= 5, `${turns} turns in ${took} ms`);
});
