/** Analyzes scripts in a thread of its own, where there are many.
 * @module
 */
import { scriptReader } from "@flyhot/runtime/modules";
import { analyzeOrBroken } from "./analyze.ts";
import { type QueuedScripts, ScriptQueue } from "./script_queue.ts";

// Only where this module is a worker's own is there somebody to answer.
if ("WorkerGlobalScope" in globalThis && import.meta.main) {
  const worker = globalThis as unknown as {
    onmessage: (event: MessageEvent<QueuedScripts>) => Promise<void>;
    postMessage(answer: string): void;
  };
  worker.onmessage = async ({ data: { scripts, taken } }) => {
    const analyzer = { reader: await scriptReader() };
    const queue = new ScriptQueue(scripts, taken);
    // As text: copying the objects takes longer than reading them, and keeping them burdens each collection of garbage.
    const answers: string[] = [];
    for (let at = queue.take(); at !== null; at = queue.take()) {
      const analysis = analyzeOrBroken(scripts[at]!, analyzer);
      answers.push(`[${at},${JSON.stringify(analysis)}]`);
    }
    worker.postMessage(`[${answers.join(",")}]`);
  };
}
