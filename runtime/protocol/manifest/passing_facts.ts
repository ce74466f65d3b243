/** Where values go from a module: what rebinding asks of results and of instances.
 * @module
 */
import {
  boolean,
  count,
  listOf,
  maybe,
  object,
  oneOf,
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

const passedTo: Reader<PassedTo> = (value, at) => {
  const it = object(value, at);
  return {
    specifier: string(it.specifier, `${at}.specifier`),
    name: string(it.name, `${at}.name`),
    index: count(it.index, `${at}.index`),
    ...maybe(it, "data", boolean, at),
  };
};

/** Reads what becomes of a value, of an object that tells of more. */
export function passing(it: Record<string, unknown>, at: string): Passing {
  return {
    ...maybe(it, "fate", oneOf("passed", "held"), at),
    ...maybe(it, "to", listOf(passedTo), at),
    ...maybe(it, "only", boolean, at),
  };
}

/** Reads what is asked of an instance. */
export const met: Reader<Met> = (value, at) => {
  const it = object(value, at);
  return {
    ...maybe(it, "names", listOf(string), at),
    ...maybe(it, "to", listOf(passedTo), at),
  };
};

/** Reads what a function does with an argument. */
export const parameterFacts: Reader<ParameterFacts> = (value, at) => {
  const it = object(value, at);
  return {
    ...passing(it, at),
    ...maybe(it, "met", met, at),
    ...maybe(it, "rest", boolean, at),
  };
};
