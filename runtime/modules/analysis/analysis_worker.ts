/** Parses scripts, much of it off the main thread, where a long module would block for many milliseconds.
 * @module
 */
import { Slices } from "../../base/in_slices.ts";
import { SourceMap } from "node:module";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { acornAnalyzer } from "../../plan/analyze/parse_acorn.ts";

/** A script to analyze. */
export interface AnalyzedText {
  /** Its path. */
  readonly path: string;
  /** Its text as Deno evaluates it, with its source map. */
  readonly text: string;
  /** Whether what it does with its imports is told for rebinding. */
  readonly rebind?: boolean;
}

const MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/;

/** Analyzes scripts. */
export async function analyzeTexts(
  scripts: readonly AnalyzedText[],
): Promise<Record<string, ModuleAnalysis>> {
  const analyze = await acornAnalyzer();
  const found: [path: string, analysis: ModuleAnalysis][] = [];
  const slices = new Slices();
  for (const { path, text, rebind } of scripts) {
    if (slices.over) await slices.next();
    const options = {
      commonjs: /\.c[jt]s$/.test(path),
      ...placeOption(text),
      ...rebind ? { rebind } : {},
    };
    try {
      found.push([path, analyze(text, options)]);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return Object.fromEntries(found);
}

/** Leads from a line of what Deno evaluates to the line that somebody wrote. */
function placeOption(text: string) {
  const encoded = MAP.exec(text)?.[1];
  if (encoded === undefined) return {};
  const bytes = Uint8Array.fromBase64(encoded);
  const map = new SourceMap(JSON.parse(new TextDecoder().decode(bytes)));
  return {
    place(line: number, column: number) {
      const entry = map.findEntry(line - 1, column - 1);
      return "originalLine" in entry
        ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 }
        : { line, column };
    },
  };
}

// Only where this module is a worker's own is there somebody to answer.
if ("WorkerGlobalScope" in globalThis && import.meta.main) {
  const worker = globalThis as unknown as {
    onmessage: (event: MessageEvent<readonly AnalyzedText[]>) => void;
    postMessage(answer: unknown): void;
  };
  // One after the other, so that answers come in the order of the questions.
  let last: Promise<unknown> = Promise.resolve();
  worker.onmessage = ({ data }) => {
    last = last.then(() => analyzeTexts(data)).then(
      (analyses) => worker.postMessage({ analyses }),
      (error) => worker.postMessage({ error: String(error) }),
    );
  };
}
