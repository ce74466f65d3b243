/** What the app or the deployer has consented to, and which of it was of use.
 * @module
 */

/** Consents by their exact text. */
export class Consents {
  readonly #given: ReadonlySet<string>;
  readonly #used = new Set<string>();

  /**
   * @param given the texts, from `deno.json` and from `--consent`
   */
  constructor(given: Iterable<string>) {
    this.#given = new Set(given);
  }

  /**
   * Whether something is consented to; notes that it was asked for.
   *
   * @param text the exact text
   * @returns true if so
   */
  take(text: string): boolean {
    if (!this.#given.has(text)) return false;
    this.#used.add(text);
    return true;
  }

  /** What was of use. */
  get used(): readonly string[] {
    return [...this.#used];
  }

  /**
   * What matched nothing. Which servers the new code opens only the machine can know.
   *
   * @param holders the holders and families that run; which of them is lost is decided once the new code has declared its own
   * @returns the texts
   */
  unused(holders: Readonly<Record<string, unknown>>): readonly string[] {
    return [...this.#given].filter((text) => {
      if (this.#used.has(text) || text.startsWith("server:")) return false;
      const [, holder] = /^holder:(.+)$/.exec(text) ?? [];
      return holder === undefined || !Object.hasOwn(holders, holder);
    });
  }
}
