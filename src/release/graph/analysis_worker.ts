/** Analyzes scripts in a thread of its own, where there are many.
 * @module
 */
import { analyzeOrBroken, type ScriptText } from "./analyze.ts";

// Only where this module is a worker's own is there somebody to answer.
if ("WorkerGlobalScope" in globalThis && import.meta.main) {
  const worker = globalThis as unknown as {
    onmessage: (event: MessageEvent<readonly ScriptText[]>) => void;
    postMessage(answer: string): void;
  };
  // As one text: copying the objects takes longer than reading them.
  worker.onmessage = ({ data }) =>
    worker.postMessage(JSON.stringify(data.map((it) => analyzeOrBroken(it))));
}
