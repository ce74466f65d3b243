/** The source of module instances: that of the current release, prepared for what the runtime wants to know of them.
 * @module
 */
import type { LoadFnOutput, LoadHookContext, ModuleSource } from "node:module";
import type { Edges } from "./edges.ts";
import type { Keeping } from "../keep/keeping.ts";
import type { ModuleTable } from "../module_table.ts";
import type { ModuleTexts } from "./module_texts.ts";
import {
  asMain,
  atPlace,
  withClasses,
  withEvaluation,
  withResolve,
  withThreads,
} from "./module_source.ts";
import { plainContext } from "./hooked_import.ts";
import { attemptOf, fileOf, placeOf } from "../module_urls.ts";
import type { OutsideUse } from "./outside_use.ts";
import { nativeRequire } from "../packages/native_require.ts";
import type { PackageLoading } from "../packages/package_loading.ts";
import type { Coverage } from "../started/coverage.ts";
import type { StandIns } from "../packages/stand_ins.ts";
import type { TextFacts } from "./text_facts.ts";
import {
  isText,
  type ReadScript,
  textOf,
  type Transpiling,
} from "./transpiling.ts";

/** A main module that the hooks see. */
export interface SeenMain {
  /** Its place. */
  readonly url: string;
  /** Whether Deno itself takes it for the main module. */
  readonly isNative: boolean;
}

/** Marks a URL that is imported so that a load is seen. */
export const LEARNING = "?flyhot-load=";

/** A path of a script. */
export const SCRIPT = /\.m?[jt]sx?$/;

/** What is known of the modules of this process. */
export interface Loading {
  /** The table of current instances; null until the app root is known. */
  readonly table: ModuleTable | null;
  /** The main module, where the hooks see it. */
  readonly main: SeenMain | null;
  /** Instances that tell when their evaluation has come to its end, and have not yet. */
  readonly unevaluated: ReadonlySet<string>;
  /** What imports get in the place of the platform's modules. */
  readonly standIns: StandIns;
  /** How initializers are wrapped. */
  readonly keeping: Keeping;
  /** What evaluations have run. */
  readonly coverage: Coverage;
  /** The packages that came in since the process started. */
  readonly packages: PackageLoading;
  /** What is known of the texts of modules before they are loaded. */
  readonly textFacts: TextFacts;
  /** Whether a module is of the app. */
  concerns(url: string): boolean;
  /** Where the image's own file is. */
  imageFile(file: string): string;
  /** Where the image's own file is, of a path that something else lies over; null where it has none. */
  originalFile(path: string): string | null | undefined;
}

/** What is noted of the modules that are loaded. */
export interface Noted {
  /** Who imported what. */
  readonly edges: Edges;
  /** What `require` and strangers have got. */
  readonly outside: OutsideUse;
  /** What Deno makes of scripts. */
  readonly transpiling: Transpiling;
  /** The texts of current instances. */
  readonly texts: ModuleTexts;
}

/** Supplies the source of every module that is loaded. */
export class LoadHook {
  readonly #loading: Loading;
  readonly #edges: Edges;
  readonly #outside: OutsideUse;
  readonly #transpiling: Transpiling;
  readonly #texts: ModuleTexts;

  /**
   * @param loading what is known of the modules of this process
   * @param noted takes what is seen
   */
  constructor(loading: Loading, noted: Noted) {
    this.#loading = loading;
    this.#edges = noted.edges;
    this.#outside = noted.outside;
    this.#transpiling = noted.transpiling;
    this.#texts = noted.texts;
  }

  /** Answers for a module instance. */
  load(
    url: string,
    told: LoadHookContext,
    next: (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput,
  ): LoadFnOutput {
    const context = plainContext(told);
    const empty = this.#loading.packages.empty(url);
    if (empty) return empty;
    const isRequired = context.conditions?.includes("require") === true;
    const concerns = this.#loading.concerns(url);
    // What it has loaded, `require` gives out again and again.
    if (isRequired && concerns) {
      this.#outside.addRequired(url, this.#loading.table);
    }
    const native = nativeRequire(url, context.conditions);
    if (native !== null) {
      if (concerns) this.#edges.addLoaded(url);
      return { format: "commonjs", source: native, shortCircuit: true };
    }
    this.#transpiling.learn(context, next);
    if (url.includes(LEARNING)) {
      return { format: "module", source: "export {};", shortCircuit: true };
    }
    const standIn = this.#loading.standIns.load(url);
    if (standIn !== null) return standIn;
    if (!concerns) {
      const loaded = next(url, context);
      return isReadByDeno(url, context) ? byDeno(loaded) : ofPackage(loaded);
    }
    const current = this.#currentMain(url);
    if (current !== null) {
      const source = `import ${JSON.stringify(current)};`;
      return { format: "module", source, shortCircuit: true };
    }
    // Only code of before that release asks for it by this name, and did not have it.
    if (this.#isLaid(url)) {
      this.#edges.addFailed(url);
      throw Object.assign(new TypeError(`Module not found "${url}".`), {
        code: "ERR_MODULE_NOT_FOUND",
      });
    }
    const isFirst = !this.#edges.hasLoaded(url);
    this.#edges.addLoaded(url);
    const release = this.#loading.table?.fileOf(url) ?? null;
    const file = this.#loading.imageFile(release ?? fileOf(url));
    const asked = (of: string): LoadFnOutput => {
      const output = next(of, context);
      // Deno says so to whoever imports it; what was loaded before, as something else, goes on.
      if (isFirst && output.source === null) this.#edges.addFailed(url);
      return output;
    };
    if (isReadByDeno(file, context)) return byDeno(asked(file));
    if (release === null && file === fileOf(url) && !isScript(file, context)) {
      return asked(url);
    }
    // Deno reads and transpiles the file of the release; the module keeps the URL of its place.
    const read = this.#transpiling.ahead(file, context) ??
      (isRequired ? null : this.#erased(url, file));
    const loaded = read?.output ?? asked(file);
    if (!isText(loaded.source)) {
      if (release === null) return next(url, context);
      // Deno keeps to itself why; imported by its own name, the file says it with line and column.
      const source = `import ${JSON.stringify(file)};`;
      return { format: "module", source, shortCircuit: true };
    }
    if (!isScript(file, context)) return { ...loaded, shortCircuit: true };
    const text = withThreads(textOf(loaded.source));
    this.#texts.note(url, text, read?.way ?? "transpiled");
    // First of all: the others put text at places that the parser would not know.
    if (isRequired) this.#loading.keeping.settable.loaded(url, []);
    const kept = isRequired ? text : this.#loading.keeping.wrap(
      text,
      url,
      this.#loading.textFacts.isSteady(url),
      this.#loading.textFacts.editsOf(url),
      read?.isFit,
    );
    const tells = this.#loading.unevaluated.has(url);
    let source = withClasses(kept, url, tells, text);
    if (this.#loading.main !== null && !isRequired) {
      source = withEvaluation(source, url);
    }
    if (release !== null) source = atPlace(source, placeOf(url));
    if (release !== null && text.includes("import.meta.resolve")) {
      source = withResolve(source, url);
    }
    if (this.#isToldMain(url)) source = asMain(source);
    if (!isRequired) this.#loading.coverage.loaded(url, kept, source);
    return { ...loaded, source, shortCircuit: true };
  }

  /** The text of an instance with its types blanked out; null where Deno has to transpile it. */
  #erased(url: string, file: string): ReadScript | null {
    const { textFacts } = this.#loading;
    const erased = textFacts.isErasable(url)
      ? this.#transpiling.erased(file, textFacts.editsOf(url))
      : null;
    if (erased === null || erased.isFit) return erased;
    return textFacts.isPrepared(url, textOf(erased.output.source!))
      ? erased
      : null;
  }

  /** Whether a URL is that of a place where the image has no file, and a release has laid one. */
  #isLaid(url: string): boolean {
    const { table, originalFile } = this.#loading;
    const path = attemptOf(url) === null ? table?.pathOf(url) ?? null : null;
    return path !== null && originalFile(path) === null;
  }

  /** Whether an instance of the main module has to be told that it is that. */
  #isToldMain(url: string): boolean {
    const { main } = this.#loading;
    return main !== null && placeOf(url) === main.url &&
      !(main.isNative && url === main.url);
  }

  /** The instance that stands for the main module, where Deno asks for it by its place and a release has brought another. */
  #currentMain(url: string): string | null {
    const { main, table } = this.#loading;
    if (!main?.isNative || url !== main.url || !table) return null;
    const current = table.current(url);
    return current === url || this.#edges.hasLoaded(current) ? null : current;
  }
}

/** A package may start workers on behalf of the app. */
function ofPackage(loaded: LoadFnOutput): LoadFnOutput {
  if (typeof loaded.source !== "string") return loaded;
  const source = withThreads(loaded.source);
  return source === loaded.source
    ? loaded
    : { ...loaded, source, shortCircuit: true };
}

/** Deno does not say the format of what it has read. */
function isScript(
  file: string,
  { importAttributes }: LoadHookContext,
): boolean {
  return importAttributes.type === undefined && SCRIPT.test(file);
}

/** Bytes and WebAssembly no hook can give, and as a text Deno would give what it has made of a script. */
function isReadByDeno(
  file: string,
  { importAttributes: { type } }: LoadHookContext,
): boolean {
  return type === "text" || type === "bytes" ||
    type === undefined && /\.wasm$/.test(fileOf(file));
}

/** Lets Deno read the file that was asked for last. */
function byDeno(loaded: LoadFnOutput): LoadFnOutput {
  return {
    ...loaded,
    source: null as unknown as ModuleSource,
    shortCircuit: true,
  };
}
