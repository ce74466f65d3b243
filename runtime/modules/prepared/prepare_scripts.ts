/** Finds out of the scripts of an image, while it is built, what every start would have to find out.
 * @module
 */
import type { Node } from "../../plan/analyze/code/nodes.ts";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { fileURLToPath } from "node:url";
import { nativeFiles } from "../../base/platform/native_files.ts";
import { blanksOf } from "../edits/blanks.ts";
import { editsOf } from "../edits/edits.ts";
import { recordOf, SOME_URL } from "../edits/edits_record.ts";
import type { ModuleLoading } from "../hooks/hooks.ts";
import { classNames, withThreads } from "../hooks/module_source.ts";
import { Transpiling } from "../hooks/transpiling.ts";
import { isSameCode } from "./same_code.ts";
import type { PreparedScript, PreparedScripts } from "./prepared_scripts.ts";

/** Prepares scripts; what Deno or the parser does not take is left out. */
export async function prepareScripts(
  modules: ModuleLoading,
  paths: Iterable<string>,
  rebind: boolean,
): Promise<PreparedScripts> {
  const parse = await acornParser(false);
  const erasing = new Transpiling();
  const found: PreparedScripts = new Map();
  for (const path of paths) {
    let transpiled: string;
    try {
      transpiled = withThreads(await modules.transpiled(path));
    } catch {
      continue;
    }
    const erased = /\.m?ts$/.test(path)
      ? erasing.erasedText(modules.table!.placeOf(path))
      : null;
    const script = prepared(
      transpiled,
      erased && withThreads(erased),
      erased === null ? "" : blanksIn(modules.table!.placeOf(path), erased),
      parse,
      rebind,
    );
    if (script) found.set(path, script);
  }
  return found;
}

/** Where a text has blanks that its file has not; behind it, it says where it is from. */
function blanksIn(file: string, erased: string): string {
  const source = nativeFiles.readTextFileSync(fileURLToPath(file));
  return blanksOf(source, erased.slice(0, source.length));
}

function prepared(
  transpiled: string,
  erased: string | null,
  blanks: string,
  parse: (text: string) => Node,
  rebind: boolean,
): PreparedScript | null {
  try {
    const program = parse(transpiled);
    const other = erased === null ? null : parse(erased);
    const isErasable = other !== null && isSameCode(program, other) &&
      // They are handed out as they are found in the text.
      String(classNames(transpiled)) === String(classNames(erased!));
    const text = isErasable ? erased! : transpiled;
    const wanted = { keep: true, set: rebind, watch: true, places: rebind };
    const edits = editsOf(
      text,
      isErasable ? other : program,
      SOME_URL,
      wanted,
    );
    const record = recordOf(text, edits, isErasable ? blanks : "");
    return record === null ? null : { isErasable, edits: record };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
