/** What the scripts of the base image do: the only ones that no manifest tells of, analyzed when they are asked for.
 * @module
 */
import { within } from "../base/deadline.ts";
import type { ModuleAnalysis } from "../protocol/module_analysis.ts";
import type { AnalyzedText } from "./analysis_worker.ts";
import type { ModuleLoading } from "./hooks.ts";

const DEADLINE_MS = 60_000;
const SCRIPT = /\.[cm]?[jt]sx?$/;

/** The analyses of the base image's scripts, each made once. */
export class ImageAnalysis {
  readonly #modules: ModuleLoading;
  readonly #known = new Map<string, ModuleAnalysis | null>();

  /**
   * @param modules gives the text of a script as Deno evaluates it
   */
  constructor(modules: ModuleLoading) {
    this.#modules = modules;
  }

  /**
   * Says what some scripts do.
   *
   * @param paths the scripts; what is not one is left out
   * @returns the analyses by path, without those that Deno cannot read
   */
  async of(paths: Iterable<string>): Promise<Map<string, ModuleAnalysis>> {
    const wanted = [...paths].filter((path) => SCRIPT.test(path));
    const texts: AnalyzedText[] = [];
    for (const path of wanted) {
      if (this.#known.has(path)) continue;
      try {
        texts.push({ path, text: await this.#modules.transpiled(path) });
      } catch {
        // What Deno cannot read has never run.
        this.#known.set(path, null);
      }
    }
    if (texts.length > 0) {
      const analyses = await analyze(texts);
      for (const { path } of texts) {
        this.#known.set(path, analyses[path] ?? null);
      }
    }
    const found = new Map<string, ModuleAnalysis>();
    for (const path of wanted) {
      const analysis = this.#known.get(path);
      if (analysis) found.set(path, analysis);
    }
    return found;
  }
}

async function analyze(
  texts: readonly AnalyzedText[],
): Promise<Record<string, ModuleAnalysis>> {
  const worker = startWorker();
  if (!worker) {
    // In this thread then: slower for others, and as right.
    const { analyzeTexts } = await import("./analysis_worker.ts");
    return await analyzeTexts(texts);
  }
  try {
    return await within(
      DEADLINE_MS,
      () => answerOf(worker, texts),
      () =>
        new Error(
          `Cannot analyze ${texts.length} scripts of the image: it took longer than ${DEADLINE_MS} ms`,
        ),
    );
  } finally {
    worker.terminate();
  }
}

function startWorker(): Worker | null {
  try {
    return new Worker(new URL("./analysis_worker.ts", import.meta.url), {
      type: "module",
      name: "flyhot analysis",
    });
  } catch {
    return null;
  }
}

function answerOf(
  worker: Worker,
  texts: readonly AnalyzedText[],
): Promise<Record<string, ModuleAnalysis>> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      const { analyses, error } = data as {
        analyses?: Record<string, ModuleAnalysis>;
        error?: string;
      };
      if (analyses) resolve(analyses);
      else reject(new Error(`Cannot analyze scripts of the image: ${error}`));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(
        new Error(`Cannot analyze scripts of the image: ${event.message}`),
      );
    };
    worker.postMessage(texts);
  });
}
