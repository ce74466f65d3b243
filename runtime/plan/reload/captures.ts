/** Which modules hold something of a module that is replaced, so that they have to be evaluated with it; all others meet the new code by its variables.
 *
 * Whatever is not known to be harmless counts as held.
 *
 * @module
 */
import type { Steps } from "../../base/in_slices.ts";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import type {
  ImportedClass,
  ImportUse,
} from "../../protocol/manifest/rebind_facts.ts";
import { ExportFinder } from "../lookup/find_export.ts";
import type { UsesOfView } from "./uses/import_uses.ts";
import type { Entry } from "./uses/uses_by_place.ts";
import { type UsesInput, usesOfBoth } from "./uses/uses_of_both.ts";
import type { View } from "../lookup/views.ts";
import { isFollowed, isSameIfMadeNow } from "./instances/followed.ts";

/** Why a module is evaluated with one that it imports. */
export interface Capture {
  /** What of it is held; empty for the module as a whole. */
  readonly name: string;
  /** Ends a sentence that begins with the importer: `passes it on`. */
  readonly why: string;
  /** The line in the importer, from 1; 0 for none. */
  readonly line: number;
  /** The column, from 1; 0 for none. */
  readonly column: number;
}

/** What is known for finding captures. */
export interface CapturesInput extends UsesInput {
  /** The exports whose variables can be set in every instance of a module, by its path. */
  readonly rebinds: Readonly<Record<string, readonly string[]>>;
  /** Tells which module it is whose default export is served, and that nobody imports; null for none. Default none. */
  readonly served?: () => string | null;
  /** What a module imports by `import()`. */
  readonly dynamic: (path: string) => readonly string[];
}

/** Finds who holds what. */
export class Captures {
  readonly #input: CapturesInput;
  /** How the modules use each other, now and in the release. */
  readonly views: readonly UsesOfView[];
  readonly #whyNot = new Map<string, string | null>();

  /**
   * @param input the app
   * @param views how its modules use each other, now and in the release
   */
  constructor(input: CapturesInput, views: readonly UsesOfView[]) {
    this.#input = input;
    this.views = views;
  }

  /** Why a module has to be evaluated with one that it imports; null where it meets the new one by itself. */
  ofEdge(importer: string, path: string): Capture | null {
    return this.ofImport(importer, path) ?? this.ofUses(importer, path);
  }

  /** What an import holds of another module, whatever it uses of it. */
  ofImport(importer: string, path: string): Capture | null {
    const whole = (why: string): Capture => ({
      name: "",
      why,
      line: 0,
      column: 0,
    });
    for (const dynamic of this.#input.dynamic(importer)) {
      if (dynamic === path) return whole("imports it while it runs");
    }
    for (const { view } of this.views) {
      const analysis = view.analysis(importer);
      if (!analysis?.rebind || analysis.commonjs) {
        return whole("is not known to let go of it");
      }
      const edge = edgeCapture(importer, path, analysis, view);
      if (edge) return edge;
    }
    return null;
  }

  /** Why a module that uses something of another one, be it through others, has to be evaluated with it; else null. */
  ofUses(importer: string, path: string): Capture | null {
    for (const uses of this.views) {
      for (const entry of uses.of(path, importer)) {
        const why = this.#judge(entry, path, uses);
        if (why === null) continue;
        const { name, line, column } = entry.use;
        return { name, why, line, column };
      }
    }
    return null;
  }

  /** All that use something of a module, be it through others. */
  usersOf(path: string): Set<string> {
    return new Set(this.views.flatMap((uses) => [...uses.usersOf(path)]));
  }

  /** The names of a module that another one uses. */
  namesOf(importer: string, path: string): string[] {
    return this.views.flatMap((uses) =>
      uses.of(path, importer).filter(({ found }) =>
        found.kind === "here" && found.path === path
      ).map(({ found }) => found.kind === "here" ? found.name : "")
    );
  }

  /** Whether what a use gives is held, but by nobody of its module: whoever has instances of that one's classes is asked. */
  isInside({ use, found }: Entry, path: string): boolean {
    return use.inside === true && found.kind === "here" &&
      found.path === path && !this.#isGivenOn(path, found.name);
  }

  /** Whether any module may keep what a method of a class gives. */
  #isGivenOn(path: string, name: string): boolean {
    return this.views.some((it) => it.holdsOf(path, name));
  }

  /** Whether a use leads elsewhere in the other view. */
  isElsewhere({ by, use, found }: Entry, uses: UsesOfView): boolean {
    return this.views.some((other) => {
      if (other === uses || !other.knows(by)) return false;
      const there = other.find(by, use);
      return found.kind !== "here" || there?.kind !== "here" ||
        there.path !== found.path || there.name !== found.name;
    });
  }

  #judge(entry: Entry, path: string, uses: UsesOfView): string | null {
    const { use, found } = entry;
    if (found.kind !== "here") {
      return use.how === "value" && use.why ? use.why : "uses it as a whole";
    }
    if (this.isElsewhere(entry, uses)) return "gets it from elsewhere then";
    // It only passes through: judged when that is replaced which it comes from.
    if (found.path !== path) {
      return use.how === "export" ? "passes it on" : null;
    }
    if (use.how === "value") return this.#whyNotServed(entry, path);
    if (use.how === "export") return "passes it on";
    const fate = uses.fateOf(entry);
    const isInside = this.isInside(entry, path);
    const kept = isInside ? null : this.#whyKept(entry, path, fate);
    if (kept !== null) return kept;
    if (
      use.how === "new" && fate !== undefined &&
      this.#isGivenOn(path, found.name)
    ) return "may keep what its methods give";
    if (uses.hasRun(entry)) return "may run it while modules are evaluated";
    return this.#whyNotSet(path, found.name) ??
      (isInside ? null : this.#whyNotLeft(path, found.name, use, fate)) ??
      this.#whyNotUsed(path, found.name, use, fate);
  }

  /** Why what a use gives is not what it would give now; null if it is. */
  whyHeld(entry: Entry, path: string, uses: UsesOfView): string | null {
    const { use, found } = entry;
    const fate = uses.fateOf(entry);
    if (found.kind !== "here") return null;
    return this.#whyKept(entry, path, fate) ??
      this.#whyNotLeft(path, found.name, use, fate);
  }

  /** Why a module keeps what it would make in another way; null if it does not. */
  #whyKept(
    { use, found }: Entry,
    path: string,
    fate: ImportUse["fate"],
  ): string | null {
    if (fate !== "held" || found.kind !== "here") return null;
    const { running, release } = this.#input;
    const analyses = [running, release].map((view) => view.analysis(path));
    return isSameIfMadeNow(use, found.name, analyses)
      ? null
      : "keeps what it gives";
  }

  /**
   * What a use leaves with whoever has its result. What it leaves elsewhere, the machine looks for: it is there whether
   * this module is evaluated or not. A result that is gone soon leaves nothing with this one.
   */
  #whyNotLeft(
    path: string,
    name: string,
    { how }: ImportUse,
    fate: ImportUse["fate"],
  ): string | null {
    if (fate === undefined && how !== "test") return null;
    const { running, release } = this.#input;
    const now = running.analysis(path)!, next = release.analysis(path)!;
    const left = now.rebind!.leaves![name]!;
    if (left.data) return null;
    if (left.functions) return "may hold functions that it has made";
    const makes = new Set(left.makes);
    const { kind, class: own = name } = now.exports![name]!;
    if (kind === "class") makes.add(own);
    // One that is plainly made is plainly given what it lacks.
    const isPlain = how === "new" &&
      [now, next].every((analysis) => analysis.rebind!.leaves![name]!.plain);
    for (const it of makes) {
      if (!isFollowed(it, now, next, isPlain && it === own)) {
        return `may hold instances of ${it}, which is made in another way`;
      }
    }
    for (const it of left.imports ?? []) {
      if (!this.#isImportFollowed(path, it)) {
        return `may hold instances of ${it.name}, which is made in another way`;
      }
    }
    return null;
  }

  /** Why a value stays what it was; null where the machine puts its successor in its place. */
  #whyNotServed({ use, found, by }: Entry, path: string): string | null {
    const why = use.why ?? "uses its value";
    const { served, running } = this.#input;
    const isServed = use.serves === "call" ||
      use.serves === "default" && by === served?.();
    if (!isServed || found.kind !== "here") return why;
    return this.#whyNotSet(path, found.name) ??
      (running.analysis(path)!.exports![found.name]!.kind === "function"
        ? null
        : why);
  }

  /** What a use asks of what is used. */
  #whyNotUsed(
    path: string,
    name: string,
    { how }: ImportUse,
    fate: ImportUse["fate"],
  ): string | null {
    const { running } = this.#input;
    const { exports = {}, rebind } = running.analysis(path)!;
    if (exports[name]!.kind === "class") {
      return how === "call" || how === "member" && fate
        ? "keeps what it gives"
        : null;
    }
    if (how !== "call") return "uses it as more than a function";
    return fate === "passed" && !rebind?.leaves?.[name]?.data
      ? "passes on what it gives"
      : null;
  }

  /** Why the variable behind an export cannot simply be set; null if it can. */
  #whyNotSet(path: string, name: string): string | null {
    const key = `${path}\n${name}`;
    let why = this.#whyNot.get(key);
    if (why === undefined) {
      why = this.#findWhyNot(path, name);
      this.#whyNot.set(key, why);
    }
    return why;
  }

  /** Whether instances of an imported class are what its successor would have made. */
  #isImportFollowed(by: string, { specifier, name }: ImportedClass): boolean {
    const { running, release } = this.#input;
    const target = running.resolve(by, specifier);
    const found = target === null
      ? null
      : new ExportFinder(running).find(target, name);
    if (found?.kind !== "here" || found.fact.kind !== "class") return false;
    const now = running.analysis(found.path),
      next = release.analysis(found.path);
    const of = found.fact.class ?? found.name;
    return now !== undefined && next !== undefined && isFollowed(of, now, next);
  }

  #findWhyNot(path: string, name: string): string | null {
    const { running, release, rebinds } = this.#input;
    const settable = Object.hasOwn(rebinds, path) ? rebinds[path]! : [];
    const now = running.analysis(path), next = release.analysis(path);
    const kinds = new Set<string>();
    for (const it of [now, next]) {
      const fact = it?.exports && Object.hasOwn(it.exports, name)
        ? it.exports[name]!
        : undefined;
      if (!it || !fact || !it.rebind?.leaves?.[name]) {
        return "uses what is neither a function nor a class";
      }
      if (fact.reassigned) return "uses what is assigned later";
      if ((it.globals ?? []).length > 0) {
        return "may depend on what it sets outside of all modules";
      }
      kinds.add(fact.kind);
    }
    const [kind, other] = kinds;
    if (other || kind !== "function" && kind !== "class") {
      return "uses what is neither a function nor a class";
    }
    if (!settable.includes(name)) return "uses what cannot be set from outside";
    return null;
  }
}

/** Looks at how all modules use each other. */
export function* capturesOf(input: CapturesInput): Steps<Captures> {
  return new Captures(input, yield* usesOfBoth(input));
}

/** What an import holds without a use of it in the text. */
function edgeCapture(
  importer: string,
  path: string,
  { imports = [] }: ModuleAnalysis,
  view: View,
): Capture | null {
  const own = imports.filter(({ specifier, dynamic }) =>
    !dynamic && view.resolve(importer, specifier) === path
  );
  const at = own[0]?.line ?? 0;
  const held = (why: string): Capture => ({
    name: "",
    why,
    line: at,
    column: 0,
  });
  if (own.length === 0) {
    // In this view it may not import it at all.
    return view.imports(importer).includes(path)
      ? held("imports it in a way that its text does not show")
      : null;
  }
  for (const { names, locals = [] } of own) {
    if (!names || names.length === 0) return held("imports it for its effects");
    if (locals.includes("")) return held("passes it on");
  }
  return null;
}
