/** Threads that analyze scripts beside the main one.
 * @module
 */
import { setImmediate } from "node:timers";
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import type { ScriptText } from "./analyze.ts";

/** Starting a thread takes as long as analyzing so many characters. */
const WORTH_A_THREAD = 512 * 1024;
const THREADS_MAX = 4;
/** So much is handed over at a time: little enough that all end together. */
const BATCH_LENGTH = 96 * 1024;
/** So much the main thread does before it looks for answers and signals. */
const TURN_LENGTH = 24 * 1024;

/** Analyzes one script. */
export type Analyze = (script: ScriptText) => ModuleAnalysis;

/**
 * Analyzes scripts, in several threads where there are many; the main one takes its share.
 *
 * @param scripts the scripts
 * @param analyze analyzes one in the main thread
 * @param threads how many there may be besides. Default as many as are worth their start
 * @returns what each does, in the same order
 */
export async function analyzeAll(
  scripts: readonly ScriptText[],
  analyze: Analyze,
  threads: number = threadsFor(scripts),
): Promise<ModuleAnalysis[]> {
  const results = new Array<ModuleAnalysis>(scripts.length);
  // From both ends, so that nobody waits for anybody: threads take batches from the front, the main thread one from the back.
  let front = 0, back = scripts.length;
  const takeBatch = (): number[] => {
    const places: number[] = [];
    for (let length = 0; front < back && length < BATCH_LENGTH;) {
      length += scripts[front]!.text.length;
      places.push(front++);
    }
    return places;
  };
  using pool = new DisposableStack();
  const left: number[] = [];
  const helpers = Array.from({ length: threads }, async () => {
    const thread = startThread();
    if (!thread) return;
    pool.use(thread);
    for (let batch = takeBatch(); batch.length > 0; batch = takeBatch()) {
      const found = await thread.analyze(batch.map((at) => scripts[at]!));
      if (!found) {
        // A thread that cannot be had, or broke: the main one does its work.
        left.push(...batch);
        return;
      }
      for (const [index, at] of batch.entries()) results[at] = found[index]!;
    }
  });
  let since = 0;
  while (front < back) {
    back--;
    results[back] = analyze(scripts[back]!);
    since += scripts[back]!.text.length;
    if (since < TURN_LENGTH) continue;
    since = 0;
    await turn();
  }
  await Promise.all(helpers);
  for (const at of left) results[at] = analyze(scripts[at]!);
  return results;
}

function threadsFor(scripts: readonly ScriptText[]): number {
  const length = scripts.reduce((sum, { text }) => sum + text.length, 0);
  return Math.min(
    THREADS_MAX,
    navigator.hardwareConcurrency - 1,
    Math.floor(length / 2 / WORTH_A_THREAD),
  );
}

/** Lets the answers of threads come in. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Thread extends Disposable {
  /** What scripts do; null if the thread has failed. */
  analyze(
    scripts: readonly ScriptText[],
  ): Promise<readonly ModuleAnalysis[] | null>;
}

/** Null where there can be none: the compiled command is one file. */
function startThread(): Thread | null {
  let worker: Worker;
  try {
    worker = new Worker(new URL("./analysis_worker.ts", import.meta.url), {
      type: "module",
      name: "analysis",
    });
  } catch {
    return null;
  }
  return {
    analyze: (scripts) =>
      new Promise((resolve) => {
        worker.onmessage = ({ data }) =>
          resolve(JSON.parse(data) as ModuleAnalysis[]);
        worker.onerror = (event) => {
          event.preventDefault();
          resolve(null);
        };
        worker.postMessage(scripts);
      }),
    [Symbol.dispose]: () => worker.terminate(),
  };
}
