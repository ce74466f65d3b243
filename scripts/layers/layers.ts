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
 * The rooms of the runtime from the lowest to the highest: a room may import
 * itself and the rooms of the lines below it.
 */
const RUNTIME_RANKS: readonly (readonly string[])[] = [
  ["base"],
  ["bucket", "protocol"],
  ["plan"],
  ["modules"],
  ["release"],
  ["state"],
  ["process"],
  ["pages", "upgrade"],
  ["machine"],
  ["api"],
  ["mod"],
  ["testing"],
];

const REPORTS = "status doctor init orchestrator rehearse reports completions";
const BELOW_COMMANDS =
  `${REPORTS} rollout sandbox release fly config ui base shared`;

/** What each room of `src`, and each file at the root, may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, string>> = {
  cli: `main commands ${BELOW_COMMANDS} host_deno`,
  mod: `main commands ${BELOW_COMMANDS} host_deno`,
  main: `commands ${BELOW_COMMANDS}`,
  commands: BELOW_COMMANDS,
  status: "rollout release fly config ui base shared",
  doctor: "status rollout release fly config ui base shared",
  init: "release config ui base shared",
  orchestrator: "rollout release fly config ui base shared",
  rehearse: "kit rollout release fly config ui base shared",
  reports: "rollout release fly config ui base shared",
  completions: "config base",
  rollout: "release fly config base shared",
  sandbox: "fly config host_deno base shared",
  release: "fly config base shared",
  fly: "base shared",
  config: "base shared",
  ui: "base shared",
  host_deno: "base shared",
  base: "shared",
};

/** The one file of `src/ui` that the layers below commands report through. */
const REPORTER = "src/ui/reporter.ts";
const REPORTING = ["rollout", "release", "sandbox"];

/** The modules of the runtime that the command may use, each the front of a room. */
const SHARED = [
  "runtime/protocol/mod.ts",
  "runtime/bucket/mod.ts",
  "runtime/plan/mod.ts",
  "runtime/modules/mod.ts",
];

/** What starts an app and upgrades it: for the rooms that may import `kit`. */
const KIT = "runtime/testing/mod.ts";

/** Says which room of flyhot a file belongs to. */
export function roomOf(path: string): string | undefined {
  if (!path.endsWith(".ts") || path.endsWith("_test.ts")) return undefined;
  if (path === "cli.ts" || path === "mod.ts") return path.slice(0, -3);
  const [top, second, third] = path.split("/");
  if (top === "runtime" && second) {
    // Files beside mod.ts are entry points like it.
    return `runtime/${third ? second : "mod"}`;
  }
  if (top !== "src" || !second) return undefined;
  if (third) return second;
  return path === "src/main.ts" || path === "src/host_deno.ts"
    ? second.slice(0, -3)
    : "base";
}

/** Checks imports against the layers. */
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
  const importer = roomOf(from);
  if (!importer || to.endsWith(".json")) return undefined;
  const imported = roomOf(to);
  if (importer.startsWith("runtime/")) {
    return forbiddenInRuntime(importer, to, imported);
  }
  if (imported === importer) return undefined;
  const allowed = MAY_IMPORT[importer];
  if (allowed === undefined) {
    return `${importer} is not a room; give it a layer in scripts/layers/layers.ts`;
  }
  const rooms = allowed.split(" ");
  if (imported?.startsWith("runtime/")) {
    return (SHARED.includes(to) && rooms.includes("shared")) ||
        (to === KIT && rooms.includes("kit"))
      ? undefined
      : `of the runtime, only ${SHARED.join(", ")} may be imported`;
  }
  if (imported && rooms.includes(imported)) return undefined;
  if (to === REPORTER && REPORTING.includes(importer)) return undefined;
  if (!imported) return "tests and scripts are not part of the product";
  if (imported === "host_deno") {
    return "only cli.ts, mod.ts and src/sandbox/ may choose the real host";
  }
  if (imported === "ui" && REPORTING.includes(importer)) {
    return `${importer} reports through ${REPORTER} and knows nothing else of ui`;
  }
  return `${importer} may import only ${rooms.join(", ")}`;
}

function forbiddenInRuntime(
  importer: string,
  to: string,
  imported: string | undefined,
): string | undefined {
  if (!imported?.startsWith("runtime/")) {
    return "the runtime is a package of its own and imports nothing outside of it";
  }
  const own = rankOf(importer);
  if (own === -1) {
    return `${importer} is not a room; give it a layer in scripts/layers/layers.ts`;
  }
  if (
    to.endsWith("/mod.ts") && imported !== importer &&
    own < rankOf("runtime/mod")
  ) {
    return `${to} is for others; import the file that has it`;
  }
  if (imported === importer) return undefined;
  return rankOf(imported) < own
    ? undefined
    : `${importer} may import only the rooms below it: ${
      RUNTIME_RANKS.slice(0, own).flat().join(", ")
    }`;
}

function rankOf(room: string): number {
  const name = room.slice("runtime/".length);
  return RUNTIME_RANKS.findIndex((rooms) => rooms.includes(name));
}

/** Finds circles of imports. */
export function findCycles(edges: readonly Edge[]): string[][] {
  const targets = Map.groupBy(edges, ({ from }) => from);
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
  targets: ReadonlyMap<string, readonly Edge[]>,
): string[] | undefined {
  const reached = new Set<string>();
  let ways: string[][] = [[start]];
  while (ways.length > 0) {
    const longer: string[][] = [];
    for (const way of ways) {
      for (const { to: next } of targets.get(way.at(-1) ?? "") ?? []) {
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
