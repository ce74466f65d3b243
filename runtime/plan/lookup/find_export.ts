/** Which module an exported name comes from, through re-exports and `export *`.
 * @module
 */
import type {
  ExportFact,
  ModuleAnalysis,
} from "../../protocol/manifest/module_analysis.ts";
import type { View } from "./views.ts";

/** Where an exported name comes from. */
export type Found =
  /** Declared there. */
  | {
    readonly kind: "here";
    readonly path: string;
    readonly name: string;
    readonly fact: ExportFact;
  }
  /** The namespace of a module. */
  | { readonly kind: "namespace"; readonly path: string }
  /** From outside the app, or from a module that was not analyzed. */
  | { readonly kind: "elsewhere" }
  | { readonly kind: "missing" }
  /** Two `export *` bring different ones. */
  | { readonly kind: "ambiguous"; readonly paths: readonly string[] };

/** A look-up under way, which asks for others: barrels upon barrels are deeper than the stack. */
type Search = Generator<Search, Found, Found>;

const ELSEWHERE: Found = { kind: "elsewhere" };
const MISSING: Found = { kind: "missing" };

/** Looks exported names up in one state of an app, each only once. */
export class ExportFinder {
  readonly #view: View;
  readonly #known = new Map<string, Map<string, Found>>();

  /**
   * @param view the state of the app
   */
  constructor(view: View) {
    this.#view = view;
  }

  /** Finds where a name comes from. Returns where it comes from. */
  find(path: string, name: string): Found {
    const analysis = this.#view.analysis(path);
    const own = analysis && ownOf(analysis, path, name);
    if (own) return own;
    const known = this.#known.get(path)?.get(name);
    if (known) return known;
    const waiting = [this.#find(path, name, new Set())];
    let found = MISSING;
    for (let last = waiting.at(-1); last; last = waiting.at(-1)) {
      const { done, value } = last.next(found);
      if (!done) waiting.push(value);
      else {
        found = value;
        waiting.pop();
      }
    }
    return found;
  }

  /** Whether a module declares an exported name itself, as most do. */
  declares(path: string, name: string): boolean {
    const analysis = this.#view.analysis(path);
    return analysis !== undefined && ownOf(analysis, path, name) !== null;
  }

  /** All that a module exports, by itself and for others. */
  all(path: string): Found[] {
    const names = new Set<string>();
    const seen = new Set([path]);
    for (const at of seen) {
      const { exports = {}, stars = [] } = this.#view.analysis(at) ?? {};
      for (const name of Object.keys(exports)) {
        if (at === path || name !== "default") names.add(name);
      }
      for (const specifier of stars) {
        const target = this.#view.resolve(at, specifier);
        if (target !== null) seen.add(target);
      }
    }
    return [...names].map((name) => this.find(path, name));
  }

  *#find(path: string, name: string, seen: Set<string>): Search {
    if (name === "*") return { kind: "namespace", path };
    const known = this.#known.get(path)?.get(name);
    if (known) return known;
    const key = `${path}\n${name}`;
    // `export *` in a circle brings nothing by itself.
    if (seen.has(key)) return MISSING;
    seen.add(key);
    const found = yield* this.#look(path, name, seen);
    seen.delete(key);
    // Inside of a circle a name may only seem to be missing.
    if (found.kind !== "missing" || seen.size === 0) {
      let names = this.#known.get(path);
      if (!names) this.#known.set(path, names = new Map());
      names.set(name, found);
    }
    return found;
  }

  *#look(path: string, name: string, seen: Set<string>): Search {
    const analysis = this.#view.analysis(path);
    if (!analysis) return ofData(path, name);
    if (analysis.commonjs) return ELSEWHERE;
    const fact = analysis.exports && Object.hasOwn(analysis.exports, name)
      ? analysis.exports[name]
      : undefined;
    if (fact?.kind === "re-export" && fact.from) {
      const { specifier, name: inner } = fact.from;
      const target = specifier === undefined
        ? null
        : this.#view.resolve(path, specifier);
      return target === null
        ? ELSEWHERE
        : yield this.#find(target, inner, seen);
    }
    if (fact) return { kind: "here", path, name, fact };
    return name === "default" ? MISSING : yield* this.#star(path, name, seen);
  }

  *#star(path: string, name: string, seen: Set<string>): Search {
    const found: Found[] = [];
    let isOpen = false;
    for (const specifier of this.#view.analysis(path)?.stars ?? []) {
      const target = this.#view.resolve(path, specifier);
      if (target === null) {
        isOpen = true;
        continue;
      }
      const one = yield this.#find(target, name, seen);
      if (one.kind === "elsewhere") isOpen = true;
      else if (one.kind !== "missing") found.push(one);
    }
    const [first] = found;
    if (!first) return isOpen ? ELSEWHERE : MISSING;
    const different = found.find((other) =>
      identity(other) !== identity(first)
    );
    return different
      ? {
        kind: "ambiguous",
        paths: [
          ...new Set(found.flatMap((it) => "path" in it ? [it.path] : [])),
        ],
      }
      : first;
  }
}

/** What a module declares itself, by the facts of it, which are the same from one release to the next. */
const OWN = new WeakMap<ModuleAnalysis, {
  readonly path: string;
  readonly names: Map<string, Found | null>;
}>();

/** What a module declares itself under an exported name; null for nothing. */
function ownOf(
  analysis: ModuleAnalysis,
  path: string,
  name: string,
): Found | null {
  let known = OWN.get(analysis);
  if (known?.path !== path) {
    OWN.set(analysis, known = { path, names: new Map() });
  }
  let found = known.names.get(name);
  if (found === undefined) {
    const { exports, commonjs } = analysis;
    const fact = exports && !commonjs && Object.hasOwn(exports, name)
      ? exports[name]!
      : null;
    found = fact === null || fact.kind === "re-export" && fact.from
      ? null
      : { kind: "here", path, name, fact };
    known.names.set(name, found);
  }
  return found;
}

function identity(found: Found): string {
  return found.kind === "here"
    ? `${found.path}\n${found.fact.local ?? found.name}`
    : found.kind === "namespace"
    ? `${found.path}\n*`
    : found.kind;
}

/** What is not code exports its value as default; of a script that was not analyzed nothing is known. */
function ofData(path: string, name: string): Found {
  if (!/\.jsonc?$/.test(path)) return ELSEWHERE;
  return name === "default"
    ? { kind: "here", path, name, fact: { kind: "object", plain: true } }
    : MISSING;
}
