/** Threads that analyze scripts beside the main one.
 * @module
 */
import { setImmediate } from "node:timers";
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import type { ScriptText } from "./analyze.ts";
import { ScriptQueue } from "./script_queue.ts";

/**
 * A thread is worth its start for so many characters: the engine compiles all code for each of them once more, which took
 * half of the processor's time where two shared 3 MiB.
 */
const WORTH_A_THREAD = 2 * 1024 * 1024;
/** Where there are more processors than two, compiling once more keeps nobody waiting; a thread's start does. */
const WORTH_A_START = 256 * 1024;
const THREADS_MAX = 4;
/** So much the main thread does before it looks for signals. */
const TURN_LENGTH = 96 * 1024;

/** Analyzes one script. */
type Analyze = (script: ScriptText) => ModuleAnalysis;

/** Analyzes scripts, in several threads where there are many; the main one takes its share. */
export async function analyzeAll(
  scripts: readonly ScriptText[],
  analyze: Analyze,
  threads: number = threadsFor(scripts),
): Promise<ModuleAnalysis[]> {
  const results = new Array<ModuleAnalysis>(scripts.length);
  // Short ones first: with a long one early, collecting garbage took 1.3 to 3 s of 6 to 9 for 800 scripts, and 0.2 to
  // 0.4 s in this order.
  const order = [...scripts.keys()].sort((a, b) =>
    scripts[a]!.text.length - scripts[b]!.text.length
  );
  const queue = new ScriptQueue(order.map((at) => scripts[at]!));
  using pool = new DisposableStack();
  const helpers = Array.from({ length: threads }, async () => {
    const thread = startThread();
    if (!thread) return;
    pool.use(thread);
    for (const [place, analysis] of await thread.work(queue)) {
      results[order[place]!] = analysis;
    }
  });
  let since = 0;
  for (let place = queue.take(); place !== null; place = queue.take()) {
    const script = queue.scripts[place]!;
    results[order[place]!] = analyze(script);
    since += script.text.length;
    if (since < TURN_LENGTH) continue;
    since = 0;
    await turn();
  }
  await Promise.all(helpers);
  // A thread that broke has left something: the main one does its work.
  for (const [at, script] of scripts.entries()) results[at] ??= analyze(script);
  return results;
}

function threadsFor(scripts: readonly ScriptText[]): number {
  const processors = navigator.hardwareConcurrency;
  const worth = processors > 2 ? WORTH_A_START : WORTH_A_THREAD;
  return Math.min(
    THREADS_MAX,
    processors - 1,
    Math.floor(lengthOf(scripts) / 2 / worth),
  );
}

function lengthOf(scripts: readonly ScriptText[]): number {
  return scripts.reduce((sum, { text }) => sum + text.length, 0);
}

/** Lets signals come in. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

interface Thread extends Disposable {
  /** Takes scripts until there are no more, and gives their places and what they do; nothing if the thread fails. */
  work(
    queue: ScriptQueue,
  ): Promise<readonly (readonly [number, ModuleAnalysis])[]>;
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
    work: ({ scripts, taken }) =>
      new Promise((resolve) => {
        worker.onmessage = ({ data }) => resolve(JSON.parse(data));
        worker.onerror = (event) => {
          event.preventDefault();
          resolve([]);
        };
        worker.postMessage({ scripts, taken });
      }),
    [Symbol.dispose]: () => worker.terminate(),
  };
}
