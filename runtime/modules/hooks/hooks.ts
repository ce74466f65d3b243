/** The hooks into module loading: modules stay at their place, and their source comes from the release that is current.
 * @module
 */
import {
  registerHooks,
  type ResolveFnOutput,
  type ResolveHookContext,
} from "node:module";
import { pathToFileURL } from "node:url";
import { Keeping } from "../keep/keeping.ts";
import { HandedFunctions } from "../left/handed.ts";
import { LeftWaits } from "../left/left_waits.ts";
import {
  inOneGo,
  Slices,
  type Steps,
  stepsInSlices,
} from "../../base/in_slices.ts";
import { Edges, type LoadedModules } from "./edges.ts";
import { unseenOf } from "./unseen.ts";
import { generations } from "../generations.ts";
import { HookedImport } from "./hooked_import.ts";
import type { ModuleTable, StagedTable } from "../module_table.ts";
import {
  attemptOf,
  fileOf,
  instanceUrl,
  placeOf,
  RUNTIME_FOLDER,
} from "../module_urls.ts";
import { type Resolve, RESOLVE_KEY } from "./module_source.ts";
import { REBIND_KEY, type TakeSettable } from "../rebind/settable.ts";
import { Coverage } from "../started/coverage.ts";
import { StandIns } from "../packages/stand_ins.ts";
import { PackageLoading } from "../packages/package_loading.ts";
import { Leads } from "../packages/leads.ts";
import { OutsideUse } from "./outside_use.ts";
import { TextFacts } from "./text_facts.ts";
import { ModuleTexts } from "./module_texts.ts";
import { Transpiling } from "./transpiling.ts";
import { LEARNING, LoadHook, SCRIPT, type SeenMain } from "./load_hook.ts";

/** One call of a `live()` thunk, seen by the hook. */
export interface LiveCall {
  /** The URL of the module whose thunk it is; empty until it imports something. */
  owner: string;
  /** What was imported, as URLs at the place under the root. */
  readonly targets: Set<string>;
}

/** How modules are loaded in this process. */
export class ModuleLoading {
  /** The table of current instances; null until the app root is known, and then every import is left alone. */
  table: ModuleTable | null = null;
  /** The main module, where the hooks see it as they see all others; null where it came before them. */
  main: SeenMain | null = null;
  /** Whether a main module that Deno loads by way of the hooks must have been loaded by now. */
  mainIsDue = false;
  /** What an upgrade is loading; null when there is none. */
  staged: StagedTable | null = null;
  /** Instances that tell when their evaluation has come to its end, and have not yet. */
  unevaluated: Set<string> = new Set();
  /** Where the image's own file is, of a path that something else lies over; undefined where nothing does. */
  originalFile: (path: string) => string | null | undefined = () => undefined;
  /** What imports get in the place of the platform's modules, by their URLs. */
  standIns: StandIns = new StandIns(new Map());
  /** The URL of the module that is being evaluated by whoever runs now, or null. */
  evaluating: () => string | null = () => null;
  /** Specifiers outside the app that were imported. */
  readonly external: Set<string> = new Set();
  /** What evaluations have run. */
  readonly coverage: Coverage = new Coverage();
  /** How initializers are wrapped, so that their values can be kept. */
  readonly keeping: Keeping = new Keeping(this.coverage);
  /** The loops and chains that requests have begun. */
  readonly waits: LeftWaits = new LeftWaits(generations, this.keeping);
  /** The functions that requests have handed on. */
  readonly handed: HandedFunctions = new HandedFunctions(
    generations,
    this.keeping.moved,
  );
  /** The packages that came in since the process started. */
  readonly packages: PackageLoading = new PackageLoading();
  /** Where the specifiers of releases lead. */
  readonly leads: Leads = new Leads(this.packages);
  /** What current instances export, by their URLs, as far as somebody has asked. */
  readonly namespaces: Map<string, Readonly<Record<string, unknown>>> =
    new Map();
  readonly #import = new HookedImport();
  readonly #edges = new Edges();
  readonly #outside = new OutsideUse();
  readonly #transpiling = new Transpiling();
  /** What is known of the texts of modules before they are loaded. */
  readonly textFacts: TextFacts = new TextFacts(this.leads, () => this.table);
  readonly #texts = new ModuleTexts((url) =>
    this.textFacts.isErasable(url)
      ? this.#transpiling.text(this.#fileOf(url))
      : this.#transpiling.erasedText(this.#fileOf(url))
  );
  readonly #loadHook = new LoadHook(this, {
    edges: this.#edges,
    outside: this.#outside,
    transpiling: this.#transpiling,
    texts: this.#texts,
  });
  #liveCall: (LiveCall & { readonly staged: boolean }) | null = null;
  #hooks: { deregister(): void } | null = null;

  /** Whether imports are seen. */
  get seesImports(): boolean {
    return this.#hooks !== null;
  }

  /** The path of a module under the app root. */
  pathOf(url: string): string {
    return this.table?.pathOf(url) ?? url;
  }

  /** Starts seeing every import. */
  install(): void {
    const shared = globalThis as {
      [RESOLVE_KEY]?: Resolve;
      [REBIND_KEY]?: TakeSettable;
    };
    shared[REBIND_KEY] ??= (url, set) => this.keeping.settable.take(url, set);
    shared[RESOLVE_KEY] ??= (url, native, specifier) =>
      (this.table && this.leads.led(specifier, url, this.table)) ??
        native(specifier);
    this.waits.install();
    this.handed.install();
    this.keeping.moved.install();
    this.#hooks ??= registerHooks({
      resolve: (specifier, context, next) =>
        this.#resolve(specifier, context, next),
      load: (url, context, next) => this.#loadHook.load(url, context, next),
    });
  }

  /** Stops seeing imports, for a process that flyhot leaves alone. */
  uninstall(): void {
    this.#hooks?.deregister();
    this.#hooks = null;
    this.#edges.clear();
  }

  /** Runs the thunk of a live boundary; the imports it makes before it first waits count as live. */
  runLive<T>(thunk: () => T, staged: boolean): { result: T; call: LiveCall } {
    const before = this.#liveCall;
    const call = { owner: "", targets: new Set<string>(), staged };
    this.#liveCall = call;
    try {
      return { result: thunk(), call };
    } finally {
      this.#liveCall = before;
    }
  }

  /** The instance that the attempt under way loads for a path. */
  stagedUrl(path: string): string {
    return instanceUrl(this.table!.placeOf(path), this.staged!.attempt);
  }

  /** Imports what the attempt under way loads for a path. Returns what it exports. */
  async importStaged(path: string): Promise<unknown> {
    const url = this.stagedUrl(path);
    return SCRIPT.test(path)
      ? await this.#import.import(url, `${placeOf(url)}${LEARNING}`)
      : await import(url);
  }

  /** Lets Deno read and transpile the attempt's scripts before they are imported, where it would do all in one turn. */
  async readAhead(paths: Iterable<string>): Promise<() => void> {
    const { table, staged } = this;
    const slices = new Slices();
    for (const path of paths) {
      const url = instanceUrl(table!.placeOf(path), staged!.attempt);
      const file = table!.fileOf(url);
      if (file !== null && SCRIPT.test(file)) {
        this.#transpiling.readAhead(
          this.imageFile(file),
          this.textFacts.isErasable(url),
          this.textFacts.editsOf(url),
        );
        if (slices.over) await slices.next();
      }
    }
    return () => this.#transpiling.forget();
  }

  /**
   * The text of a script of the base image as Deno evaluates it: JavaScript, without types. Throws if Deno cannot read
   * the file.
   */
  async transpiled(path: string): Promise<string> {
    const place = this.table!.placeOf(path);
    // Loaded from the image's file, which does not change.
    const kept = this.#texts.of(place);
    if (kept !== undefined) return kept;
    if (!this.#transpiling.isReady) await import(`${place}${LEARNING}`);
    const text = this.#transpiling.text(this.imageFile(place));
    if (text !== null) return text;
    throw new SyntaxError(`Cannot read ${path}: Deno does not load it`);
  }

  /**
   * Tells whether a module instance was loaded while the hooks watched; boot modules were not. Returns true if its
   * loading was seen.
   */
  hasSeen(url: string): boolean {
    return this.#edges.hasLoaded(url);
  }

  /** Tells whether the text of a function is in modules of the app. Returns true if one of them has it. */
  hasText(text: string, isOf: (url: string) => boolean): boolean {
    return this.#texts.has(this.keeping.plain(text), isOf);
  }

  /** The paths of those among current modules that may have made a function of a text. */
  makersOf(text: string, among: ReadonlySet<string>): string[] {
    const table = this.table!;
    return this.#texts.holders(
      this.keeping.plain(text),
      // To look into the texts of all modules takes long.
      (url) => among.has(table.pathOf(url) ?? "") && table.isCurrent(url),
    ).map((url) => table.pathOf(url)!);
  }

  /**
   * Tells whether `require` has loaded a file of the app, and gives it out again and again; or Deno by itself, because it
   * may be CommonJS. Returns true if so.
   */
  isRequired(path: string): boolean {
    return this.#unseen.has(path) || this.#outside.hasRequired &&
        this.#outside.isRequired(this.table!.placeOf(path));
  }

  /** Who outside the app has imported current modules of the app, and keeps what it got. */
  foreignImporters(): Record<string, string[]> {
    return this.#outside.foreign(this.table);
  }

  /** What is loaded in the current generation. */
  current(main: string): LoadedModules {
    return inOneGo(this.#currentSteps(main));
  }

  /** As {@linkcode ModuleLoading.current}, in slices. */
  async currentInSlices(main: string): Promise<LoadedModules> {
    return await stepsInSlices(this.#currentSteps(main));
  }

  *#currentSteps(main: string): Steps<LoadedModules> {
    const { table } = this;
    // A main module that the hooks see is loaded when they have.
    const boot = this.main === null ? main : null;
    if (!table) {
      return {
        loaded: new Set(boot === null ? [] : [boot]),
        failed: new Set(),
        imports: new Map(),
      };
    }
    const modules = yield* this.#edges.currentSteps(table, boot);
    this.#unseen = this.main === null
      ? new Set()
      : unseenOf(modules, main, this.main.isNative && this.mainIsDue);
    // What `require` has loaded stays what it is, whatever a release has brought since.
    const others = [...this.#outside.required(table), ...this.#unseen]
      .filter((path) => !modules.loaded.has(path));
    return others.length === 0 ? modules : {
      ...modules,
      loaded: new Set([...modules.loaded, ...others]),
    };
  }

  /** The module instances of one attempt. */
  loadedBy(attempt: number): string[] {
    return this.#edges.loadedWhere((url) => attemptOf(url) === attempt);
  }

  /** Forgets what is known of modules that are no longer current. */
  forgetOld(): void {
    const { table } = this;
    if (!table) return;
    const state = `${this.#edges.changes} ${table.changes}`;
    if (this.#forgotAt === state) return;
    this.#forgotAt = state;
    this.#edges.forgetOld(table);
    this.#texts.keep((url) => table.isCurrent(url));
    for (const url of this.namespaces.keys()) {
      if (!table.isCurrent(url)) this.namespaces.delete(url);
    }
    this.keeping.forget((url) => this.#texts.of(url) !== undefined);
    this.keeping.moved.forgetOld((url) => table.isCurrent(url));
    this.coverage.keep((url) => table.isCurrent(url));
    this.#outside.forgetOld(table);
    this.leads.forgetOld(table.currentAttempts());
  }

  #unseen: ReadonlySet<string> = new Set();
  /** What had been loaded and made current when the old was forgotten. */
  #forgotAt = "";

  #resolve(
    specifier: string,
    context: ResolveHookContext,
    next: (
      specifier: string,
      context?: Partial<ResolveHookContext>,
    ) => ResolveFnOutput,
  ): ResolveFnOutput {
    const asked = this.packages.answer(
      specifier,
      (about, from) =>
        next(
          about,
          from === undefined ? context : { ...context, parentURL: from },
        ),
    );
    if (asked) return asked;
    const { table } = this;
    let parent = context.parentURL ?? "";
    const ownParent = table?.pathOf(parent) ?? null;
    const result = table && ownParent !== null
      ? this.leads.resolve(specifier, parent, table, (it) =>
        // Import maps and relative specifiers are written for the place under the root.
        next(it, { ...context, parentURL: placeOf(parent) }))
      : next(specifier, context);
    this.packages.note(parent, result.url);
    const live = this.#liveCall !== null;
    if (!result.url.startsWith("file:")) {
      this.external.add(result.url);
      if (/^[a-z]+:/.test(specifier)) this.external.add(specifier);
      if (ownParent !== null) {
        this.#edges.add(parent, specifier, result.url, live);
      }
      return this.standIns.resolved(result, context);
    }
    if (result.url.includes(LEARNING)) return result;
    const liveCall = this.#liveCall;
    const place = placeOf(result.url);
    const isForeign = isForeignTo(parent) && !this.concerns(parent) &&
      this.concerns(place) && liveCall === null;
    // A package that is told by an evaluation what to import does so on its behalf; what a `data:` module imports, it keeps.
    const foreign = isForeign ? parent : null;
    if (isForeign && /^(?:file|https?):/.test(parent)) {
      parent = this.evaluating() ?? parent;
    }
    if (liveCall) {
      liveCall.owner = parent;
      liveCall.targets.add(place);
    }
    if (parent !== "" && this.concerns(parent)) {
      // Kept as URLs, because modules are imported before the app root is known.
      this.#edges.add(parent, specifier, place, live);
      this.keeping.moved.resolved(parent, specifier, place);
    }
    const path = table?.pathOf(place) ?? null;
    // A URL that names its attempt is an import of our own.
    if (!table || path === null || place !== result.url) {
      if (parent === foreign) this.#outside.addForeign(result.url, foreign);
      return result;
    }
    const { staged } = this;
    const loading = staged !== null && staged.paths.has(path) &&
      (liveCall?.staged === true || attemptOf(parent) === staged.attempt);
    const url = loading
      ? instanceUrl(place, staged.attempt)
      : liveCall
      ? table.current(place)
      : table.forImporter(place, parent);
    if (parent === foreign) this.#outside.addForeign(url, foreign);
    return { ...result, url };
  }

  /** Where the text of an instance comes from. */
  #fileOf(url: string): string {
    return this.imageFile(this.table?.fileOf(url) ?? fileOf(url));
  }

  /** Where the image's own file is: its code reads that, whatever a release has laid over it. */
  imageFile(file: string): string {
    const path = this.table?.pathOf(file) ?? null;
    const original = path === null ? undefined : this.originalFile(path);
    return typeof original === "string" ? pathToFileURL(original).href : file;
  }

  /** Whether a module is of the app: packages are many and never replaced. */
  concerns(url: string): boolean {
    return url.startsWith("file:") && !url.includes("/node_modules/") &&
      (this.table === null || this.table.pathOf(url) !== null);
  }
}

function isForeignTo(parent: string): boolean {
  return /^(?:data|blob|file|https?):/.test(parent) &&
    !parent.startsWith(RUNTIME_FOLDER);
}
