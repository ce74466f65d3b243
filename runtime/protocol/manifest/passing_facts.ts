/** Where values go from a module: what rebinding asks of results and of instances.
 * @module
 */
import {
  boolean,
  count,
  type Fields,
  fields,
  listOf,
  oneOf,
  optional,
  type Reader,
  string,
} from "../json/parse.ts";

/** An argument of an imported function. */
export interface PassedTo {
  /** The specifier of the import. */
  readonly specifier: string;
  /** The exported name. */
  readonly name: string;
  /** Which argument, from 0. */
  readonly index: number;
  /** True where it is a number, a text or the like that was made of the value. */
  readonly data?: boolean;
}

/** What becomes of a value. */
export interface Passing {
  /** `passed` to code that may keep it, `held` by the module; not said, it is gone soon. */
  readonly fate?: "passed" | "held";
  /** The imported functions that get it, where it is not held. */
  readonly to?: readonly PassedTo[];
  /** True where nobody else gets it. */
  readonly only?: boolean;
}

/** What is asked of an instance by code that is not certain to be called later. */
export interface Met {
  /** The names of its members. */
  readonly names?: readonly string[];
  /** The imported functions that get it. */
  readonly to?: readonly PassedTo[];
}

/** What a function does with an argument. */
export interface ParameterFacts extends Passing {
  /** What is asked of an instance; left out where anything may be. */
  readonly met?: Met;
  /** True of the last one where all that come behind it are as it is. */
  readonly rest?: boolean;
}

const passedTo = fields<PassedTo>({
  specifier: string,
  name: string,
  index: count,
  data: optional(boolean),
});

/** How what becomes of a value is read. */
export const PASSING: Fields<Passing> = {
  fate: optional(oneOf("passed", "held")),
  to: optional(listOf(passedTo)),
  only: optional(boolean),
};

/** Reads what is asked of an instance. */
export const met: Reader<Met> = fields<Met>({
  names: optional(listOf(string)),
  to: optional(listOf(passedTo)),
});

/** Reads what a function does with an argument. */
export const parameterFacts: Reader<ParameterFacts> = fields<ParameterFacts>({
  ...PASSING,
  met: optional(met),
  rest: optional(boolean),
});
