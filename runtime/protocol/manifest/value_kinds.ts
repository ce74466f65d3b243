/** What values are, as far as texts tell, and how they are called.
 * @module
 */
import {
  boolean,
  fields,
  optional,
  type Reader,
  string,
} from "../json/parse.ts";

/** A class or value by name: of another module, of this module, or of the platform. */
export interface NameRef {
  /** The specifier of the module it is imported from; none for this module's own and the platform's. */
  readonly specifier?: string;
  /** The exported name there, or the name here. */
  readonly name: string;
  /** True for what the platform brings: `Map`, `Deno.KvU64`. */
  readonly global?: boolean;
}

/** Reads a name. */
export const nameRef: Reader<NameRef> = fields<NameRef>({
  specifier: optional(string),
  name: string,
  global: optional(boolean),
});

/** What an exported name, or a field of an exported object, holds. */
export const VALUE_KINDS = [
  "function",
  "class",
  "primitive",
  "frozen",
  "map",
  "set",
  "array",
  "object",
  "instance",
  "runtime",
  "re-export",
  "unknown",
] as const;

/** What an exported name holds. */
export type ValueKind = typeof VALUE_KINDS[number];
