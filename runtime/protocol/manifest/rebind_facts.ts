/** How a module uses what it imports, as far as that decides whether it may stay when that changes.
 * @module
 */
import {
  boolean,
  count,
  fields,
  listOf,
  oneOf,
  optional,
  type Reader,
  recordOf,
  string,
} from "../json/parse.ts";
import {
  type Met,
  met,
  type ParameterFacts,
  parameterFacts,
  PASSING,
  type Passing,
} from "./passing_facts.ts";

/** What is done with an import: whoever only calls it meets whatever it is by then. */
export const IMPORT_USES = [
  "call",
  "new",
  "member",
  "test",
  "export",
  "value",
] as const;

/** One use of something imported, and what becomes of its result. */
export interface ImportUse extends Passing {
  /** The specifier of the import. */
  readonly specifier: string;
  /** The exported name; `*` for the namespace as a whole. */
  readonly name: string;
  /**
   * `call` and `new` of it, `member` for reading or calling one of its members, `test` for `instanceof`, `export` where it
   * passes through, `value` for whatever else keeps hold of it.
   */
  readonly how: typeof IMPORT_USES[number];
  /** Of a `value`: for people, what is done with it. */
  readonly why?: string;
  /**
   * Of a `value` that nobody has but a server: `call` where it is what `Deno.serve` calls, `default` where it is the `fetch`
   * of what the module exports as its default.
   */
  readonly serves?: "call" | "default";
  /** Of a `new`: what is asked of the instance; left out where anything may be. */
  readonly met?: Met;
  /** Of a `new` that is held: true where nobody has it but instances of the classes that the module exports. */
  readonly inside?: boolean;
  /** Of a `new` that is held: the members that are taken of the instance without being called; empty text for any. */
  readonly takes?: readonly string[];
  /** Where, 1-based, in the source as written. */
  readonly line: number;
  /** Where, 1-based. */
  readonly column: number;
}

/** A class by its import. */
export interface ImportedClass {
  /** The specifier of the import. */
  readonly specifier: string;
  /** The exported name; `*` for one of a namespace. */
  readonly name: string;
}

/** What running an export leaves behind. */
export interface LeftBehind {
  /** True if functions may outlive its call: what it returns, registers or keeps. */
  readonly functions?: boolean;
  /** True if it returns nothing but data. */
  readonly data?: boolean;
  /** The classes of its module whose instances it makes, by their names among the module's classes. */
  readonly makes?: readonly string[];
  /** The imported classes whose instances it makes. */
  readonly imports?: readonly ImportedClass[];
  /** Of a function: what it does with its arguments; behind the last one nothing. */
  readonly parameters?: readonly ParameterFacts[];
  /** True of a class whose construction does nothing but give the instance plain fields of its own. */
  readonly plain?: boolean;
}

/** A module by its functions and classes. They are numbered in the order of the source; 0 is the module itself. */
export interface PieceFacts {
  /** How many there are and of what kind: the numbers are those of any text in which that is the same. */
  readonly shape: string;
  /** For each of the uses, in which of them it stands. */
  readonly within?: readonly number[];
  /** The uses in what each of them gives to somebody who may call it when it has ended: places in `uses`. */
  readonly hands?: Readonly<Record<string, readonly number[]>>;
  /** Those that may go on when they have returned, without anybody in the module who waits for them. */
  readonly going?: readonly number[];
}

/** How a module uses what it imports. */
export interface RebindFacts {
  /** Every use of an import that may be of the app, in the order of the source. */
  readonly uses?: readonly ImportUse[];
  /** Those in code that may run while the module is evaluated: places in `uses`. */
  readonly top?: readonly number[];
  /**
   * Those in code that may run when an export is used, by the export, and by `new` and the export when a class that extends
   * nothing is made an instance of: places in `uses`.
   */
  readonly runs?: Readonly<Record<string, readonly number[]>>;
  /** Those in any code of functions: whoever has a value of the module that is neither may run all of it. */
  readonly all?: readonly number[];
  /** What functions and classes leave behind, by the exported name. */
  readonly leaves?: Readonly<Record<string, LeftBehind>>;
  /** The exports whose use may begin what goes on by itself; empty text for the evaluation, `*` for any code. */
  readonly goes?: readonly string[];
  /** The names of members whose values it holds, of whatever they are members; empty text for any. */
  readonly holds?: readonly string[];
  /** Its functions and classes; left out by older commands. */
  readonly pieces?: PieceFacts;
}

const importUse = fields<ImportUse>({
  specifier: string,
  name: string,
  how: oneOf(...IMPORT_USES),
  why: optional(string),
  serves: optional(oneOf("call", "default")),
  ...PASSING,
  met: optional(met),
  inside: optional(boolean),
  takes: optional(listOf(string)),
  line: count,
  column: count,
});

const importedClass = fields<ImportedClass>({
  specifier: string,
  name: string,
});

const leftBehind = fields<LeftBehind>({
  functions: optional(boolean),
  data: optional(boolean),
  makes: optional(listOf(string)),
  imports: optional(listOf(importedClass)),
  parameters: optional(listOf(parameterFacts)),
  plain: optional(boolean),
});

const pieceFacts = fields<PieceFacts>({
  shape: string,
  within: optional(listOf(count)),
  hands: optional(recordOf(listOf(count))),
  going: optional(listOf(count)),
});

/** Reads how a module uses what it imports. */
export const rebindFacts: Reader<RebindFacts> = fields<RebindFacts>({
  uses: optional(listOf(importUse)),
  top: optional(listOf(count)),
  runs: optional(recordOf(listOf(count))),
  all: optional(listOf(count)),
  leaves: optional(recordOf(leftBehind)),
  goes: optional(listOf(string)),
  holds: optional(listOf(string)),
  pieces: optional(pieceFacts),
});
