/** Lets a module say when its functions begin to wait in a loop or a chain that has no end of its own, and when that is over.
 * @module
 */
import { around, type Placed } from "../keep/placed.ts";
import { field, many, type Node, one } from "../../plan/analyze/code/nodes.ts";
import {
  type ChainWait,
  waitingChains,
} from "../../plan/analyze/waits/waiting_chains.ts";
import {
  type Handed,
  handedFunctions,
} from "../../plan/analyze/waits/handed_functions.ts";
import { waitingLoops } from "../../plan/analyze/waits/waiting_loops.ts";

/** The name by which modules say that they wait. */
export const WAIT_KEY = Symbol.for("@flyhot/runtime.wait");

/** The name by which modules say which functions they hand on. */
export const HAND_KEY = Symbol.for("@flyhot/runtime.hand");

/** A loop or a chain of a module. */
export interface Watched {
  /** The text of the loop, or of the function that leads to itself. */
  readonly text: string;
  /** Where it begins in the text of its module, in characters. */
  readonly start: number;
  /** The name of the function that leads to itself; null for a loop. */
  readonly name: string | null;
}

/** A wait that has begun. */
export interface Wait {
  /** It is over. */
  end(): void;
  /** It is over when a promise settles; returns the promise. */
  promise<T>(value: T): T;
  /** It is over when a function is called; returns one to call. */
  given<T>(value: T): T;
  /** As `given`, where nobody waits any more for who gives it; else there is no wait. */
  later<T>(value: T): T;
}

/** Told that a wait begins. */
export type BeginWait = (url: string, at: number) => Wait;

/** Told of a function that is handed on, or of what has such functions in it, and of what may call it. */
export type Hand = (
  url: string,
  value: unknown,
  beside: readonly unknown[],
) => void;

/** What makes a module tell. */
export interface Watch {
  /** What it tells of, as it is counted. */
  readonly watched: readonly Watched[];
  /** What goes into the text. */
  readonly placed: readonly Placed[];
  /** What goes behind it. */
  readonly end: string;
}

const WAIT = "$kept_wait";
const HAND = "$kept_hand";
/** Of nothing. */
export const NO_WATCH: Watch = { watched: [], placed: [], end: "" };

/** Finds the loops and the chains of a module, and the functions that its functions hand on. */
export function watchWaits(text: string, program: Node, url: string): Watch {
  const handed = new Map(handedFunctions(program).map((it) => [it.node, it]));
  const hand = nameIn(text, HAND);
  const all: (Watched & Around)[] = [];
  for (const loop of waitingLoops(program)) {
    all.push({ ...partOf(text, loop, null), ...aroundStatement(loop) });
  }
  for (const chain of waitingChains(program)) {
    const around = aroundChain(text, chain);
    if (!around) continue;
    const isWhole = around.from === chain.node.start &&
      around.to === chain.node.end;
    const both = isWhole ? handed.get(chain.node) : undefined;
    if (both) handed.delete(chain.node);
    all.push({
      ...partOf(text, chain.fn, chain.name),
      ...both ? aroundBoth(around, both, hand) : around,
    });
  }
  if (all.length === 0 && handed.size === 0) return NO_WATCH;
  const wait = nameIn(text, WAIT);
  const fill = (it: string, at: number) =>
    it.replaceAll("WAIT", wait).replaceAll("AT", String(at));
  return {
    watched: all.map(({ text, start, name }) => ({ text, start, name })),
    placed: [
      ...all.flatMap(({ from, to, open, close }, at) =>
        around({ start: from, end: to }, fill(open, at), fill(close, at))
      ),
      ...[...handed.values()].flatMap(({ node, beside }) =>
        around(node, `${hand}(`, closeOf(beside))
      ),
    ],
    end: (all.length > 0 ? tellsWaits(wait, url) : "") +
      (handed.size > 0 || all.some(({ open }) => open.startsWith(hand))
        ? tellsHanded(hand, url)
        : ""),
  };
}

function nameIn(text: string, name: string): string {
  let own = name;
  while (text.includes(own)) own += "_";
  return own;
}

// Declared functions are there before the first statement of the module.
function tellsWaits(own: string, url: string): string {
  return `\n;function ${own}(at) { return globalThis[Symbol.for(${
    JSON.stringify(WAIT_KEY.description)
  })]?.(${
    JSON.stringify(url)
  }, at) ?? { end() {}, promise: (it) => it, given: (it) => it, later: (it) => it }; }`;
}

function tellsHanded(own: string, url: string): string {
  return `\n;function ${own}(value, ...beside) { globalThis[Symbol.for(${
    JSON.stringify(HAND_KEY.description)
  })]?.(${JSON.stringify(url)}, value, beside); return value; }`;
}

function closeOf(beside: readonly string[]): string {
  return `${beside.map((it) => `, ${it}`).join("")})`;
}

/** What goes around a piece of text; `WAIT` stands for the function that tells, `AT` for what it tells of. */
interface Around {
  readonly from: number;
  readonly to: number;
  readonly open: string;
  readonly close: string;
}

function aroundBoth(
  { from, to, open, close }: Around,
  { beside }: Handed,
  hand: string,
): Around {
  return {
    from,
    to,
    open: `${hand}(${open}`,
    close: close + closeOf(beside),
  };
}

function partOf(
  text: string,
  { start, end }: Node,
  name: string | null,
): Watched {
  return { text: text.slice(start, end), start, name };
}

function aroundStatement({ start, end }: Node): Around {
  return {
    from: start,
    to: end,
    open: "{ const WAITend = WAIT(AT); try { ",
    close: " } finally { WAITend.end(); } }",
  };
}

function aroundChain(text: string, { kind, node }: ChainWait): Around | null {
  if (kind === "function") return aroundBody(text, node);
  return {
    from: node.start,
    to: node.end,
    open: `WAIT(AT).${kind}(`,
    close: ")",
  };
}

/** Around what a function does; null where nobody can tell where that begins. */
function aroundBody(text: string, fn: Node): Around | null {
  const body = one(fn, "body")!;
  if (body.type === "BlockStatement") {
    const { open, close } = aroundStatement(body);
    const { from, to } = insideOf(body);
    return { from, to, open: open.slice(1), close: close.slice(0, -1) };
  }
  // Parentheses around it belong to nobody.
  const before = many(fn, "params").at(-1)?.end ?? fn.start;
  const arrow = /^(?:async\s*\(\s*|[\s,]*)\)?\s*=>/.exec(
    text.slice(before, body.start),
  );
  if (!arrow) return null;
  const { open, close } = aroundStatement(body);
  return {
    from: before + arrow[0].length,
    to: fn.end,
    open: ` ${open}return (`,
    close: `); ${close}`,
  };
}

/** The inside of a block, behind its directives. */
function insideOf(block: Node): { from: number; to: number } {
  const directives = many(block, "body").filter((it) =>
    typeof field(it, "directive") === "string"
  );
  return {
    from: directives.at(-1)?.end ?? block.start + 1,
    to: block.end - 1,
  };
}
