/** Analyzes TypeScript and JavaScript with `@babel/parser`.
 * @module
 */
import { parse, type ParserPlugin } from "@babel/parser";
import {
  type AnalyzeOptions,
  analyzeTree,
  type Node,
} from "@flyhot/runtime/plan";
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import { isRecord } from "../values.ts";

/**
 * Analyzes one script of a release.
 *
 * @param path its path, whose ending tells the language
 * @param source its text
 * @param options compiler options that matter, and whether its `package.json` makes it CommonJS
 * @returns what it does
 * @throws {SyntaxError} with `loc` if it cannot be parsed
 */
export function analyzeScript(
  path: string,
  source: string,
  options: Omit<AnalyzeOptions, "typescript" | "jsx" | "place"> = {},
): ModuleAnalysis {
  const typescript = /\.[cm]?tsx?$/.test(path);
  const jsx = /\.[jt]sx$/.test(path);
  const commonjs = options.commonjs ?? /\.c[jt]s$/.test(path);
  const plugins: ParserPlugin[] = [
    "estree",
    ...(typescript ? ["typescript" as const] : []),
    ...(jsx ? ["jsx" as const] : []),
    "decorators",
    "decoratorAutoAccessors",
  ];
  const { program } = parse(source, {
    // TypeScript writes the syntax of modules in both.
    sourceType: commonjs && !path.endsWith(".cts") ? "commonjs" : "module",
    plugins,
    createImportExpressions: true,
  });
  return analyzeTree(program as unknown as Node, source, {
    ...options,
    typescript,
    jsx,
    commonjs,
  });
}

/** A longer script is a bundle, of which nobody writes down what starts with it. */
const SCRIPT_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Analyzes every script of a release, reached or not: which of them run is only known where they do.
 *
 * @param sizes the files of the release by path, with their lengths in bytes
 * @param denoJson the app's `deno.json`
 * @param packageJson the app's `package.json`, if there is one
 * @param read the text of a file
 * @returns what each does, by path; of those that cannot be parsed only why
 */
export async function analyzeScripts(
  sizes: ReadonlyMap<string, number>,
  denoJson: Readonly<Record<string, unknown>>,
  packageJson: Readonly<Record<string, unknown>> | null,
  read: (path: string) => Promise<string | null>,
): Promise<Record<string, ModuleAnalysis>> {
  const options = optionsOf(denoJson);
  const required = packageJson?.type === "commonjs";
  const found: [path: string, analysis: ModuleAnalysis][] = [];
  for (const [path, size] of sizes) {
    if (!isScript(path) || size > SCRIPT_BYTES_MAX) continue;
    const text = await read(path);
    if (text === null) continue;
    const commonjs = required && path.endsWith(".js") ? { commonjs: true } : {};
    try {
      found.push([
        path,
        analyzeScript(path, text, { ...options, ...commonjs }),
      ]);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      found.push([path, { broken: brokenAt(error) }]);
    }
  }
  return Object.fromEntries(found);
}

/** Where a parser gave up; it says so at the end of its message too. */
function brokenAt(error: SyntaxError & { readonly loc?: unknown }) {
  const loc = isRecord(error.loc) ? error.loc : {};
  const { line, column } = loc;
  return {
    line: typeof line === "number" ? line : 0,
    column: typeof column === "number" ? column + 1 : 0,
    message: error.message.replace(/ \(\d+:\d+\)$/, ""),
  };
}

function optionsOf(
  { compilerOptions }: Readonly<Record<string, unknown>>,
): Omit<AnalyzeOptions, "typescript" | "jsx" | "place" | "commonjs"> {
  if (!isRecord(compilerOptions)) return {};
  const { verbatimModuleSyntax, emitDecoratorMetadata } = compilerOptions;
  const { jsxFactory, jsxFragmentFactory } = compilerOptions;
  return {
    ...(verbatimModuleSyntax === true || emitDecoratorMetadata === true
      ? { verbatim: true }
      : {}),
    ...(typeof jsxFactory === "string" ? { jsxFactory } : {}),
    ...(typeof jsxFragmentFactory === "string" ? { jsxFragmentFactory } : {}),
  };
}

/**
 * Whether a path is that of a script: what has code that can be analyzed.
 *
 * @param path the path
 * @returns true for JavaScript and TypeScript, not for declarations
 */
export function isScript(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
}
