/** The functions and classes of a module by numbers that are the same in its source and in what Deno makes of it.
 * @module
 */
import {
  flag,
  isClass,
  isFunction,
  nameOf,
  type Node,
  one,
  word,
} from "./nodes.ts";
import { shortDigest } from "./short_digest.ts";
import { treeOf } from "./tree.ts";

/** A function or a class. */
export interface Piece {
  /** Its node. */
  readonly node: Node;
  /** Where its definition begins, with the name and the words before it. */
  readonly start: number;
  /** Of a constructor: the number of its class. */
  readonly constructs?: number;
}

/** The functions and classes of a module. */
export interface Pieces {
  /** In the order of the source; the first has the number 1, for 0 is the module itself. */
  readonly list: readonly Piece[];
  /** A digest of how many there are and of what kind: where it is the same, so are the numbers. */
  readonly shape: string;
}

/** Numbers the functions and classes of a module. */
export function piecesOf(program: Node): Pieces {
  const list: Piece[] = [];
  const numbers = new Map<Node, number>();
  const said: string[] = [];
  for (const { self, around } of treeOf(program)) {
    const isOfClass = isClass(self);
    if (!isOfClass && !isFunction(self)) continue;
    const up = around?.self ?? program;
    const isMember = up.type === "MethodDefinition" ||
      up.type === "Property" && one(up, "value") === self;
    const isConstructor = isMember && word(up, "kind") === "constructor";
    const constructs = isConstructor
      ? numbers.get(around!.around!.around!.self)
      : undefined;
    list.push({
      node: self,
      start: isMember ? up.start : self.start,
      ...constructs === undefined ? {} : { constructs },
    });
    numbers.set(self, list.length);
    said.push(
      isOfClass
        ? `class ${nameOf(one(self, "id"))}`
        : `${self.type} ${nameOf(one(self, "id"))} ${flag(self, "async")} ${
          flag(self, "generator")
        } ${isMember ? `${word(up, "kind")} ${flag(up, "static")}` : ""}`,
    );
  }
  return {
    list,
    shape: `${list.length}:${shortDigest(said.join("\n"))}`,
  };
}

/** The numbers by nodes. */
export function numbersOf({ list }: Pieces): Map<Node, number> {
  return new Map(list.map(({ node }, at) => [node, at + 1]));
}
