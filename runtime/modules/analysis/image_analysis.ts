/** What the scripts of the base image do: the only ones that no manifest tells of, analyzed when they are asked for.
 * @module
 */
import { URL } from "../../base/platform/globals.ts";
import { Slices } from "../../base/in_slices.ts";
import { within } from "../../base/waiting/deadline.ts";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import type { AnalyzedText } from "./analysis_worker.ts";
import type { ModuleLoading } from "../hooks/hooks.ts";

const DEADLINE_MS = 60_000;
const SCRIPT = /\.[cm]?[jt]sx?$/;
/** So many texts, and as many answers, are copied between threads in a millisecond or two. */
const BATCH = 64;
/** So long is a text, with its source map, that is parsed in a few milliseconds; */
const SHORT = 12 * 1024;
/** and so many of these are few. */
const FEW = 8;

type Analyses = Readonly<Record<string, ModuleAnalysis>>;

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

  /** Says what some scripts do. */
  async of(paths: Iterable<string>): Promise<Map<string, ModuleAnalysis>> {
    const wanted = [...paths].filter((path) => SCRIPT.test(path));
    const unknown = wanted.filter((path) => !this.#known.has(path));
    if (unknown.length > 0) await this.#analyze(unknown);
    const found = new Map<string, ModuleAnalysis>();
    for (const path of wanted) {
      const analysis = this.#known.get(path);
      if (analysis) found.set(path, analysis);
    }
    return found;
  }

  async #analyze(paths: readonly string[]): Promise<void> {
    using analyzer = new LazyWorker();
    await within(
      DEADLINE_MS,
      () => this.#analyzeBy(analyzer, paths),
      () =>
        new Error(
          `Cannot analyze ${paths.length} scripts of the image: it took longer than ${DEADLINE_MS} ms`,
        ),
    );
  }

  // The worker parses what it has while Deno transpiles the rest here.
  async #analyzeBy(
    analyzer: LazyWorker,
    paths: readonly string[],
  ): Promise<void> {
    const answers: Promise<void>[] = [];
    let texts: AnalyzedText[] = [];
    let isMuch = false;
    let length = 0;
    const send = () => {
      const sent = texts;
      texts = [];
      const answer = analyzer.analyze(sent, isMuch).then((analyses) => {
        for (const { path } of sent) {
          this.#known.set(path, analyses[path] ?? null);
        }
      });
      // Waited for below, where another may have failed before.
      answer.catch(() => {});
      answers.push(answer);
    };
    const rebind = this.#modules.keeping.settable.isOn;
    const slices = new Slices();
    for (const path of paths) {
      try {
        const text = await this.#modules.transpiled(path);
        texts.push({ path, text, ...rebind ? { rebind } : {} });
        length += text.length;
        isMuch ||= text.length > SHORT || length > FEW * SHORT;
      } catch {
        // What Deno cannot read has never run.
        this.#known.set(path, null);
      }
      if (texts.length === BATCH) {
        isMuch = true;
        send();
      }
      if (slices.over) await slices.next();
    }
    if (texts.length > 0) send();
    await Promise.all(answers);
  }
}

interface Analyzer extends Disposable {
  analyze(texts: readonly AnalyzedText[]): Promise<Analyses>;
}

/** A worker that is started for much work: its start alone keeps the event loop longer than parsing a few short texts. */
class LazyWorker implements Disposable {
  #worker: Analyzer | null = null;

  async analyze(
    texts: readonly AnalyzedText[],
    isMuch: boolean,
  ): Promise<Analyses> {
    if (isMuch) this.#worker ??= startWorker();
    if (this.#worker) return await this.#worker.analyze(texts);
    try {
      const { analyzeTexts } = await import("./analysis_worker.ts");
      return await analyzeTexts(texts);
    } catch (error) {
      // The app may have changed what the parser is built on; a worker has its own.
      this.#worker ??= startWorker();
      if (!this.#worker) throw error;
      return await this.#worker.analyze(texts);
    }
  }

  [Symbol.dispose](): void {
    this.#worker?.[Symbol.dispose]();
  }
}

/** Where there can be none, this thread does the work: slower for others, and as right. */
function startWorker(): Analyzer | null {
  try {
    return new AnalysisWorker(
      new Worker(new URL("./analysis_worker.ts", import.meta.url), {
        type: "module",
        name: "flyhot analysis",
      }),
    );
  } catch {
    return null;
  }
}

/** Answers come in the order of the questions. */
class AnalysisWorker implements Analyzer {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<Analyses>[] = [];
  #failure: Error | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      const { analyses, error } = data as {
        analyses?: Analyses;
        error?: string;
      };
      const asked = this.#waiting.shift();
      if (analyses) asked?.resolve(analyses);
      else asked?.reject(failure(error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#failure = failure(event.message);
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    };
  }

  analyze(texts: readonly AnalyzedText[]): Promise<Analyses> {
    if (this.#failure) return Promise.reject(this.#failure);
    const asked = Promise.withResolvers<Analyses>();
    this.#waiting.push(asked);
    this.#worker.postMessage(texts);
    return asked.promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function failure(why: string | undefined): Error {
  return new Error(`Cannot analyze scripts of the image: ${why}`);
}
