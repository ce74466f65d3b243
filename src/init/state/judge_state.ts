/** What had better become of a piece of state, and the words for it.
 * @module
 */
import {
  type Keepable,
  keepableOf,
  nameOf,
  type Node,
  one,
  type Repeat,
} from "@flyhot/runtime/plan";
import type { KeptFact, Manifest } from "@flyhot/runtime/protocol";
import { calleeOf, nodesIn, type SyntaxTree } from "../syntax_tree.ts";

/** What becomes of a piece. */
export type Fate =
  | "undecided"
  | "kept"
  | "starts new"
  | "handed over"
  | "migrated"
  | "ends"
  | "per connection";

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
  readonly why: string;
  /** The list of deno.json that it belongs into; null for what needs no name. */
  readonly list: "keep" | "startsAnew" | null;
  /** Whether that list has it. */
  readonly named: boolean;
  /** Of what is kept: the module that changes it whenever it is evaluated. */
  readonly repeated?: Repeat;
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

/** What deno.json names. */
interface Names {
  readonly keep: ReadonlySet<string>;
  readonly startsAnew: ReadonlySet<string>;
}

/** Reads what a release names. */
export function namesOf({ settings }: Manifest): Names {
  return {
    keep: new Set(settings?.keep.map(({ at }) => at)),
    startsAnew: new Set(settings?.startsAnew),
  };
}

/** Tells which specifiers of a module lead to others of the app. */
export function ownSpecifiers(
  path: string,
  { modules }: Manifest,
): (specifier: string) => boolean {
  const specifiers = modules[path]?.specifiers ?? {};
  return (specifier) =>
    Object.hasOwn(specifiers, specifier) &&
    Object.hasOwn(modules, specifiers[specifier]!.replace(/[?#].*$/, ""));
}

/** Whether a value had better stay: what is data does, what old code has worked out or opened for itself does not. */
export function judged(
  { path, name, detail, isHandle }: {
    readonly path: string;
    readonly name: string;
    readonly detail: string;
    readonly isHandle: boolean;
  },
  { parsed, facts, preload, named, isOwn, isGivenOnly = () => false }: {
    readonly parsed: SyntaxTree | null;
    readonly facts: readonly KeptFact[] | undefined;
    readonly preload: boolean;
    readonly named: Names;
    /** Whether a specifier of its module leads to another one of the app. */
    readonly isOwn: (specifier: string) => boolean;
    /** Whether it holds nothing but what it was made of. Default no. */
    readonly isGivenOnly?: () => boolean;
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
  const against = whyNotKept(name, parsed, isOwn, facts);
  if (against === null) {
    return row("keep", isHandle ? `${detail} stays open` : detail, false);
  }
  if (against.repeats && isGivenOnly()) {
    return row(
      "startsAnew",
      `${detail} holds only what it is made of, which does not change`,
      false,
    );
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
  isOwn: (specifier: string) => boolean,
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
  const library = fact?.library;
  // An alias may be that of a module of the app.
  if (library && !library.startsWith("node:") && !isOwn(library)) {
    return sure(`made and configured with ${library}`);
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
