/** Lets a module say when its functions begin to wait in a loop or a chain that has no end of its own, and when that is over.
 * @module
 */
import { around, between, type Placed } from "../keep/placed.ts";
import { type Node, one } from "../../plan/analyze/code/nodes.ts";
import { bodyOf } from "./bodies.ts";
import {
  type ChainWait,
  waitingChains,
} from "../../plan/analyze/waits/waiting_chains.ts";
import {
  type Handed,
  handedFunctions,
} from "../../plan/analyze/waits/handed_functions.ts";
import {
  type HandedName,
  handedNames,
} from "../../plan/analyze/waits/handed_names.ts";
import {
  functionsOf,
  type LoadedFunctions,
  type WantedFunctions,
} from "./enter.ts";
import {
  waitingLoops,
  yields,
} from "../../plan/analyze/waits/waiting_loops.ts";

/** The name by which modules say that they wait. */
export const WAIT_KEY = Symbol.for("@flyhot/runtime.wait");

/** The name by which modules say which functions they hand on. */
export const HAND_KEY = Symbol.for("@flyhot/runtime.hand");

/** The name by which modules say which functions of modules they hand on. */
export const NAME_KEY = Symbol.for("@flyhot/runtime.name");

/** A loop or a chain of a module. */
export interface Watched {
  /** The text of the loop, or of the function that leads to itself. */
  readonly text: string;
  /** Where it begins in the text of its module, in characters. */
  readonly start: number;
  /** The name of the function that leads to itself; null for a loop. */
  readonly name: string | null;
  /** Whether it is a loop of a generator, which may be garbage: nobody has to ask it for more. */
  readonly yields: boolean;
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

/** The name by which modules say what they hand on and calls have given to them, if it is a function. */
export const MADE_KEY = Symbol.for("@flyhot/runtime.made");

/** What makes a module tell. */
export interface Watch {
  /** What it tells of, as it is counted. */
  readonly watched: readonly Watched[];
  /** What goes into the text. */
  readonly placed: readonly Placed[];
  /** What goes behind it. */
  readonly end: string;
  /** Its functions that others may hold by their names. */
  readonly functions: LoadedFunctions;
}

const WAIT = "$kept_wait";
const HAND = "$kept_hand";
const NAME = "$kept_name";
const MADE = "$kept_made";
/** Of nothing. */
export const NO_WATCH: Watch = {
  watched: [],
  placed: [],
  end: "",
  functions: {
    names: [],
    exported: new Map(),
    lookedFor: new Set(),
    imported: [],
  },
};

/**
 * Finds the loops and the chains of a module, and the functions that its functions hand on; lets those lead on that are
 * handed on by their names, and those that are wanted.
 */
export function watchWaits(
  text: string,
  program: Node,
  url: string,
  wanted: WantedFunctions | null = null,
): Watch {
  const names = handedNames(program);
  const chains = waitingChains(program);
  const taken = new Set(
    chains.flatMap(({ kind, node }) => kind === "function" ? [node] : []),
  );
  const entered = functionsOf(text, program, url, { names, wanted, taken });
  const handed = new Map(handedFunctions(program).map((it) => [it.node, it]));
  const hand = nameIn(text, HAND);
  const made = nameIn(text, MADE);
  const all: (Watched & Around)[] = [];
  for (const loop of waitingLoops(program)) {
    all.push({
      ...partOf(text, loop, null, yields(loop)),
      ...aroundStatement(loop),
    });
  }
  for (const chain of chains) {
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
  const wait = nameIn(text, WAIT);
  const name = nameIn(text, NAME);
  const fill = (it: string, at: number) =>
    it.replaceAll("WAIT", wait).replaceAll("AT", String(at));
  return {
    watched: all.map(({ text, start, name, yields }) => ({
      text,
      start,
      name,
      yields,
    })),
    placed: [
      ...all.flatMap(({ from, to, open, close }, at) =>
        around({ start: from, end: to }, fill(open, at), fill(close, at))
      ),
      ...[...handed.values()].flatMap(({ node, beside, isUnsure }) =>
        isUnsure
          // What lets the same value be kept goes around this.
          ? around(node, `${made}(`, closeOf(beside)).map((it) => ({
            ...it,
            size: it.size - 0.5,
          }))
          : around(node, `${hand}(`, closeOf(beside))
      ),
      ...names.sites.flatMap((it) => aroundName(text, it, name)),
      ...entered.placed,
    ],
    end: (all.length > 0 ? tellsWaits(wait, url) : "") +
      (handed.values().some((it) => it.isUnsure)
        ? tellsHanded(made, MADE_KEY, url, 'if (typeof value === "function") ')
        : "") +
      (handed.values().some((it) => !it.isUnsure) ||
          all.some(({ open }) => open.startsWith(hand))
        ? tellsHanded(hand, HAND_KEY, url, "")
        : "") +
      (names.sites.length > 0
        ? tellsHanded(
          name,
          NAME_KEY,
          url,
          'if (typeof value === "function" || typeof value === "object") ',
        )
        : "") +
      entered.end,
    functions: entered.functions,
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

function tellsHanded(
  own: string,
  key: symbol,
  url: string,
  only: string,
): string {
  return `\n;function ${own}(value, ...beside) { ${only}globalThis[Symbol.for(${
    JSON.stringify(key.description)
  })]?.(${JSON.stringify(url)}, value, beside); return value; }`;
}

function aroundName(
  text: string,
  { node, isShorthand, beside }: HandedName,
  name: string,
): Placed[] {
  const close = closeOf(beside);
  return isShorthand
    ? [
      between(
        node.end,
        `: ${name}(${text.slice(node.start, node.end)}${close}`,
      ),
    ]
    : around(node, `${name}(`, close);
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
  yields = false,
): Watched {
  return { text: text.slice(start, end), start, name, yields };
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
  const body = bodyOf(text, fn);
  if (!body) return null;
  const { from, to, isExpression } = body;
  const { open, close } = aroundStatement(one(fn, "body")!);
  return isExpression
    ? { from, to, open: ` ${open}return (`, close: `); ${close}` }
    : { from, to, open: open.slice(1), close: close.slice(0, -1) };
}
