/** What a use does to the value it is made of: nothing, hands it to others, or changes it.
 * @module
 */
import type {
  Effects,
  ExportFact,
  NameRef,
  Touch,
} from "../../../protocol/manifest/module_analysis.ts";
import {
  COLLECTION_READS,
  COPYING_METHODS,
  ELEMENT_METHODS,
  HARMLESS_METHODS,
  MUTATORS,
  STATELESS_CLASSES,
} from "./known_calls.ts";

/** How much a use matters to the value: others get hold of it, or it may be another one afterwards. */
export type Grip = "none" | "pass" | "write";

/** What a use does. */
export interface Verdict {
  /** To the value itself. */
  readonly grip: Grip;
  /** Functions that it runs. */
  readonly runs: readonly Effects[];
  /** A class that it constructs or calls a method of; looked up by who knows other modules. */
  readonly uses?: {
    readonly of: NameRef;
    readonly member: string;
    /** Whether functions in what it gives are called. */
    readonly callsMade: boolean;
  };
  /** Something imported that it is about in the end: a field that holds an import. */
  readonly moves?: {
    readonly from: NameRef;
    readonly path: readonly string[];
    readonly how: Touch["how"];
  };
}

const MAKING_METHODS = new Set(["map", "flatMap", "keys", "join", "split"]);
const NONE: Verdict = { grip: "none", runs: [] };
const PASS: Verdict = { grip: "pass", runs: [] };
const WRITE: Verdict = { grip: "write", runs: [] };
const UNKNOWN: ExportFact = { kind: "unknown" };

/** Judges a use. */
export function judgeTouch(
  fact: ExportFact,
  path: readonly string[],
  how: Touch["how"],
): Verdict {
  const [first, ...rest] = path;
  switch (fact.kind) {
    case "primitive":
    case "runtime":
      return NONE;
    case "function":
      return first === undefined ? NONE : judgeFunction(fact, first, rest, how);
    case "class":
      return judgeClass(fact, first, rest, how);
    case "map":
    case "set":
    case "array":
      return judgeCollection(fact, first, rest, how);
    case "frozen":
    case "object":
      return judgeObject(fact, first, rest, how);
    case "instance":
      return judgeInstance(fact, first, rest, how);
    default:
      return judgeUnknown(first, rest, how);
  }
}

/** The end of a way: the value itself is read, passed on or assigned to. */
function ending(how: Touch["how"]): Verdict {
  return how === "write" ? WRITE : how === "pass" ? PASS : NONE;
}

function judgeFunction(
  fact: ExportFact,
  first: string,
  rest: readonly string[],
  how: Touch["how"],
): Verdict {
  if (/^(?:|new|call|apply|bind)\(\)$/.test(first)) {
    const { effects } = fact;
    const made = callsMade(rest) ? effects?.made : undefined;
    return {
      grip: "none",
      runs: [effects, made].filter((it) => it !== undefined),
    };
  }
  // A field of a function is as much state as any.
  return rest.length === 0 && how === "write" ? WRITE : NONE;
}

/** Whether the way leads on by a call from what a call has given: `on("start")(run)`, `command("a").runs(f)`. */
function callsMade(rest: readonly string[]): boolean {
  return rest.some((step) => step.endsWith("()"));
}

function judgeClass(
  fact: ExportFact,
  first: string | undefined,
  rest: readonly string[],
  how: Touch["how"],
): Verdict {
  if (first === undefined) return NONE;
  const of: NameRef = { name: fact.class ?? fact.local ?? "default" };
  if (first === "new()") {
    const [method, ...after] = rest;
    if (method?.endsWith("()") && method !== "()") {
      return {
        grip: "none",
        runs: [],
        uses: {
          of,
          member: method.slice(0, -2),
          callsMade: callsMade(after),
        },
      };
    }
    // Given to others, any of its methods may be called; what is assigned may have a setter.
    const isSet = how === "write" && method !== undefined &&
      after.length === 0;
    const isGiven = how === "pass" && after.length === 0;
    return {
      grip: "none",
      runs: [],
      uses: {
        of,
        member: isGiven ? "*" : isSet ? `set ${method}` : "new",
        callsMade: false,
      },
    };
  }
  if (first.endsWith("()")) {
    return {
      grip: "none",
      runs: [],
      uses: {
        of,
        member: `static ${first.slice(0, -2)}`,
        callsMade: callsMade(rest),
      },
    };
  }
  return rest.length === 0
    ? how === "write" ? WRITE : NONE
    : judgeUnknown(rest[0], rest.slice(1), how);
}

function judgeCollection(
  fact: ExportFact,
  first: string | undefined,
  rest: readonly string[],
  how: Touch["how"],
): Verdict {
  if (first === undefined) return ending(how);
  if (first.endsWith("()")) {
    const method = first.slice(0, -2);
    if (!COLLECTION_READS.has(method)) return WRITE;
    // What `map()` makes and what keys are is not what the collection holds.
    if (MAKING_METHODS.has(method)) return NONE;
    if (fact.plain) {
      return COPYING_METHODS.has(method) ? NONE : judgePlain(rest, how);
    }
    if (COPYING_METHODS.has(method)) return judgeCopy(rest, how);
    return rest.length === 0 && how !== "pass" ? NONE : judgeElement(rest, how);
  }
  if (rest.length === 0) {
    if (how === "write") return WRITE;
    return first === "[]" || /^\d+$/.test(first)
      ? fact.plain || how !== "pass" ? NONE : PASS
      : NONE;
  }
  return fact.plain ? judgePlain(rest, how) : judgeElement(rest, how);
}

/** Inside of a value that holds nothing but primitive values, however deep: it can still be changed. */
function judgePlain(path: readonly string[], how: Touch["how"]): Verdict {
  const isChanged = how === "write" ||
    path.some((step) => step.endsWith("()") && MUTATORS.has(step.slice(0, -2)));
  return isChanged ? WRITE : NONE;
}

/** A copy of a collection: `list.filter(f).sort()` changes nothing but that; its elements are the same. */
function judgeCopy(rest: readonly string[], how: Touch["how"]): Verdict {
  const [first, ...after] = rest;
  if (first === undefined) return ending(how);
  const method = first.endsWith("()") ? first.slice(0, -2) : null;
  return method === null || ELEMENT_METHODS.has(method)
    ? after.length === 0 && how === "write" ? NONE : judgeElement(after, how)
    : judgeCopy(after, how);
}

/** An element of a collection: nobody knows what it is, but reading it does nothing to it. */
function judgeElement(rest: readonly string[], how: Touch["how"]): Verdict {
  const [first, ...after] = rest;
  if (first !== undefined && !first.endsWith("()")) {
    return after.length === 0 && how !== "write"
      ? how === "pass" && !/^(?:length|size)$/.test(first) ? PASS : NONE
      : judgeElement(after, how);
  }
  if (
    first !== undefined && first !== "()" &&
    COLLECTION_READS.has(first.slice(0, -2))
  ) return after.length === 0 ? ending(how) : judgeElement(after, how);
  return first === undefined ? ending(how) : WRITE;
}

function judgeObject(
  fact: ExportFact,
  first: string | undefined,
  rest: readonly string[],
  how: Touch["how"],
): Verdict {
  const isFrozen = fact.kind === "frozen";
  if (first === undefined) return isFrozen ? NONE : ending(how);
  const name = first.replace(/\(\)$/, "");
  if (rest.length === 0 && how === "write" && name === first) {
    return isFrozen ? NONE : WRITE;
  }
  if (fact.plain) return judgePlain([first, ...rest], how);
  const field = fact.fields && Object.hasOwn(fact.fields, name)
    ? fact.fields[name]!
    : UNKNOWN;
  if (field.kind === "re-export" && field.from?.specifier !== undefined) {
    return {
      grip: "none",
      runs: [],
      moves: {
        from: field.from,
        path: name === first ? rest : ["()", ...rest],
        how,
      },
    };
  }
  return judgeTouch(field, name === first ? rest : ["()", ...rest], how);
}

function judgeInstance(
  fact: ExportFact,
  first: string | undefined,
  rest: readonly string[],
  how: Touch["how"],
): Verdict {
  const of = fact.of!;
  if (of.global && STATELESS_CLASSES.has(of.name)) return NONE;
  if (first === undefined) return ending(how);
  if (first.endsWith("()")) {
    const member = first.slice(0, -2);
    if (of.global) return HARMLESS_METHODS.has(member) ? NONE : WRITE;
    // Its own fields may change; only a class without any leaves it at what the method does elsewhere.
    return {
      grip: "write",
      runs: [],
      uses: { of, member, callsMade: callsMade(rest) },
    };
  }
  return judgeUnknown(first, rest, how);
}

function judgeUnknown(
  first: string | undefined,
  rest: readonly string[],
  how: Touch["how"],
): Verdict {
  if (first === undefined) return ending(how);
  if (first.endsWith("()")) {
    return HARMLESS_METHODS.has(first.slice(0, -2))
      ? rest.length === 0 ? NONE : judgeUnknown(rest[0], rest.slice(1), how)
      : WRITE;
  }
  return rest.length === 0
    ? ending(how)
    : judgeUnknown(rest[0], rest.slice(1), how);
}

/** The way of a touch, step by step. Returns the members and calls, in order. */
export function pathOf(touch: Pick<Touch, "member">): readonly string[] {
  return touch.member === undefined ? [] : touch.member.split(".");
}
