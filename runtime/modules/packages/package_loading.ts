/** Packages that come into a running process: made ready without evaluating anything, found again, and watched.
 *
 * A process knows the packages that it started with. An `import()` of an exact version teaches it another one: Deno
 * downloads it and all beneath it. The hook answers that import with an empty module, so that nothing of the package
 * runs before the code that wants it.
 *
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import type { LoadFnOutput, ResolveFnOutput } from "node:module";
import { packageOfUrl } from "../../plan/dependencies/package_urls.ts";
import type { LoadedPackage } from "../../protocol/manifest/plan_fields.ts";

const ASKING = "flyhot:where/";
const NOTHING = "data:text/javascript,";

/** What a specifier leads to. */
export interface Lead {
  /** A URL that can be loaded; null where the process does not know the package. */
  readonly url: string | null;
  /** Why the package does not have it. */
  readonly error?: unknown;
}

interface Question {
  readonly specifier: string;
  readonly parent: string | undefined;
  lead: Lead;
}

/** Which exact packages each exact package was seen to import. */
export type SeenLinks = ReadonlyMap<string, ReadonlySet<string>>;

/** The packages of this process. */
export class PackageLoading {
  /** The exact specifiers that were added since the process started. */
  readonly added: Set<string> = new Set();
  /** What is known of the exact packages among them. */
  readonly known: Map<string, LoadedPackage> = new Map();
  readonly #adding = new Set<string>();
  readonly #asked = new Map<string, Question>();
  #questions = 0;
  readonly #links = new Map<string, Set<string>>();

  /** Makes a package ready: afterwards modules can import it. Throws what Deno says, where it says anything. */
  async add(specifier: string): Promise<void> {
    this.#adding.add(specifier);
    try {
      await import(specifier);
    } finally {
      this.#adding.delete(specifier);
    }
  }

  /**
   * Where a specifier leads in this process. Returns the URL, or why there is none; what the image says, and not what a
   * release does.
   */
  async where(specifier: string, parent?: string): Promise<Lead> {
    const question = `${ASKING}${++this.#questions}`;
    const asked: Question = { specifier, parent, lead: { url: null } };
    this.#asked.set(question, asked);
    await import(question);
    this.#asked.delete(question);
    return asked.lead;
  }

  /** What packages have imported of each other since the process started; what is loaded is not imported again. */
  get links(): SeenLinks {
    return this.#links;
  }

  /** Answers what {@linkcode PackageLoading.where} asks. Returns null where nothing was asked. */
  answer(
    specifier: string,
    resolve: (specifier: string, parent?: string) => ResolveFnOutput,
  ): ResolveFnOutput | null {
    if (!specifier.startsWith(ASKING)) return null;
    const asked = this.#asked.get(specifier);
    if (!asked) return null;
    try {
      const { url } = resolve(asked.specifier, asked.parent);
      // Deno hands back as it is what it knows nothing of.
      asked.lead = { url: /^(?:npm|jsr):/.test(url) ? null : url };
    } catch (error) {
      asked.lead = isUnknown(error) ? { url: null, error } : { url: "", error };
    }
    return { url: NOTHING, shortCircuit: true };
  }

  /** Answers the import by which a package is added. Returns an empty module; null where it is something else. */
  empty(url: string): LoadFnOutput | null {
    return this.#adding.has(url)
      ? { format: "module", source: "export {};", shortCircuit: true }
      : null;
  }

  /** Notes what a package imports. */
  note(parent: string, url: string): void {
    const from = packageOfUrl(parent);
    const to = from === null ? null : packageOfUrl(url);
    if (from === null || to === null || from === to) return;
    let seen = this.#links.get(from);
    if (!seen) this.#links.set(from, seen = new Set());
    seen.add(to);
  }
}

/** Whether Deno does not know the package, and not only what is asked of it. */
function isUnknown(error: unknown): boolean {
  const text = errorText(error);
  return /list of packages|Could not find (?:a matching|npm package|constraint)/
    .test(text);
}
