/** What functions change of what they are given: by that, what a module gives to another's function is known to be state.
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
  string,
} from "../json/parse.ts";
import {
  type NameRef,
  nameRef,
  VALUE_KINDS,
  type ValueKind,
} from "./value_kinds.ts";

/** An imported function that is given something. */
export interface GivenTo {
  /** The specifier of the import. */
  readonly specifier: string;
  /** The exported name; `*` for the namespace as a whole. */
  readonly name: string;
  /** The members on the way to the function; `new()` at the end for a constructor. */
  readonly path?: readonly string[];
  /** Which argument, from 0. */
  readonly index: number;
  /** Under which member of a literal. */
  readonly member?: string;
}

/** What a function changes of an argument. */
export interface ChangeOfGiven {
  /** The name of the function in its module: `step`, `commands.join`, `Repo` for a constructor, `Repo.add`. */
  readonly function: string;
  /** Which argument, from 0. */
  readonly index: number;
  /** The members on the way to what is changed: `players`, `push()`. */
  readonly path?: readonly string[];
  /** True if the last member is assigned. */
  readonly write?: boolean;
  /** True if that may happen while the function runs. */
  readonly soon?: boolean;
  /** True if that may happen when it is over. */
  readonly later?: boolean;
  /** The imported function that it hands it on to, which decides. */
  readonly to?: GivenTo;
}

/** A variable that is given to an imported function. */
export interface GivenValue {
  /** Of an import: the specifier. */
  readonly specifier?: string;
  /** The variable, or the exported name. */
  readonly name: string;
  /** The members of it that are given. */
  readonly path?: readonly string[];
  /** True if it is given after the evaluation. */
  readonly later?: boolean;
  /** What it holds, where it is no import. */
  readonly kind?: ValueKind;
  /** Of an instance: of which class. */
  readonly of?: NameRef;
  /** Who gets it. */
  readonly to: GivenTo;
  /** Where it is declared, where it is no import. */
  readonly line?: number;
  /** Where it is declared. */
  readonly column?: number;
}

const givenTo = fields<GivenTo>({
  specifier: string,
  name: string,
  path: optional(listOf(string)),
  index: count,
  member: optional(string),
});

/** Reads what a function changes of an argument. */
export const changeOfGiven: Reader<ChangeOfGiven> = fields<ChangeOfGiven>({
  function: string,
  index: count,
  path: optional(listOf(string)),
  write: optional(boolean),
  soon: optional(boolean),
  later: optional(boolean),
  to: optional(givenTo),
});

/** Reads what is given to an imported function. */
export const givenValue: Reader<GivenValue> = fields<GivenValue>({
  specifier: optional(string),
  name: string,
  path: optional(listOf(string)),
  later: optional(boolean),
  kind: optional(oneOf(...VALUE_KINDS)),
  of: optional(nameRef),
  to: givenTo,
  line: optional(count),
  column: optional(count),
});
