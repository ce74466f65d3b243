/** What the app or the deployer has consented to, and which of it was of use.
 * @module
 */
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";

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

  /** Whether something is consented to; notes that it was asked for. Returns true if so. */
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
   * What matched nothing. Which of the holders and servers that run are lost is decided once the new code has declared its
   * own.
   */
  unused(
    { holders, addresses }: Pick<RunningManifest, "holders" | "addresses">,
  ): readonly string[] {
    return [...this.#given].filter((text) => {
      if (this.#used.has(text)) return false;
      const [, kind, name = ""] = /^(holder|server|timers):(.+)$/s.exec(text) ??
        [];
      // Which timers there are only the machine knows.
      if (kind === "timers") return false;
      if (kind === "holder") return !Object.hasOwn(holders, name);
      if (kind === "server") return addresses?.includes(name) === false;
      return true;
    });
  }
}
