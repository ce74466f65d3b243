/** How states differ in shape: members that only the newest `state()` has, and members of another kind.
 * @module
 */
import { kindOf } from "../../../state/copy/value_kind.ts";

/** What the newest `state()` has and what is kept has not. */
export interface NewShape {
  /** Members, as `config.limits`. */
  readonly keys: readonly string[];
  /** Members of another kind, in words. */
  readonly kinds: readonly string[];
}

const NOTHING: NewShape = { keys: [], kinds: [] };
const DEPTH_MAX = 8;

/**
 * Finds what a new first state has that neither the old first state nor the running state has: a member, or another
 * kind of value. What was empty in the old first state is a collection, and what is in it is data. Returns what is new;
 * null where a first state cannot be made, and nothing is compared.
 */
export function newShape(
  next: () => unknown,
  before: () => unknown,
  running: unknown,
): NewShape | null {
  let states: [unknown, unknown];
  try {
    states = [next(), before()];
  } catch {
    return null;
  }
  const found = { keys: [] as string[], kinds: [] as string[] };
  compare(states[0], [states[1], running], "", found, new Set());
  return found.keys.length + found.kinds.length === 0 ? NOTHING : found;
}

/** Names what a first state has that a migrated state lacks, or has of another kind. */
export function missingShape(first: unknown, migrated: unknown): NewShape {
  const kinds: string[] = [];
  const other = otherKind(first, migrated);
  if (other) {
    return { keys: [], kinds: [`it is ${other[1]} instead of ${other[0]}`] };
  }
  const [wanted, there] = [membersOf(first), membersOf(migrated)];
  if (!isObject(first) || !wanted || !there) return NOTHING;
  const keys: string[] = [];
  for (const [key, value] of wanted) {
    if (value === undefined) continue;
    const found = sameKey(there, key);
    if (found === undefined) keys.push(nameOf(key));
    else {
      const differs = otherKind(value, there.get(found));
      if (differs) {
        kinds.push(`${nameOf(key)} is ${differs[1]} instead of ${differs[0]}`);
      }
    }
  }
  return { keys, kinds };
}

function compare(
  after: unknown,
  known: readonly unknown[],
  path: string,
  found: { keys: string[]; kinds: string[] },
  seen: Set<unknown>,
): void {
  const kind = shapeOf(after);
  if (kind === null || seen.has(after)) return;
  const kinds = known.map(shapeOf);
  // Nothing, and what belongs to the host, may stand for anything.
  if (kinds.includes(null)) return;
  if (!kinds.includes(kind)) {
    const place = path === "" ? "it" : path;
    found.kinds.push(`${place} is ${kind} in state() and was ${kinds.at(-1)}`);
    return;
  }
  const members = membersOf(after);
  if (!members || seen.size > 1000 || path.split(".").length > DEPTH_MAX) {
    return;
  }
  seen.add(after);
  const others = known.flatMap((it, at) =>
    kinds[at] === kind ? [membersOf(it)!] : []
  );
  const [before] = known;
  // What began empty is filled by the app: its keys are data.
  const isCollection = (path !== "" || kind !== "an object") &&
    !(kinds[0] === kind && membersOf(before)!.size > 0);
  for (const [key, value] of members) {
    const places = others.flatMap((other) => {
      const same = sameKey(other, key);
      return same === undefined ? [] : [other.get(same)];
    });
    const step = nameOf(key);
    const name = path === "" || step.startsWith("[")
      ? path + step
      : `${path}.${step}`;
    if (places.length > 0) compare(value, places, name, found, seen);
    else if (!isCollection) found.keys.push(name);
  }
}

/** The kinds of two values, where one of them is an object or a collection, and the other one is something else. */
function otherKind(
  first: unknown,
  second: unknown,
): [first: string, second: string] | null {
  const [one, other] = [shapeOf(first), shapeOf(second)];
  if (one === null || other === null || one === other) return null;
  const isSimple = !isObject(first) && !isObject(second);
  return isSimple || one === "nothing" || other === "nothing"
    ? null
    : [one, other];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What a value is, in words; null where that says nothing. */
function shapeOf(value: unknown): string | null {
  if (value === undefined) return null;
  if (value === null) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  const kind = kindOf(value);
  switch (kind.kind) {
    case "plain":
      return "an object";
    case "array":
      return "an array";
    case "own":
      return "an instance of a class";
    case "builtin":
      return kind.builtin === "boxed" ? null : `a ${kind.builtin}`;
    case "host":
    case "refused":
      return null;
  }
}

/** The members of plain objects, arrays and Maps; null for anything else. */
function membersOf(value: unknown): ReadonlyMap<unknown, unknown> | null {
  if (!isObject(value)) return null;
  const kind = kindOf(value);
  if (kind.kind === "builtin" && kind.builtin === "Map") {
    return new Map(
      [...value as Map<unknown, unknown>].filter(([key]) => !isObject(key)),
    );
  }
  if (kind.kind !== "plain" && kind.kind !== "array") return null;
  return new Map(
    Reflect.ownKeys(value)
      .filter((key) => kind.kind === "plain" || key !== "length")
      .map((key) => [
        key,
        // Nobody's accessors are run for a comparison.
        Reflect.getOwnPropertyDescriptor(value, key)?.value,
      ]),
  );
}

/** A module that is evaluated again makes other symbols of the same name. */
function sameKey(
  members: ReadonlyMap<unknown, unknown>,
  key: unknown,
): unknown {
  if (members.has(key)) return key;
  if (typeof key !== "symbol") return undefined;
  return [...members.keys()].find((it) =>
    typeof it === "symbol" && it.description === key.description
  );
}

function nameOf(key: unknown): string {
  return typeof key === "symbol" || /^\d+$/.test(String(key))
    ? `[${String(key)}]`
    : String(key);
}
