/** Wraps initializers, so that a value which is there already is taken in the place of a new one.
 *
 * Nothing is put around an initializer that would be a function: `await`, `yield`, `this` and `arguments` mean in it what they meant.
 * @module
 */
import {
  isFunction,
  type Node,
  one,
  unwrap,
} from "../../plan/analyze/code/nodes.ts";
import { eachChild } from "../../plan/analyze/code/tree.ts";
import {
  type Keepable,
  type KeepableNames,
  keepableOf,
} from "../../plan/analyze/keeping/keepable.ts";
import { insertInto, type Insertion } from "./line_map.ts";
import { around, inOrder, type Placed } from "./placed.ts";

/** The name by which modules find the values that are kept. */
export const KEPT_KEY = Symbol.for("@flyhot/runtime.kept");

/** What a module's initializers ask. */
export interface KeptAccess {
  /**
   * Whether a value is to be taken. Where it is not, its initializer runs now; what that begins belongs to the value, if
   * somebody says when it is over: `made()`, or `put()` where nothing waits in between.
   */
  has(name: string, isFollowed?: number): boolean;
  /** Says that an initializer has begun all that it begins by itself; returns what it waits for. */
  made(name: string, value: unknown): unknown;
  /** The value, and how it is read and written later. */
  get(
    name: string,
    read?: () => unknown,
    write?: (value: unknown) => void,
  ): unknown;
  /** Notes a value that was made, and how it is read and written later; returns it. */
  put(
    name: string,
    value: unknown,
    read?: () => unknown,
    write?: (value: unknown) => void,
  ): unknown;
}

/** Gives a module instance access to the values that are kept. */
export type OpenKept = (url: string) => KeptAccess | undefined;

/** A source with wrapped initializers. */
export interface Wrapped {
  /** The source. */
  readonly source: string;
  /** What is wrapped, by name. */
  readonly names: ReadonlyMap<string, Keepable>;
  /** What was put in, in the order of its places. */
  readonly insertions: readonly Insertion[];
  /** What cannot be kept, and why. */
  readonly refused: KeepableNames["refused"];
}

/** What goes into a text. */
export interface More {
  /** Around pieces of it, and between them. */
  readonly placed: readonly Placed[];
  /** Behind it. */
  readonly end: string;
}

/** What goes into a text to keep the values of a module. */
export interface KeepingEdits extends More {
  /** What is wrapped, by name. */
  readonly names: ReadonlyMap<string, Keepable>;
  /** What cannot be kept, and why. */
  readonly refused: KeepableNames["refused"];
}

/** Wraps the initializers of a module. */
export function wrapKept(
  source: string,
  program: Node,
  url: string,
  wanted: (it: Keepable) => boolean,
): Wrapped {
  const { names, refused, placed, end } = keepingEdits(
    source,
    program,
    url,
    wanted,
  );
  const insertions = inOrder(placed);
  const text = end === "" ? source : insertInto(source, insertions, end);
  return { source: text, names, refused, insertions };
}

/** Finds what goes into the text of a module, so that its values can be kept. */
export function keepingEdits(
  source: string,
  program: Node,
  url: string,
  wanted: (it: Keepable) => boolean,
): KeepingEdits {
  const { found, refused } = keepableOf(program);
  const names = new Map([...found].filter(([, it]) => wanted(it)));
  if (names.size === 0) return { names, refused, placed: [], end: "" };
  let own = "$kept";
  while (source.includes(own)) own += "_";
  const key = JSON.stringify(KEPT_KEY.description);
  return {
    names,
    refused,
    placed: placedFor(names, own),
    // A function declaration is there before the first statement of the module: in circles of imports it may be called by
    // then.
    end:
      `\n;function ${own}(given, value) { return given ? value : ${own}.access ??= ` +
      `globalThis[Symbol.for(${key})]?.(${JSON.stringify(url)}) ?? ` +
      `{ has: () => false, made: (_, value) => value, put: (_, value) => value }; }`,
  };
}

function placedFor(
  names: ReadonlyMap<string, Keepable>,
  own: string,
): Placed[] {
  return [...names.values()].flatMap((it) => {
    const name = JSON.stringify(it.name);
    // A parenthesis at the beginning of a statement would call the line before it.
    const call = it.opensStatement ? `${own}(1, ` : "(";
    const waited = it.init ? waitedFor(it.init) : null;
    const isFollowed = waited !== null || it.init && !waits(it.init);
    const open =
      `${it.init ? "" : " = "}${call}${own}().has(${name}${
        isFollowed ? ", 1" : ""
      }) ? ` +
      `${kept(it, own, name)} : ${own}().put(${name}, (` +
      (it.init ? "" : "undefined");
    const close = it.live === null ? ")))" : `), ${accessors(it.live, own)}))`;
    return [
      ...around(it, open, close),
      ...waited ? around(waited, `${own}().made(${name}, (`, "))") : [],
    ];
  });
}

/** The one call that an initializer waits for: all that it does by itself is done when it begins to wait. */
function waitedFor(init: Node): Node | null {
  const at = unwrap(init);
  const waited = at.type === "AwaitExpression" ? one(at, "argument") : null;
  return waited && !waits(waited) ? waited : null;
}

/** Whether code waits in the middle, so that others run before it is done. */
function waits(node: Node): boolean {
  if (/^(?:Await|Yield)Expression$/.test(node.type)) return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= !isFunction(child) && waits(child);
  });
  return found;
}

/** Whoever takes a value hands out as well how it is read later. */
function kept({ live }: Keepable, own: string, name: string): string {
  return live === null
    ? `${own}().get(${name})`
    : `${own}().get(${name}, ${accessors(live, own)})`;
}

function accessors(live: string, own: string): string {
  return `() => ${live}, (${own}$) => { ${live} = ${own}$; }`;
}
