/** Analyzes TypeScript and JavaScript with `@babel/parser`.
 * @module
 */
import { parse, type ParserPlugin } from "@babel/parser";
import {
  type AnalyzeOptions,
  analyzeTree,
  namesNothing,
  type Node,
} from "@flyhot/runtime/plan";
import type { ScriptKind, ScriptReader } from "@flyhot/runtime/modules";
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import { isRecord } from "../../../base/values.ts";

/** Analyzes one script of a release. */
export function analyzeScript(
  path: string,
  source: string,
  options: ScriptOptions = {},
): ModuleAnalysis {
  // Lines are counted where somebody asks for one.
  const program = parseScript(path, source, options.commonjs, false);
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

/** Parses one script. */
export function parseScript(
  path: string,
  source: string,
  commonjs?: boolean,
  locations = true,
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
    locations,
    // Nobody looks at comments in the tree.
    attachComment: false,
  });
  return program as unknown as Node;
}

/** One script and what has to be known besides. */
export interface ScriptText {
  /** Its path, whose ending tells the language. */
  readonly path: string;
  readonly text: string;
  /** Compiler options that matter, and whether its `package.json` makes it CommonJS. */
  readonly options: ScriptOptions;
}

/** What analyzes one script. */
interface Analyzer {
  /** Says what it does. Default {@linkcode analyzeScript}. */
  readonly analyze?: typeof analyzeScript;
  /** Reads it as machines do, and says what goes into its text when it is loaded. Default nobody does. */
  readonly reader?: ScriptReader | null;
}

/** Analyzes one script. */
export function analyzeOrBroken(
  script: ScriptText,
  { analyze, reader = null }: Analyzer = {},
): ModuleAnalysis {
  const { path, text, options } = script;
  try {
    const asLoaded = !analyze && reader && analyzeAsLoaded(script, reader);
    if (asLoaded) return asLoaded;
    const analysis = (analyze ?? analyzeScript)(path, text, options);
    const loaded = howLoaded(path, analysis);
    const made = loaded &&
      reader?.edits(text, { loaded, rebind: options.rebind === true });
    return made ? { ...analysis, edits: made } : analysis;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { broken: brokenAt(error) };
  }
}

/**
 * Analyzes a script in the tree that machines make of it, which is needed for what goes into it; nearly all scripts are
 * the same once their types are blanked out, and of most others as much can be told.
 */
function analyzeAsLoaded(
  { path, text, options }: ScriptText,
  reader: ScriptReader,
): ModuleAnalysis | null {
  if (isJsx(path) || isCommonJs(path, options.commonjs)) return null;
  const typescript = isTypeScript(path);
  const script = reader.read(text, typescript);
  if (!script || typescript && namesNothing(script.program, text)) return null;
  // Types are still in the source, as people are shown it.
  const analysis = analyzeTree(script.program, text, {
    ...options,
    typescript,
    jsx: false,
    commonjs: false,
  });
  const rebind = options.rebind === true;
  // What Deno drops besides types, such as imports that no value needs, is in this tree still.
  const edits = typescript && analysis.erasable !== true
    ? reader.edits(text, { loaded: "transpiled", rebind })
    : reader.editsOf(script, rebind);
  return edits ? { ...analysis, edits } : analysis;
}

/** How a machine loads a script; null where its text depends on more than itself. */
function howLoaded(
  path: string,
  { commonjs, erasable }: ModuleAnalysis,
): ScriptKind["loaded"] | null {
  if (commonjs === true || isJsx(path)) return null;
  if (!isTypeScript(path)) return "as it is";
  return erasable === true ? "erased" : "transpiled";
}

/** What has to be known of a script besides its text and its path. */
export type ScriptOptions = Omit<
  AnalyzeOptions,
  "typescript" | "jsx" | "place"
>;

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

/** Whether a path is that of a script: what has code that can be analyzed. */
export function isScript(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
}
