/** Says of scripts, before any machine loads them, what is to go into their texts.
 * @module
 */
import { stripTypeScriptTypes } from "node:module";
import type { Node } from "../../plan/analyze/code/nodes.ts";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { withThreads } from "../hooks/module_source.ts";
import { blanksOf } from "./blanks.ts";
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

/** A script as machines read it. */
export interface ReadScript {
  /** Its text, with its types blanked out. */
  readonly text: string;
  /** Where that has blanks in the place of types. */
  readonly blanks: string;
  /** The root of its tree. */
  readonly program: Node;
}

/** Reads scripts with the parser of the machines: of what another one finds, places may differ. */
export interface ScriptReader {
  /**
   * Reads a script whose types can be blanked out, so that every place in it stays where it is. Returns null where they
   * cannot, or machines change more of it, or it cannot be parsed.
   */
  read(source: string, hasTypes: boolean): ReadScript | null;
  /** Says what goes into the text of a script that was read. */
  editsOf(script: ReadScript, rebind: boolean): string | null;
  /** Says what goes into the text of any script. */
  readonly edits: EditsMaker;
}

/** Types of which nothing is left when they are blanked out, where Deno writes something else. */
const NAMESPACE = /\bnamespace\s+[\w$.]+\s*\{/;

let reader: Promise<ScriptReader> | null = null;

/** Loads the parser. */
export function scriptReader(): Promise<ScriptReader> {
  return reader ??= acornParser(false).then((parse) => ({
    read: (source, hasTypes) =>
      hasTypes && NAMESPACE.test(source)
        ? null
        : unlessBroken(() => read(source, hasTypes, parse)),
    editsOf: recordOfScript,
    edits: (source, kind) => unlessBroken(() => made(source, kind, parse)),
  }));
}

/** Whoever loads what is broken is told why. */
function unlessBroken<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function read(
  source: string,
  hasTypes: boolean,
  parse: (source: string) => Node,
): ReadScript | null {
  const text = hasTypes
    ? stripTypeScriptTypes(source, { mode: "strip" })
    : source;
  return text.length === source.length && withThreads(text) === text
    ? {
      text,
      blanks: hasTypes ? blanksOf(source, text) : "",
      program: parse(text),
    }
    : null;
}

function made(
  source: string,
  { loaded, rebind }: ScriptKind,
  parse: (source: string) => Node,
): string | null {
  const plain = loaded === "as it is"
    ? source
    // The same as Deno's own, but for what stands at the end; where it is not, the digest tells.
    : stripTypeScriptTypes(source, {
      mode: loaded === "erased" ? "strip" : "transform",
    });
  const blanks = loaded === "erased" ? blanksOf(source, plain) : "";
  const text = withThreads(plain);
  return recordOfScript({ text, blanks, program: parse(text) }, rebind);
}

function recordOfScript(
  { text, blanks, program }: ReadScript,
  rebind: boolean,
): string | null {
  const wanted = { keep: true, set: rebind, watch: true, places: rebind };
  return recordOf(text, editsOf(text, program, SOME_URL, wanted), blanks);
}
