/** Moving a program behind a live boundary: its code into a hot module, and a boot shell in its place.
 * @module
 */
import { many } from "@flyhot/runtime/plan";
import { analyzeScript } from "../release/graph/analysis/analyze.ts";
import { servedShell, servingShell } from "./boot_shell.ts";
import { findServing, type ServeCall } from "./serving.ts";
import {
  calleeOf,
  countName,
  isMainTest,
  nodesIn,
  readTree,
  type SyntaxTree,
} from "./syntax_tree.ts";

/** What the mover needs to know. */
export interface MoveOptions {
  /** The path of the main module. */
  readonly path: string;
  /** Its text. */
  readonly source: string;
  /** The name of the hot module that the code goes to, without a folder. */
  readonly target: string;
  /** Whether it imports Oak. */
  readonly isOak: boolean;
  /** Whether it is started with `deno serve`. */
  readonly denoServe: boolean;
}

/** Both modules, or why a person had better write them. */
type MovedApp =
  | {
    /** The text of the hot module. */
    readonly app: string;
    /** The text of the boot shell. */
    readonly shell: string;
  }
  | {
    /** Why not, each the end of a sentence about the main module. */
    readonly unsure: readonly string[];
  };

/** Moves a program behind a live boundary, if it is certain to do the same there. */
export function moveApp(options: MoveOptions): MovedApp {
  const { source, path } = options;
  const tree = readTree(path, source);
  if ("broken" in tree) return { unsure: [`it cannot be read ${tree.broken}`] };
  const hazards = lastingCalls(path, source).map((call) =>
    call.endsWith("()")
      ? `it calls ${call} when it is loaded, and so would every new version: put that into a service() first`
      : `it never ends being loaded (${call}): put that into a service() first`
  );
  const isDefault = many(tree.program, "body").some(({ type }) =>
    type === "ExportDefaultDeclaration"
  );
  const serves = [...nodesIn(tree.program)].some((node) =>
    node.type === "CallExpression" && calleeOf(node) === "Deno.serve"
  );
  if (isDefault && !serves) return moveDefault(tree, options, hazards);
  const serving = findServing(tree, options.isOak);
  if ("unsure" in serving) return { unsure: [...serving.unsure, ...hazards] };
  const { statement, handler, options: address, call } = serving;
  if (asksForMain(tree, statement)) {
    hazards.push("it asks for import.meta.main elsewhere");
  }
  if (hazards.length > 0) return { unsure: hazards };
  const name = freeName(tree);
  const exported = handlerExport(name, handler, call, isTyped(path));
  return {
    app: source.slice(0, statement.start) + exported +
      source.slice(statement.end),
    shell: servingShell(options.target, name, address),
  };
}

const isTyped = (path: string) => /\.[cm]?tsx?$/.test(path);

/** What goes on forever once the module is loaded: loaded again, there would be two. */
function lastingCalls(path: string, source: string): readonly string[] {
  const owned = analyzeScript(path, source).owned ?? [];
  return [
    ...new Set(
      owned.filter(({ kind, later, detail }) =>
        later !== true &&
        !(kind === "server" && /(?:serve|listen)\(\)$/.test(detail) &&
          !detail.startsWith("Deno.listen"))
      ).map(({ kind, detail }) => kind === "worker" ? "new Worker()" : detail),
    ),
  ];
}

function asksForMain(
  { program }: SyntaxTree,
  except: { readonly start: number; readonly end: number } | null,
): boolean {
  return [...nodesIn(program)].some((node) =>
    isMainTest(node) &&
    !(except && node.start >= except.start && node.end <= except.end)
  );
}

/** A default export for `deno serve` moves as it is. */
function moveDefault(
  tree: SyntaxTree,
  { path, target, denoServe }: MoveOptions,
  hazards: readonly string[],
): MovedApp {
  const unsure = [
    ...(denoServe
      ? []
      : ["its default export is for deno serve, which no command here calls"]),
    ...(asksForMain(tree, null) ? ["it asks for import.meta.main"] : []),
    ...hazards,
  ];
  return unsure.length > 0
    ? { unsure }
    : { app: tree.source, shell: servedShell(target, isTyped(path)) };
}

function handlerExport(
  name: string,
  handler: string,
  call: ServeCall,
  typed: boolean,
): string {
  const type = typed ? ": Deno.ServeHandler<Deno.NetAddr>" : "";
  if (call === "Deno.serve") return `export const ${name}${type} = ${handler};`;
  return `export const ${name}${type} = async (request, info) =>
  (await ${handler}.handle(request, info.remoteAddr)) ??
    new Response("Not Found", { status: 404 });`;
}

function freeName({ program, source }: SyntaxTree): string {
  const names = ["handle", "handleRequest", "respond", "answerRequest"];
  return names.find((name) => countName(program, name) === 0) ??
    `${names[0]}_${source.length}`;
}
