/** All that goes into the text of a module as it is loaded, found in its tree; and put in.
 * @module
 */
import {
  isFunction,
  nameOf,
  type Node,
} from "../../plan/analyze/code/nodes.ts";
import { eachChild } from "../../plan/analyze/code/tree.ts";
import type { Keepable } from "../../plan/analyze/keeping/keepable.ts";
import { insertInto, type Insertion } from "../keep/line_map.ts";
import { inOrder } from "../keep/placed.ts";
import { keepingEdits, type More } from "../keep/wrap.ts";
import type { WantedFunctions } from "../left/enter.ts";
import { hiddenClasses } from "../left/hidden_classes.ts";
import { privateFields } from "../left/private_fields.ts";
import { type Watch, watchWaits } from "../left/watch.ts";
import { settable } from "../rebind/settable.ts";
import { type NumberedPlaces, numberedPlaces } from "../started/ran_pieces.ts";

/** What lets functions and classes be set. */
export interface SetEdits extends More {
  /** The exported names that can be set. */
  readonly names: readonly string[];
  /** What is written over the text, each as long as what was there. */
  readonly written: readonly Insertion[];
}

/** What goes into a text, by what it is for; each is there if it was asked for. */
export interface Edits {
  /** What lets values be kept. */
  readonly keep?: More;
  /** What lets functions and classes be set. */
  readonly set?: SetEdits;
  /** What says that functions wait or hand functions on, and shows private fields and classes. */
  readonly watch?: Watch;
  /** Where its functions and classes are, by their numbers. */
  readonly places?: NumberedPlaces;
}

/** What is asked for. */
export interface Wanted extends Readonly<Record<keyof Edits, boolean>> {
  /** Of the functions that are watched, what others want of them; nothing said, nothing. */
  readonly functions?: WantedFunctions | null;
}

/** Finds what goes into a text. */
export function editsOf(
  text: string,
  program: Node,
  url: string,
  wanted: Wanted,
): Edits {
  return {
    ...wanted.keep ? { keep: keepEdits(text, program, url) } : {},
    ...wanted.set ? { set: setEdits(text, program, url) } : {},
    ...wanted.watch
      ? { watch: watchEdits(text, program, url, wanted.functions) }
      : {},
    ...wanted.places ? { places: numberedPlaces(program) } : {},
  };
}

/** Puts it in. Returns the text, and what was inserted in the order of its places. */
export function edited(
  text: string,
  { keep, set, watch }: Edits,
): { readonly source: string; readonly insertions: readonly Insertion[] } {
  const insertions = inOrder([
    ...keep?.placed ?? [],
    ...set?.placed ?? [],
    ...watch?.placed ?? [],
  ]);
  const end = (keep?.end ?? "") + (watch?.end ?? "") + (set?.end ?? "");
  const written = writtenOver(text, set?.written ?? []);
  return {
    source: end === "" ? written : insertInto(written, insertions, end),
    insertions,
  };
}

function keepEdits(text: string, program: Node, url: string): More {
  const captured = new Captured(program);
  const wanted = (it: Keepable) => isWanted(it, captured);
  const { placed, end } = keepingEdits(text, program, url, wanted);
  return { placed, end };
}

function watchEdits(
  text: string,
  program: Node,
  url: string,
  functions: WantedFunctions | null = null,
): Watch {
  const watch = watchWaits(text, program, url, functions);
  const { placed, end } = privateFields(text, program);
  return {
    ...watch,
    placed: [...watch.placed, ...placed],
    end: watch.end + end + hiddenClasses(text, program, url),
  };
}

function setEdits(text: string, program: Node, url: string): SetEdits {
  const found = settable(text, program, url);
  if (!found) return { names: [], written: [], placed: [], end: "" };
  const { names, placed, end } = found;
  return { names, written: differences(text, found.text), placed, end };
}

/** Where two texts of one length differ, and what the second has there. */
function differences(before: string, after: string): Insertion[] {
  const found: Insertion[] = [];
  for (let at = 0; before !== after && at < before.length; at++) {
    if (before[at] === after[at]) continue;
    const from = at;
    while (at < before.length && before[at] !== after[at]) at++;
    found.push({ at: from, text: after.slice(from, at) });
  }
  return found;
}

function writtenOver(text: string, written: readonly Insertion[]): string {
  if (written.length === 0) return text;
  const parts: string[] = [];
  let from = 0;
  for (const { at, text: own } of written) {
    parts.push(text.slice(from, at), own);
    from = at + own.length;
  }
  return parts.join("") + text.slice(from);
}

/** A local that can change costs two closures a call: only what outlives its call by a function inside can be state. */
function isWanted(it: Keepable, captured: Captured): boolean {
  return it.kind !== "local" || it.live === null || captured.has(it.live);
}

/** The names that functions use which they do not declare themselves; in doubt one more. */
class Captured {
  readonly #names = new Set<string>();

  constructor(program: Node) {
    this.#visit(program, 0);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  #visit(node: Node, depth: number): void {
    // Only what is inside of two functions can be the local of one of them.
    if (depth > 1 && node.type === "Identifier") this.#names.add(nameOf(node));
    const inner = isFunction(node) ? depth + 1 : depth;
    eachChild(node, (child) => this.#visit(child, inner));
  }
}
