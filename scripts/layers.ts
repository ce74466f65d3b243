/**
 * The layers of flyhot, as rules over the edges between its modules. Nothing
 * here reads a file.
 *
 * @module
 */

/** One import: both ends are paths from the root, with forward slashes. */
export interface Edge {
  /** The module that imports. */
  readonly from: string;
  /** The module that is imported. */
  readonly to: string;
}

/** A broken rule. */
export interface Violation extends Edge {
  /** The rule that is broken. */
  readonly why: string;
}

/**
 * What each part may import besides itself. Arrows point down only: cli -> main
 * -> commands -> rollout, release, sandbox -> fly, config -> base.
 */
const MAY_IMPORT: Readonly<Record<string, string>> = {
  cli:
    "main commands rollout release sandbox fly config ui host_deno base protocol",
  mod:
    "main commands rollout release sandbox fly config ui host_deno base protocol",
  main: "commands rollout release sandbox fly config ui base protocol",
  commands: "rollout release sandbox fly config ui base protocol",
  rollout: "release fly config base protocol",
  release: "fly config base protocol",
  sandbox: "fly config host_deno base protocol",
  fly: "base protocol",
  config: "base protocol",
  ui: "base protocol",
  host_deno: "base protocol",
  base: "protocol",
  runtime: "protocol",
  protocol: "runtime",
};

/** The one file of `src/ui` that the layers below commands report through. */
const REPORTER = "src/ui/reporter.ts";
const REPORTING = ["rollout", "release", "sandbox"];

/** The files of the runtime that the orchestrator shares. */
const SHARED = ["runtime/protocol.ts", "runtime/bucket.ts"];

/**
 * Says which part of flyhot a file belongs to.
 *
 * @param path The file's path from the root.
 * @returns The name of the part; undefined for tests, scripts and data.
 */
export function partOf(path: string): string | undefined {
  if (!path.endsWith(".ts") || path.endsWith("_test.ts")) return undefined;
  if (path === "cli.ts" || path === "mod.ts") return path.slice(0, -3);
  if (SHARED.includes(path)) return "protocol";
  const [top, second, third] = path.split("/");
  if (top === "runtime") return "runtime";
  if (top !== "src" || !second) return undefined;
  if (third) return second;
  return path === "src/main.ts" || path === "src/host_deno.ts"
    ? second.slice(0, -3)
    : "base";
}

/**
 * Checks imports against the layers.
 *
 * @param edges The imports of all modules.
 * @returns One violation for each import that no rule allows, and those circles
 * of imports that {@linkcode findCycles} finds.
 */
export function checkEdges(edges: readonly Edge[]): Violation[] {
  const violations: Violation[] = [];
  for (const edge of edges) {
    const why = forbidden(edge);
    if (why) violations.push({ ...edge, why });
  }
  for (const cycle of findCycles(edges)) {
    const [from = "", to = from] = cycle;
    const why = `import cycle: ${[...cycle, from].join(" -> ")}`;
    violations.push({ from, to, why });
  }
  return violations;
}

function forbidden({ from, to }: Edge): string | undefined {
  const importer = partOf(from);
  if (!importer || to.endsWith(".json")) return undefined;
  const imported = partOf(to);
  if (imported === importer) return undefined;
  const allowed = MAY_IMPORT[importer];
  if (allowed === undefined) {
    return `${importer} is no layer; give it one in scripts/layers.ts`;
  }
  if (imported && allowed.split(" ").includes(imported)) return undefined;
  if (to === REPORTER && REPORTING.includes(importer)) return undefined;
  if (!imported) return "tests and scripts are not part of the product";
  if (importer === "runtime" || importer === "protocol") {
    return "the runtime is a package of its own and imports nothing outside of it";
  }
  if (imported === "runtime") {
    return `of the runtime, only ${SHARED.join(" and ")} may be imported`;
  }
  if (imported === "host_deno") {
    return "only cli.ts, mod.ts and src/sandbox/ may choose the real host";
  }
  if (imported === "ui" && REPORTING.includes(importer)) {
    return `${importer} reports through ${REPORTER} and knows nothing else of ui`;
  }
  return `${importer} may import only ${allowed.replaceAll(" ", ", ")}`;
}

/**
 * Finds circles of imports.
 *
 * @param edges The imports of all modules.
 * @returns Circles until every module that is in one has been named, each the
 * shortest from its first module; the last one imports the first.
 */
export function findCycles(edges: readonly Edge[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) {
    targets.set(from, [...targets.get(from) ?? [], to]);
  }
  const cycles: string[][] = [];
  const seen = new Set<string>();
  for (const start of [...targets.keys()].sort()) {
    if (seen.has(start)) continue;
    const cycle = shortestWayBack(start, targets);
    if (!cycle) continue;
    cycles.push(cycle);
    for (const path of cycle) seen.add(path);
  }
  return cycles;
}

function shortestWayBack(
  start: string,
  targets: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const reached = new Set<string>();
  let ways: string[][] = [[start]];
  while (ways.length > 0) {
    const longer: string[][] = [];
    for (const way of ways) {
      for (const next of targets.get(way.at(-1) ?? "") ?? []) {
        if (next === start) return way;
        if (reached.has(next)) continue;
        reached.add(next);
        longer.push([...way, next]);
      }
    }
    ways = longer;
  }
  return undefined;
}
