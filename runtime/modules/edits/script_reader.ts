/** Says of scripts, before any machine loads them, what is to go into their texts.
 * @module
 */
import { stripTypeScriptTypes } from "node:module";
import type { Node } from "../../plan/analyze/code/nodes.ts";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { withThreads } from "../hooks/module_source.ts";
import { editsOf } from "./edits.ts";
import { recordOf, SOME_URL } from "./edits_record.ts";

/** What has to be known of a script besides its text. */
export interface ScriptKind {
  /** How machines load it: as it is, with its types blanked out, or as Deno transpiles it. */
  readonly loaded: "as it is" | "erased" | "transpiled";
  /** Whether the app asks for rebinding. */
  readonly rebind: boolean;
}

/** Says what goes into the text of a script; null where nobody can tell before it is loaded. */
export type EditsMaker = (source: string, kind: ScriptKind) => string | null;

let maker: Promise<EditsMaker> | null = null;

/** Loads the parser of the machines: of what another one finds, places may differ. */
export function editsMaker(): Promise<EditsMaker> {
  return maker ??= acornParser(false).then((parse) => (source, kind) => {
    try {
      return made(source, kind, parse);
    } catch (error) {
      // Whoever loads it is told why.
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  });
}

function made(
  source: string,
  { loaded, rebind }: ScriptKind,
  parse: (source: string) => Node,
): string | null {
  const text = withThreads(
    loaded === "as it is"
      ? source
      // The same as Deno's own, but for what stands at the end; where it is not, the digest tells.
      : stripTypeScriptTypes(source, {
        mode: loaded === "erased" ? "strip" : "transform",
      }),
  );
  const wanted = { keep: true, set: rebind, watch: true, places: rebind };
  return recordOf(text, editsOf(text, parse(text), SOME_URL, wanted));
}
