/** What happens to each piece of an app when its module is replaced: what stays, what starts new, what is handed over.
 * @module
 */
import {
  keepableOf,
  many,
  moduleStates,
  repeatedStates,
} from "@flyhot/runtime/plan";
import type { Manifest, OwnedFact } from "@flyhot/runtime/protocol";
import { connectionsIn, laterIn } from "./callback_rows.ts";
import { holdsGivenOnly } from "./given_only.ts";
import {
  type Fate,
  judged,
  namesOf,
  ownSpecifiers,
  type StateRow,
  type StateSources,
} from "./judge_state.ts";
import { calleeOf, nodesIn, type SyntaxTree } from "../syntax_tree.ts";

export type { Fate, StateRow, StateSources } from "./judge_state.ts";

/** Tells what happens to each piece of an app. */
export function stateTable(sources: StateSources): readonly StateRow[] {
  const rows = new Map<string, StateRow>();
  const add = (row: StateRow) => {
    const key = `${row.path}:${row.line}#${row.name}`;
    if (!rows.has(key)) rows.set(key, row);
  };
  for (const main of sources.mains) {
    for (const path of reached(sources.manifest, main)) {
      for (const row of declarationsIn(path, sources)) add(row);
      for (const row of ownedIn(path, sources)) add(row);
      for (const row of laterIn(path, sources)) add(row);
      for (const row of connectionsIn(path, sources)) add(row);
    }
    for (const row of stateIn(main, sources)) add(row);
  }
  return [...rows.values()].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line
  );
}

/** The modules that a main module reaches. */
function reached({ modules }: Manifest, main: string): readonly string[] {
  const seen = new Set<string>();
  const waiting = [main];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !Object.hasOwn(modules, path)) continue;
    seen.add(path);
    const { static: before, dynamic } = modules[path]!;
    waiting.push(...before, ...dynamic);
  }
  return [...seen];
}

/** State outside of holders, at the top level and in functions that run there. */
function* stateIn(
  main: string,
  { manifest, tree, preload }: StateSources,
): Generator<StateRow> {
  const named = namesOf(manifest);
  const repeats = repeatedStates(manifest, main);
  const consents = new Set(manifest.settings?.consent);
  for (
    const { path, line, name, why, detail } of moduleStates(
      manifest,
      main,
      (path) => tree(path)?.program ?? null,
    )
  ) {
    const parsed = tree(path);
    const row = judged({ path, name, detail, isHandle: why === "handle" }, {
      parsed,
      facts: manifest.analysis?.[path]?.kept,
      preload,
      named,
      isOwn: ownSpecifiers(path, manifest),
      isGivenOnly: () => holdsGivenOnly(path, name, { manifest, tree }),
    });
    const key = `${path}#${name}`;
    const repeated = row.list === "keep" && !consents.has(`repeats:${key}`)
      ? repeats.get(key)
      : undefined;
    yield {
      ...row,
      line: line || lineOf(parsed, name),
      ...repeated ? { repeated } : {},
    };
  }
}

function lineOf(parsed: SyntaxTree | null, name: string): number {
  return (parsed && keepableOf(parsed.program).found.get(name)?.line) ?? 0;
}

const OWNED: Readonly<Record<OwnedFact["kind"], readonly [Fate, string]>> = {
  server: ["handed over", "its address stays open, the new code answers"],
  cron: ["handed over", "by its name"],
  listener: ["handed over", "the new code's takes its place"],
  interval: ["ends", "the new code starts its own"],
  timeout: ["ends", "the new code starts its own"],
  loop: ["ends", "the new code begins its own"],
  worker: [
    "kept",
    "it runs on with its script; a changed script is refused",
  ],
};

function* ownedIn(
  path: string,
  { manifest, preload }: StateSources,
): Generator<StateRow> {
  for (
    const { kind, line, detail, later } of manifest.analysis?.[path]?.owned ??
      []
  ) {
    if (later || !preload && kind === "server") continue;
    const [fate, why] = OWNED[kind];
    yield {
      path,
      line,
      name: kind === "worker" ? `new Worker(${detail})` : detail,
      fate,
      why,
      list: null,
      named: false,
    };
  }
}

const DECLARES: Readonly<Record<string, string>> = {
  holder: "its state stays; a new version of it is migrated",
  family: "the state of each key stays; a new version is migrated",
  sockets: "open sockets stay, their handlers are the new code's",
  service: "the old one is stopped, the new one started",
};

/** Holders, families, services and sockets: what the app has given into the runtime's hands. */
function* declarationsIn(
  path: string,
  { manifest, tree }: StateSources,
): Generator<StateRow> {
  const locals = new Map<string, string>();
  for (const fact of manifest.analysis?.[path]?.imports ?? []) {
    if (!/^(?:jsr:\/?)?@flyhot\/runtime(?:@[^/]+)?$/.test(fact.specifier)) {
      continue;
    }
    for (const [at, name] of (fact.names ?? []).entries()) {
      if (Object.hasOwn(DECLARES, name)) {
        locals.set(fact.locals?.[at] || name, name);
      }
    }
  }
  const parsed = locals.size > 0 ? tree(path) : null;
  if (!parsed) return;
  for (const node of nodesIn(parsed.program)) {
    if (node.type !== "CallExpression") continue;
    const kind = locals.get(calleeOf(node));
    const [first] = many(node, "arguments");
    const name = (first as { value?: unknown } | undefined)?.value;
    if (kind === undefined || typeof name !== "string") continue;
    yield {
      path,
      line: node.loc?.start.line ?? 0,
      name: `${kind}("${name}")`,
      fate: kind === "service" ? "handed over" : "migrated",
      why: DECLARES[kind]!,
      list: null,
      named: false,
    };
  }
}

/** Which of deno.json's lists lack what. */
export function missingNames(
  rows: readonly StateRow[],
): Readonly<Record<"keep" | "startsAnew", readonly string[]>> {
  const of = (list: "keep" | "startsAnew") =>
    rows.filter((row) => row.list === list && !row.named).map((row) =>
      `${row.path}#${row.name}`
    );
  return { keep: of("keep"), startsAnew: of("startsAnew") };
}

/** What only somebody who knows the app can decide. */
export function undecidedSteps(rows: readonly StateRow[]): readonly string[] {
  return rows.filter(({ fate, repeated }) => fate === "undecided" || repeated)
    .map(({ path, line, name, why, repeated }) => {
      const key = `${path}#${name}`;
      if (repeated) {
        const { by } = repeated;
        return `Decide whether ${name} (${path}:${line}) had better start new: ${by}:${repeated.line} changes it whenever ${by} is evaluated, and would do so a second time. If that does no harm, add to "flyhot" in deno.json: "consent": ["repeats:${key}"]; if it is filled by that alone: "startsAnew": ["${key}"] in the place of "keep". Until then upgrades that evaluate ${by} are refused.`;
      }
      return `Decide what becomes of ${name} (${path}:${line}): ${why}. If that does no harm, add to "flyhot" in deno.json: "keep": ["${key}"], "consent": ["repeats:${key}"]; if it may be lost: "startsAnew": ["${key}"]. Until then upgrades of ${path} are refused.`;
    });
}

/** The table as it is when modules have moved. */
export function movedRows(
  rows: readonly StateRow[],
  moves: ReadonlyMap<string, string>,
): readonly StateRow[] {
  return rows.map((row) => ({ ...row, path: moves.get(row.path) ?? row.path }));
}
