/** The text of scripts as Deno evaluates it, without evaluating them: learned from a load under way, and asked at any time.
 *
 * An `import()` costs milliseconds in a process of many modules, however little it imports; this costs what Deno's own
 * transpiling does, and leaves no module behind.
 *
 * @module
 */
import { TextDecoder } from "../../base/platform/globals.ts";
import { nativeFiles } from "../../base/platform/native_files.ts";
import {
  type LoadFnOutput,
  type LoadHookContext,
  type ModuleSource,
  type RegisterHooksOptions,
  stripTypeScriptTypes,
} from "node:module";
import { fileURLToPath } from "node:url";
import { withBlanks } from "../edits/blanks.ts";
import { recordedBlanks } from "../edits/edits_record.ts";
import { identityMap } from "../keep/identity_map.ts";
import type { Way } from "./module_texts.ts";

/** The rest of the chain of load hooks, which ends with Deno's own. */
export type NextLoad = Parameters<
  NonNullable<RegisterHooksOptions["load"]>
>[2];

/** A script as it is loaded. */
export interface ReadScript {
  /** What Deno is given. */
  readonly output: LoadFnOutput;
  /** Whether what was written down of it is known to be of this text. */
  readonly isFit: boolean;
  /** How its types are gone. */
  readonly way: Way;
}

/** Asks Deno for the text of scripts. */
export class Transpiling {
  #ask: ((file: string) => LoadFnOutput) | null = null;
  readonly #ahead = new Map<string, ReadScript>();

  /** Whether a load has been seen to learn from. */
  get isReady(): boolean {
    return this.#ask !== null;
  }

  /** Learns how scripts are loaded. */
  learn(context: LoadHookContext, next: NextLoad): void {
    if (this.#ask !== null || !isOfScript(context)) return;
    this.#ask = (file) => next(file, context);
  }

  /** Asks for a script that is soon to be loaded; by what was written down of it, if its types can be blanked out. */
  readAhead(file: string, isErasable: boolean, record?: string): void {
    const erased = isErasable ? this.erased(file, record) : null;
    const output = erased === null ? this.output(file) : null;
    const read = erased ??
      (output && { output, isFit: false, way: "transpiled" });
    if (read) this.#ahead.set(file, read);
  }

  /**
   * A script with its types blanked out: a fourth of what transpiling takes, and every place stays where it is. Returns
   * its text among other facts; null where it is more than types, or cannot be read.
   */
  erased(file: string, record?: string): ReadScript | null {
    try {
      const text = nativeFiles.readTextFileSync(fileURLToPath(file));
      const known = record === undefined
        ? null
        : blankedOut(text, file, record);
      const source = known ?? withMap(stripTypeScriptTypes(text), file);
      return {
        output: { format: "module", source },
        isFit: known !== null,
        way: "blanked",
      };
    } catch {
      // Deno says why, if it is a mistake.
      return null;
    }
  }

  /** What was asked for ahead; given once. Returns what Deno has made of it, or null. */
  ahead(file: string, context: LoadHookContext): ReadScript | null {
    if (this.#ahead.size === 0 || !isOfScript(context)) return null;
    const read = this.#ahead.get(file) ?? null;
    this.#ahead.delete(file);
    return read;
  }

  /** Forgets what was asked for ahead. */
  forget(): void {
    this.#ahead.clear();
  }

  /**
   * What Deno makes of a script. Returns its text among other facts; null where Deno does not give it, be it for a
   * mistake in it.
   */
  output(file: string): LoadFnOutput | null {
    try {
      const output = this.#ask?.(file) ?? null;
      return output && isText(output.source) ? output : null;
    } catch {
      // Whoever imports it is told why.
      return null;
    }
  }

  /**
   * The text of a script with its types blanked out. Returns JavaScript; null where it is more than types, or cannot be
   * read.
   */
  erasedText(file: string): string | null {
    const read = this.erased(file);
    return read && textOf(read.output.source as ModuleSource);
  }

  /** The text of a script. Returns JavaScript, without types; null where Deno does not give it. */
  text(file: string): string | null {
    const output = this.output(file);
    return output && textOf(output.source as ModuleSource);
  }
}

/** A text with its types blanked out, where it is the one that was written about; else null. */
function blankedOut(text: string, file: string, record: string): string | null {
  const blanks = recordedBlanks(record);
  const erased = blanks === "" ? null : withBlanks(text, blanks);
  return erased === null ? null : withMap(erased, file);
}

/** Whatever asks for a place asks for one of what is evaluated. */
function withMap(text: string, file: string): string {
  return text + identityMap(text, file);
}

/** `require` reads what is there, and an import with a type is not of a script. */
function isOfScript(
  { conditions, importAttributes }: LoadHookContext,
): boolean {
  return conditions?.includes("require") !== true &&
    importAttributes?.type === undefined;
}

/** Tells whether a load has given a text. Returns true if so. */
export function isText(
  source: ModuleSource | null | undefined,
): source is ModuleSource {
  return source !== null && source !== undefined;
}

/** The text that a load has given. */
export function textOf(source: ModuleSource): string {
  return typeof source === "string" ? source : new TextDecoder().decode(source);
}
