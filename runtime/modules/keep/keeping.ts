/** Wraps the modules of the app as they are loaded, and knows the text of each as somebody wrote it.
 * @module
 */
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import {
  isFunction,
  nameOf,
  type Node,
} from "../../plan/analyze/code/nodes.ts";
import { eachChild } from "../../plan/analyze/code/tree.ts";
import type { Keepable } from "../../plan/analyze/keeping/keepable.ts";
import type { Insertion } from "./line_map.ts";
import { settable } from "../rebind/settable.ts";
import { SettableModules } from "../rebind/settable_modules.ts";
import { Coverage } from "../started/coverage.ts";
import { Generations } from "../generations.ts";
import { MovedFunctions } from "../left/moved_functions.ts";
import { NO_WATCH, type Watched, watchWaits } from "../left/watch.ts";
import { mayWait } from "../../plan/analyze/waits/steady.ts";
import { wrapKept } from "./wrap.ts";

interface WrappedText {
  readonly raw: string;
  readonly wrapped: string;
  readonly insertions: readonly Insertion[];
  readonly watched: readonly Watched[];
}

/** What every text that was wrapped has in it. */
const MARK = "$kept";

/** The wrapping of a process: nothing is wrapped until the parser is there. */
export class Keeping {
  /** The instances whose functions and classes can be set from outside. */
  readonly settable: SettableModules = new SettableModules();
  /** The functions that somebody may hold by their names. */
  readonly moved: MovedFunctions;
  #parse: ((source: string) => Node) | null = null;
  #keeps = false;
  #watches = false;
  readonly #texts = new Map<string, WrappedText>();
  readonly #coverage: Coverage;

  /**
   * @param coverage told of what is wrapped
   * @param moved told of functions that may be handed on by their names
   */
  constructor(
    coverage: Coverage = new Coverage(),
    moved: MovedFunctions = new MovedFunctions(new Generations()),
  ) {
    this.#coverage = coverage;
    this.moved = moved;
  }

  /** Whether modules are wrapped. */
  get isOn(): boolean {
    return this.#keeps;
  }

  /** Loads the parser, without lines: each module passes it at every start. What is loaded from now on is wrapped. */
  async start(): Promise<void> {
    await this.startWatching();
    this.#keeps = true;
  }

  /** Loads the parser, and lets what is loaded from now on say when it waits without an end of its own. */
  async startWatching(): Promise<void> {
    this.#parse ??= await acornParser(false);
    this.#watches = true;
  }

  /** Loads the parser, and lets functions and classes be set in what is loaded from now on. */
  async startRebinding(): Promise<void> {
    this.#parse ??= await acornParser(false);
    this.settable.isOn = true;
  }

  /** Wraps the initializers of a module. Returns the text to evaluate; the same where there is nothing to wrap. */
  wrap(text: string, url: string, isSteady = false): string {
    const wanted = this.#watches ? this.moved.wanted(url) : null;
    const watches = this.#watches &&
      (wanted !== null || !isSteady && mayWait(text));
    const program = this.#keeps || this.settable.isOn || watches
      ? this.#parsed(text)
      : null;
    const set = this.settable.isOn && program
      ? settable(text, program, url)
      : null;
    this.settable.loaded(url, set?.names ?? []);
    if (!program) return text;
    const watch = watches ? watchWaits(text, program, url, wanted) : NO_WATCH;
    this.moved.loaded(url, watch.functions);
    const captured = this.#keeps ? new Captured(program) : null;
    const { source, insertions } = wrapKept(
      set?.text ?? text,
      program,
      url,
      (it) => captured !== null && isWanted(it, captured),
      {
        placed: [...set?.placed ?? [], ...watch.placed],
        end: watch.end + (set?.end ?? ""),
      },
    );
    if (insertions.length > 0) {
      const { watched } = watch;
      this.#texts.set(url, { raw: text, wrapped: source, insertions, watched });
    }
    this.#coverage.wrapped(url, program, text, insertions);
    return source;
  }

  #parsed(text: string): Node | null {
    try {
      return this.#parse?.(text) ?? null;
    } catch (error) {
      // Whatever Deno takes and the parser does not is left as it is; so is what neither takes.
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** A loop or chain of a module, and the text that it is in; null where nobody knows it any more. */
  watched(
    url: string,
    at: number,
  ): { readonly watched: Watched; readonly raw: string } | null {
    const text = this.#texts.get(url);
    const watched = text?.watched[at];
    return text && watched ? { watched, raw: text.raw } : null;
  }

  /** The text of a function as somebody wrote it. */
  plain(text: string): string {
    if (!text.includes(MARK)) return text;
    for (const { raw, wrapped, insertions } of this.#texts.values()) {
      const at = wrapped.indexOf(text);
      if (at === -1) continue;
      return raw.slice(
        rawOffset(at, insertions),
        rawOffset(at + text.length, insertions),
      );
    }
    return text;
  }

  /** Forgets the texts of modules. */
  forget(isWanted: (url: string) => boolean): void {
    for (const url of this.#texts.keys()) {
      if (!isWanted(url)) this.#texts.delete(url);
    }
  }
}

function rawOffset(at: number, insertions: readonly Insertion[]): number {
  let shift = 0;
  for (const { at: place, text } of insertions) {
    if (place + shift + text.length > at) break;
    shift += text.length;
  }
  return at - shift;
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
