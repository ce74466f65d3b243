/** When it is noted what evaluations run: from before the main module until something comes from outside, and while an upgrade loads.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { natives } from "../base/platform/natives.ts";
import type { Generations } from "../modules/generations.ts";
import type { ModuleAnalysis } from "../protocol/manifest/module_analysis.ts";
import type { Coverage } from "../modules/started/coverage.ts";
import type { Evaluations } from "./evaluations.ts";

/** So long after the main module, packages have called at their start what they were given. */
const AFTER_MS = 1000;
/** So long the main module may take; then nothing is known of it. */
const MOST_MS = 30_000;
/** While requests wait, no larger heap is walked: it takes 1 to 2 ms for each MiB. */
const HEAP_MOST = 24 * 1024 * 1024;

/** Whether somebody collects the coverage of the whole process, which there is only once. */
async function isCovered(): Promise<boolean> {
  if (Deno.env.get("DENO_COVERAGE_DIR") ?? Deno.env.get("NODE_V8_COVERAGE")) {
    return true;
  }
  try {
    const line = await nativeFiles.readTextFile("/proc/self/cmdline");
    return line.split("\0").some((it) => /^--coverage(?:=|$)/.test(it));
  } catch {
    // Not Linux, or not permitted: nothing is known of it.
    return false;
  }
}

/** What is needed. */
export interface EvaluatedCodeContext {
  /** Notes what runs. */
  readonly coverage: Coverage;
  /** The generations of the process. */
  readonly generations: Generations;
  /** Which modules are being evaluated. */
  readonly evaluations: Evaluations;
}

/** Tells what evaluations run from what requests and events run. */
export class EvaluatedCode {
  readonly #context: EvaluatedCodeContext;
  #isMainOver = false;

  /**
   * @param context what is needed
   */
  constructor(context: EvaluatedCodeContext) {
    this.#context = context;
  }

  /** The main module is about to be loaded. */
  async start(): Promise<void> {
    const { coverage, generations } = this.#context;
    if (await isCovered()) return;
    await coverage.prepare();
    coverage.begin();
    if (!coverage.isOn) return;
    generations.onOutside = () => this.#end();
    natives.setTimeout(() => this.#end(), MOST_MS).unref();
  }

  /** The main module has been evaluated. */
  mainIsOver(): void {
    if (!this.#context.coverage.isOn) return;
    this.#isMainOver = true;
    natives.setTimeout(() => this.#end(), AFTER_MS).unref();
  }

  /** Somebody wants to know what the start has run. */
  settle(): void {
    if (this.#isMainOver) this.#end();
  }

  /** An upgrade begins to load; `end` says that it has loaded, or that it does not come in. */
  load(modules: readonly (ModuleAnalysis | undefined)[]): { end(): void } {
    const { coverage } = this.#context;
    this.#end();
    // What a module does of whose imports nothing runs is known without being noted.
    const mayRun = modules.some((it) =>
      !it?.rebind || it.rebind.top !== undefined
    );
    if (mayRun && Deno.memoryUsage().heapUsed <= HEAP_MOST) coverage.begin();
    return { end: () => this.#end() };
  }

  #end(): void {
    const { coverage, generations, evaluations } = this.#context;
    generations.onOutside = null;
    coverage.end((url) => evaluations.hasEnded(url));
  }
}
