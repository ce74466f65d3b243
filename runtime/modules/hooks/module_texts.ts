/** The texts of loaded modules, as Deno evaluates them.
 * @module
 */

/** How types are gone from a text: blanked out, or as Deno transpiles it. */
export type Way = "blanked" | "transpiled";

/** What is known of the texts of module instances, by their URLs. */
export class ModuleTexts {
  readonly #texts = new Map<string, string>();
  readonly #others = new Map<string, string | null>();
  /** In which ways texts of this process are written: of all of one way, none is made in the other. */
  readonly #ways = new Set<Way>();
  readonly #otherwise: (url: string) => string | null;

  /**
   * @param otherwise gives the text of a module in the other way of writing: types blanked out, or transpiled away; null
   * where it has none
   */
  constructor(otherwise: (url: string) => string | null) {
    this.#otherwise = otherwise;
  }

  /** The text of a module. Returns the text, or undefined if it is not known. */
  of(url: string): string | undefined {
    return this.#texts.get(url);
  }

  /** Notes the text of a module, and how it is written. */
  note(url: string, text: string, way: Way): void {
    this.#texts.set(url, text);
    this.#ways.add(way);
  }

  /** Tells whether a piece of text is in modules, in either way of writing. Returns true if one of them has it. */
  has(piece: string, isOf: (url: string) => boolean): boolean {
    const urls = [...this.#texts.keys()].filter(isOf);
    return urls.some((url) => this.#texts.get(url)!.includes(piece)) ||
      this.#ways.size > 1 &&
        urls.some((url) => this.#other(url)?.includes(piece) === true);
  }

  /** The modules in whose text as it was evaluated a piece is: where it is that of a function, those that may have made it. */
  holders(piece: string, isOf: (url: string) => boolean): string[] {
    const found: string[] = [];
    for (const [url, text] of this.#texts) {
      if (isOf(url) && text.includes(piece)) found.push(url);
    }
    return found;
  }

  /** Forgets modules. */
  keep(isKept: (url: string) => boolean): void {
    for (const known of [this.#texts, this.#others]) {
      for (const url of known.keys()) if (!isKept(url)) known.delete(url);
    }
  }

  #other(url: string): string | null {
    let text = this.#others.get(url);
    if (text === undefined) this.#others.set(url, text = this.#otherwise(url));
    return text;
  }
}
