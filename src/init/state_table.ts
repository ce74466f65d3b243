/** What happens to each piece of an app when its module is replaced: what stays, what starts new, what is handed over.
 * @module
 */
import {
  type Keepable,
  keepableOf,
  many,
  moduleStates,
  nameOf,
  type Node,
  one,
} from "@flyhot/runtime/plan";
import type { KeptFact, Manifest, OwnedFact } from "@flyhot/runtime/protocol";
import { calleeOf, nodesIn, type SyntaxTree } from "./syntax_tree.ts";

/** What becomes of a piece. */
export type Fate =
  | "undecided"
  | "kept"
  | "starts new"
  | "handed over"
  | "migrated"
  | "ends";

/** One piece of an app that matters when its module is replaced. */
export interface StateRow {
  /** The module. */
  readonly path: string;
  /** Where it is declared. */
  readonly line: number;
  /** What it is called, or what makes it: `rooms`, `main.games`, `setInterval()`. */
  readonly name: string;
  /** What becomes of it. */
  readonly fate: Fate;
  /** Why, or how. */
  readonly why: string;
  /** The list of deno.json that it belongs into; null for what needs no name. */
  readonly list: "keep" | "startsAnew" | null;
  /** Whether that list has it. */
  readonly named: boolean;
}

/** What is looked at. */
export interface StateSources {
  /** The app. */
  readonly manifest: Manifest;
  /** Its main modules. */
  readonly mains: readonly string[];
  /** The trees of its modules by path; of those that could not be read, none. */
  readonly tree: (path: string) => SyntaxTree | null;
  /** Whether the runtime starts before the main module: only then values are kept. */
  readonly preload: boolean;
}

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
  for (
    const { path, line, name, why, detail } of moduleStates(manifest, main)
  ) {
    const parsed = tree(path);
    yield {
      ...judged({ path, name, detail, isHandle: why === "handle" }, {
        parsed,
        facts: manifest.analysis?.[path]?.kept,
        preload,
        named,
      }),
      line: line || lineOf(parsed, name),
    };
  }
}

function lineOf(parsed: SyntaxTree | null, name: string): number {
  return (parsed && keepableOf(parsed.program).found.get(name)?.line) ?? 0;
}

interface Names {
  readonly keep: ReadonlySet<string>;
  readonly startsAnew: ReadonlySet<string>;
}

function namesOf({ settings }: Manifest): Names {
  return {
    keep: new Set(settings?.keep.map(({ at }) => at)),
    startsAnew: new Set(settings?.startsAnew),
  };
}

/** Whether a value had better stay: what is data does, what old code has worked out or opened for itself does not. */
function judged(
  { path, name, detail, isHandle }: {
    readonly path: string;
    readonly name: string;
    readonly detail: string;
    readonly isHandle: boolean;
  },
  { parsed, facts, preload, named }: {
    readonly parsed: SyntaxTree | null;
    readonly facts: readonly KeptFact[] | undefined;
    readonly preload: boolean;
    readonly named: Names;
  },
): Omit<StateRow, "line"> {
  const key = `${path}#${name}`;
  const row = (
    list: "keep" | "startsAnew",
    why: string,
    isNamed: boolean,
  ): Omit<StateRow, "line"> => ({
    path,
    name,
    fate: list === "keep" ? "kept" : "starts new",
    why,
    list,
    named: isNamed,
  });
  if (named.keep.has(key)) return row("keep", detail, true);
  if (named.startsAnew.has(key)) return row("startsAnew", detail, true);
  if (!preload) {
    return row(
      "startsAnew",
      `${detail}; values are kept only with the preload: what must outlive the module goes into a holder()`,
      false,
    );
  }
  const against = whyNotKept(name, parsed, facts);
  if (against === null) {
    return row("keep", isHandle ? `${detail} stays open` : detail, false);
  }
  if (against.repeats && !(isHandle && !inMemory(name, parsed))) {
    return {
      ...row("keep", `${detail}; ${against.why}`, false),
      fate: "undecided",
      list: null,
    };
  }
  return row(
    "startsAnew",
    isHandle ? `${detail}, opened again` : `${detail}; ${against.why}`,
    false,
  );
}

/** Whether what a handle opens is gone with it. */
function inMemory(name: string, parsed: SyntaxTree | null): boolean {
  const init = parsed && keepableOf(parsed.program).found.get(name)?.init;
  return !!init &&
    parsed.source.slice(init.start, init.end).includes(":memory:");
}

const CACHE = /cache|memo(?:ized|ised|s)?$|^memo/i;
const TIMERS = /^(?:globalThis\.)?set(?:Interval|Timeout)$/;

/** What speaks against keeping a value; `repeats` where only somebody who knows the app can tell. */
function whyNotKept(
  name: string,
  parsed: SyntaxTree | null,
  facts: readonly KeptFact[] = [],
): { readonly why: string; readonly repeats: boolean } | null {
  const sure = (why: string) => ({ why, repeats: false });
  if (!parsed) return sure("its module cannot be read");
  const { found, refused } = keepableOf(parsed.program);
  const it = found.get(name);
  if (!it) {
    return sure(refused.get(name)?.why ?? "its value cannot be kept by name");
  }
  if (CACHE.test(name)) {
    return sure("by its name a cache, which new code fills itself");
  }
  if (holdsTimer(it, parsed)) {
    return sure("a timer, which ends with its module");
  }
  const fact = facts.find((fact) => fact.name === name);
  if (fact?.library && !fact.library.startsWith("node:")) {
    return sure(`made and configured with ${fact.library}`);
  }
  const [repeat] = fact?.repeats ?? [];
  return repeat
    ? {
      why: repeat.isRead
        ? `what is made of it at line ${repeat.line} (${repeat.detail}) would miss what the old code still changes`
        : `${repeat.detail} at line ${repeat.line} would be done to it a second time`,
      repeats: true,
    }
    : null;
}

/** Whether a timer is assigned to it anywhere. */
function holdsTimer(it: Keepable, { program }: SyntaxTree): boolean {
  const isTimer = (node: Node | null) =>
    node?.type === "CallExpression" && TIMERS.test(calleeOf(node));
  if (it.init && isTimer(it.init)) return true;
  const name = nameOf(it.id);
  if (name === "") return false;
  for (const node of nodesIn(program)) {
    if (
      node.type === "AssignmentExpression" &&
      nameOf(one(node, "left")) === name && isTimer(one(node, "right"))
    ) return true;
  }
  return false;
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
  return rows.filter(({ fate }) => fate === "undecided").map((
    { path, line, name, why },
  ) => {
    const key = `${path}#${name}`;
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
