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
import { isRecord } from "../../values.ts";
import type { AnalysisCache } from "./analysis_cache.ts";

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
  options: ScriptOptions = {},
): ModuleAnalysis {
  const program = parseScript(path, source, options.commonjs);
  return analyzeTree(program, source, {
    ...options,
    typescript: isTypeScript(path),
    jsx: isJsx(path),
    commonjs: isCommonJs(path, options.commonjs),
  });
}

const isTypeScript = (path: string) => /\.[cm]?tsx?$/.test(path);
const isJsx = (path: string) => /\.[jt]sx$/.test(path);
const isCommonJs = (path: string, said?: boolean) =>
  said ?? /\.c[jt]s$/.test(path);

/**
 * Parses one script.
 *
 * @param path its path, whose ending tells the language
 * @param source its text
 * @param commonjs whether it is CommonJS, where its `package.json` says so. Default what the ending tells
 * @returns the root of its tree
 * @throws {SyntaxError} with `loc` if it cannot be parsed
 */
export function parseScript(
  path: string,
  source: string,
  commonjs?: boolean,
): Node {
  const plugins: ParserPlugin[] = [
    "estree",
    ...(isTypeScript(path) ? ["typescript" as const] : []),
    ...(isJsx(path) ? ["jsx" as const] : []),
    "decorators",
    "decoratorAutoAccessors",
  ];
  const { program } = parse(source, {
    sourceType: isCommonJs(path, commonjs) ? "commonjs" : "module",
    plugins,
    createImportExpressions: true,
  });
  return program as unknown as Node;
}

/** A longer script is a bundle, of which nobody writes down what starts with it. */
const SCRIPT_BYTES_MAX = 2 * 1024 * 1024;

/** What {@linkcode analyzeScripts} needs to know of a release. */
export interface ScriptSources {
  /** Length and digest of each of its files, by path. */
  readonly files: Readonly<
    Record<string, { readonly sha256: string; readonly size: number }>
  >;
  /** The options that Deno translates by. */
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** The app's `package.json`, if there is one. */
  readonly packageJson: Readonly<Record<string, unknown>> | null;
  /** The text of a file. */
  readonly read: (path: string) => Promise<string | null>;
  /** What is known from before. Default nothing. */
  readonly known?: AnalysisCache;
  /** Analyzes one script. Default {@linkcode analyzeScript}. */
  readonly analyze?: typeof analyzeScript;
}

/**
 * Analyzes every script of a release, reached or not: which of them run is only known where they do.
 *
 * @param sources the release
 * @returns what each does, by path; of those that cannot be parsed only why
 */
export async function analyzeScripts(
  { files, compilerOptions, packageJson, read, known, analyze = analyzeScript }:
    ScriptSources,
): Promise<Record<string, ModuleAnalysis>> {
  const options = optionsOf(compilerOptions);
  const required = packageJson?.type === "commonjs";
  const found: [path: string, analysis: ModuleAnalysis][] = [];
  for (const [path, { sha256, size }] of Object.entries(files)) {
    if (!isScript(path) || size > SCRIPT_BYTES_MAX) continue;
    const own = required && path.endsWith(".js")
      ? { ...options, commonjs: true }
      : options;
    // The ending tells the language; nothing else of the path counts.
    const key = JSON.stringify([sha256, /\.[^.]*$/.exec(path)?.[0], own]);
    let analysis = known?.get(key);
    if (!analysis) {
      const text = await read(path);
      if (text === null) continue;
      analysis = analyzed(path, text, own, analyze);
    }
    known?.set(key, analysis);
    found.push([path, analysis]);
  }
  return Object.fromEntries(found);
}

/**
 * Counts the scripts among files.
 *
 * @param paths their paths
 * @returns how many are scripts
 */
export function countScripts(paths: Iterable<string>): number {
  return [...paths].filter(isScript).length;
}

function analyzed(
  path: string,
  text: string,
  options: ScriptOptions,
  analyze: typeof analyzeScript,
): ModuleAnalysis {
  try {
    return analyze(path, text, options);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { broken: brokenAt(error) };
  }
}

type ScriptOptions = Omit<AnalyzeOptions, "typescript" | "jsx" | "place">;

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
  compilerOptions: Readonly<Record<string, unknown>>,
): ScriptOptions {
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
