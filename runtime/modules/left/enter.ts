/** Lets functions of a module that may be handed on by their names lead to those of newer code, once they are of the old code.
 * @module
 */
import { around, between, type Placed } from "../keep/placed.ts";
import {
  flag,
  many,
  nameOf,
  type Node,
  one,
} from "../../plan/analyze/code/nodes.ts";
import type {
  HandedImport,
  HandedNames,
} from "../../plan/analyze/waits/handed_names.ts";
import {
  accessTo,
  exportedLocals,
  moduleFunctions,
  passedOn,
} from "../../plan/analyze/waits/module_functions.ts";
import { bodyOf } from "./bodies.ts";

/** The name by which modules hand out their functions. */
export const ENTER_KEY = Symbol.for("@flyhot/runtime.enter");

type AnyFunction = (...args: unknown[]) => unknown;

/** Says to which function one leads, by its name; undefined where it does what it says itself. */
export type LeadOn = (name: string) => AnyFunction | undefined;

/**
 * Takes what finds the functions of a module by their names, and what is called with whom they shall ask once they are of
 * the old code.
 */
export type TakeFunctions = (
  url: string,
  own: (name: string) => unknown,
  moved: (lead: LeadOn) => void,
) => void;

/** What a text has in it where a function asks. */
const MOVED = "$kept_moved";
const ASKS = /\$kept_moved_*\(("(?:[^"\\]|\\.)*")\)/;

/** The name under which the text of a function that was made to lead on asks; null for others. */
export function askedName(text: string): string | null {
  // The texts of classes have those of their methods in them.
  const name = text.startsWith("class") ? undefined : ASKS.exec(text)?.[1];
  return name === undefined ? null : JSON.parse(name);
}

/** What a module instance says when it is loaded. */
export interface LoadedFunctions {
  /** Those of its functions that can lead on. */
  readonly names: readonly string[];
  /** Under which names it exports which. */
  readonly exported: ReadonlyMap<string, string>;
  /** Those that somebody in it looks for by what they are. */
  readonly lookedFor: ReadonlySet<string>;
  /** What it hands on of others, or passes on. */
  readonly imported: readonly HandedImport[];
}

/** What others want of a module. */
export interface WantedFunctions {
  /** The exported names of functions that they hand on. */
  readonly exported: ReadonlySet<string>;
  /** The names of those of instances before that somebody has handed on. */
  readonly names: ReadonlySet<string>;
}

/** What is known of a module. */
export interface Entering {
  /** What it hands on by names. */
  readonly names: HandedNames;
  /** What others want of it. */
  readonly wanted: WantedFunctions | null;
  /** Functions whose bodies have something else around them. */
  readonly taken: ReadonlySet<Node>;
}

/** What makes functions lead on. */
export interface Entered {
  /** What goes into the text. */
  readonly placed: readonly Placed[];
  /** What goes behind it. */
  readonly end: string;
  /** What the module says of them. */
  readonly functions: LoadedFunctions;
}

/**
 * Lets those functions of a module lead on that it hands on by their names or exports, and those that are wanted: who
 * hands on what it exports may be loaded later.
 */
export function functionsOf(
  text: string,
  program: Node,
  url: string,
  { names: { own, imported, lookedFor }, wanted, taken }: Entering,
): Entered {
  const exported = exportedLocals(program);
  const names = new Set([...own, ...wanted?.names ?? []]);
  const passed: HandedImport[] = [];
  for (const name of wanted?.exported ?? []) {
    names.add(exported.get(name) ?? name);
    // What a module exports itself, it passes on from nowhere.
    if (exported.has(name)) continue;
    for (const it of passedOn(program, name)) {
      passed.push({ ...it, isLookedFor: false });
    }
  }
  const all = names.union(new Set(exported.values()));
  const asking = all.size === 0
    ? []
    : [...moduleFunctions(program)].flatMap(([name, fn]): Asking[] => {
      // Whoever hands on an object hands on its functions.
      const object = name.split(":", 1)[0]!;
      if (!all.has(name) && !all.has(object)) return [];
      const isWanted = names.has(name) || names.has(object);
      return [{ name, fn, isWanted, isTaken: taken.has(fn) }];
    });
  const entered = enterFunctions(text, asking, url);
  return {
    placed: entered.placed,
    end: entered.end,
    functions: {
      names: entered.names,
      exported,
      lookedFor,
      imported: [...imported, ...passed],
    },
  };
}

/**
 * Tells whether the same functions lead on, and in the same way, where somebody wants some of them. Returns true if all
 * that are wanted are functions that do so anyway: those that only do if they are wanted are not among them.
 */
export function leadsAnyway(
  { names, exported }: LoadedFunctions,
  wanted: WantedFunctions,
): boolean {
  return [...wanted.names].every((name) => names.includes(name)) &&
    [...wanted.exported].every((name) => {
      const local = exported.get(name);
      return local !== undefined && names.includes(local);
    });
}

/** A function that is to ask. */
interface Asking {
  readonly name: string;
  readonly fn: Node;
  /** Whether it may cost a call more each time. */
  readonly isWanted: boolean;
  /** Whether something else is around its body. */
  readonly isTaken: boolean;
}

/** Lets functions lead on. */
function enterFunctions(text: string, all: readonly Asking[], url: string) {
  let moved = MOVED;
  while (text.includes(moved)) moved += "_";
  const names: string[] = [];
  const placed: Placed[] = [];
  for (const it of all) {
    const inside = leadingOn(text, it, moved);
    if (!inside) continue;
    names.push(it.name);
    placed.push(...inside);
  }
  if (names.length === 0) return { names, placed, end: "" };
  const cases = names.map((name) =>
    `case ${JSON.stringify(name)}: return ${accessTo(name)};`
  );
  const own = `${moved}_own`;
  // A line for the shell has to be the first one.
  const at = text.startsWith("#!") ? text.indexOf("\n") + 1 : 0;
  const key = JSON.stringify(ENTER_KEY.description);
  const told = `globalThis[Symbol.for(${key})]?.(${
    JSON.stringify(url)
  }, ${own}, (it) => { ${moved} = it; });`;
  return {
    names,
    placed: [between(at, told), ...placed],
    // A declaration is there before the first statement.
    end: `\n;var ${moved}; function ${own}(name) { switch (name) { ${
      cases.join(" ")
    } } }`,
  };
}

function leadingOn(
  text: string,
  { fn, name, isWanted, isTaken }: Asking,
  moved: string,
): Placed[] | null {
  const ask = (call: string) =>
    `if (${moved}) { const ${moved}1 = ${moved}(${
      JSON.stringify(name)
    }); if (${moved}1) return ${call}; }`;
  if (fn.type !== "ArrowFunctionExpression") {
    const body = bodyOf(text, fn)!;
    const star = flag(fn, "generator") ? "yield* " : "";
    return [
      between(body.from, ` ${ask(`${star}${moved}1.apply(this, arguments)`)}`),
    ];
  }
  const given = plainParameters(fn);
  const isValue = one(fn, "body")!.type !== "BlockStatement";
  // A call more each time is for those only that somebody hands on.
  if (given === null || isValue && isTaken) {
    return isWanted ? aroundArrow(fn, moved, ask) : null;
  }
  const body = bodyOf(text, fn);
  if (!body) return null;
  const first = ask(`${moved}1(${given.join(", ")})`);
  return body.isExpression
    ? outermost(
      around(
        { start: body.from, end: body.to },
        ` { ${first} return (`,
        "); }",
      ),
    )
    : [between(body.from, ` ${first}`)];
}

/** The parameters of an arrow function as they are passed on; null where some are taken apart, or have defaults. */
function plainParameters(fn: Node): string[] | null {
  const names: string[] = [];
  for (const it of many(fn, "params")) {
    const isRest = it.type === "RestElement";
    const name = nameOf(isRest ? one(it, "argument") : it);
    if (name === "") return null;
    names.push(isRest ? `...${name}` : name);
  }
  return names;
}

/** An arrow function has no arguments of its own: one around it has. */
function aroundArrow(
  fn: Node,
  moved: string,
  ask: (call: string) => string,
): Placed[] {
  const params = many(fn, "params");
  const optional = params.findIndex(({ type }) =>
    type === "AssignmentPattern" || type === "RestElement"
  );
  const count = optional === -1 ? params.length : optional;
  const names = Array.from({ length: count }, (_, at) => `${moved}${at + 2}`);
  const all = [...names, `...${moved}0`].join(", ");
  const placed = around(
    fn,
    `(${all}) => { ${ask(`${moved}1(${all})`)} return (`,
    `)(${all}); }`,
  );
  // What else goes around the whole function goes around this.
  return placed.map((it) => ({ ...it, size: it.size - 0.5 }));
}

/** What else goes around the same piece goes into it: statements go around no part of an expression. */
function outermost(placed: readonly Placed[]): Placed[] {
  return placed.map((it) => ({ ...it, size: it.size + 0.5 }));
}
