/** The names that a module declares, and the scopes that they are known in.
 * @module
 */
import type { Node } from "./nodes.ts";

/** One declared name. */
export interface Binding {
  /** The name. */
  readonly name: string;
  /** What declares it. */
  readonly kind:
    | "import"
    | "var"
    | "let"
    | "const"
    | "function"
    | "class"
    | "parameter"
    | "catch"
    | "enum"
    | "namespace";
  /** True for a name of the module itself: at its top level, or in a namespace there. */
  readonly top: boolean;
  /** The name with that of its namespace: `Config.limit`. */
  readonly label: string;
  /** The identifier that declares it. */
  readonly node: Node;
  /** Of an import: the specifier and the exported name. */
  readonly imported?: { readonly specifier: string; readonly name: string };
  /** Of a parameter: of which function, which one, and the way into it. */
  readonly parameter?: {
    readonly of: Node;
    readonly index: number;
    readonly path: readonly string[];
  };
  /** What its value comes from, and the way from there; the function or class itself for a declaration. */
  from: { readonly value: Node; readonly path: readonly string[] } | null;
  /** The identifiers that refer to it, its declaration not among them. */
  readonly references: Node[];
  /** What is assigned to it elsewhere. */
  readonly assigned: (Node | null)[];
}

/** The names that something declares for what is inside of it. */
export interface Scope {
  readonly parent: Scope | null;
  /** Where `var` goes. */
  readonly isFunction: boolean;
  /** Of the module: empty; of a namespace in it: its name and a dot; else null. */
  readonly prefix: string | null;
  /** Null as long as it has none. */
  names: Map<string, Binding> | null;
}
