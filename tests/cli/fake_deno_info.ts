/** Answers `deno info --json` for files in memory, as far as relative imports and an import map go.
 * @module
 */
import { analyzeScript } from "../../src/release/graph/analysis/analyze.ts";
import type { FakeHostOptions } from "./fake_host.ts";

/** A `run` for a fake host that knows nothing but `deno info` of the files in `/app`. */
export function denoInfoOf(
  read: (path: string) => Promise<string | null>,
  root = "/app",
): NonNullable<FakeHostOptions["run"]> {
  return async (program, args) => {
    if (program !== "deno" || args[0] !== "info") return null;
    const main = args.at(-1)!.replace(/^\.\//, "");
    const url = (path: string) => `file://${root}/${path}`;
    const seen = new Map<string, unknown>();
    const waiting = [main];
    for (let path = waiting.pop(); path; path = waiting.pop()) {
      const text = await read(path);
      if (seen.has(path)) continue;
      if (text === null) {
        seen.set(path, {
          specifier: url(path),
          error: `Module not found "${url(path)}".`,
        });
        continue;
      }
      const dependencies = importsOf(path, text).map(
        ({ specifier, dynamic }) => {
          const isOwn = /^\.{1,2}\//.test(specifier);
          const target = isOwn
            ? new URL(specifier, url(path)).href
            : specifier.includes(":")
            ? specifier
            : `npm:${specifier}`;
          if (isOwn) waiting.push(target.slice(url("").length));
          return {
            specifier,
            code: { specifier: target },
            ...(dynamic ? { isDynamic: true } : {}),
          };
        },
      );
      seen.set(path, { specifier: url(path), dependencies });
    }
    return {
      stdout: JSON.stringify({
        roots: [url(main)],
        modules: [...seen.values()],
      }),
    };
  };
}

function importsOf(path: string, text: string) {
  try {
    return analyzeScript(path, text).imports ?? [];
  } catch {
    return [];
  }
}
