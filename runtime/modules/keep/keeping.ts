/** Wraps the modules of the app as they are loaded, and knows the text of each as somebody wrote it.
 * @module
 */
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import type { Node } from "../../plan/analyze/code/nodes.ts";
import type { Insertion } from "./line_map.ts";
import { edited, type Edits, editsOf, type Wanted } from "../edits/edits.ts";
import { recordedEdits } from "../edits/edits_record.ts";
import { SettableModules } from "../rebind/settable_modules.ts";
import { Coverage } from "../started/coverage.ts";
import { generations } from "../generations.ts";
import { MovedFunctions } from "../left/moved_functions.ts";
import { mayHideClasses } from "../left/hidden_classes.ts";
import { mayHavePrivate } from "../left/private_fields.ts";
import { NO_WATCH, type Watched } from "../left/watch.ts";
import { mayWait } from "../../plan/analyze/waits/steady.ts";

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
  readonly moved: MovedFunctions = new MovedFunctions(generations);
  #parse: ((source: string) => Node) | null = null;
  #keeps = false;
  #watches = false;
  readonly #texts = new Map<string, WrappedText>();
  readonly #coverage: Coverage;

  /**
   * @param coverage told of what is wrapped
   */
  constructor(coverage: Coverage = new Coverage()) {
    this.#coverage = coverage;
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

  /**
   * Puts into the text of a module what lets its values be kept, its functions be set, and say when they wait.
   *
   * @param text the text
   * @param url its URL
   * @param isSteady whether none of its functions waits
   * @param record what was found in the text by whoever packed it, which saves parsing it
   * @param isFit whether that is known to be of this text
   * @returns the text to evaluate; the same where there is nothing to put in
   */
  wrap(
    text: string,
    url: string,
    isSteady = false,
    record?: string,
    isFit = false,
  ): string {
    const functions = this.#watches ? this.moved.wanted(url) : null;
    const watch = this.#watches &&
      (functions !== null || !isSteady && mayWait(text) ||
        mayHavePrivate(text) || mayHideClasses(text));
    const set = this.settable.isOn;
    const isAsked = this.#keeps || set || watch;
    const wanted = {
      keep: this.#keeps,
      set,
      watch,
      functions,
      places: isAsked && this.#coverage.isOn,
    };
    const edits = isAsked
      ? recordedEdits(record, text, url, wanted, isFit) ??
        this.#found(text, url, wanted)
      : null;
    this.settable.loaded(url, edits?.set?.names ?? []);
    if (!edits) return text;
    this.moved.loaded(url, (edits.watch ?? NO_WATCH).functions);
    const { source, insertions } = edited(text, edits);
    if (insertions.length > 0) {
      const { watched } = edits.watch ?? NO_WATCH;
      this.#texts.set(url, { raw: text, wrapped: source, insertions, watched });
    }
    if (edits.places) {
      this.#coverage.wrapped(url, edits.places, text, insertions);
    }
    return source;
  }

  #found(text: string, url: string, wanted: Wanted): Edits | null {
    const program = this.#parsed(text);
    return program && editsOf(text, program, url, wanted);
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
