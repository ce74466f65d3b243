/** Digests of initializers and exports with all that they refer to in their module, and what they take from others.
 *
 * A kept value is right only if its initializer would make the same today: `const limit = 1; const config = { limit }`
 * has one text before and after `limit` becomes 2.
 * @module
 */
import { localExports } from "../exports.ts";
import { shortDigest } from "../code/short_digest.ts";
import { type Keepable, type KeepableNames, keepableOf } from "./keepable.ts";
import { type Name, type Piece, Pieces, type Taken } from "./text_pieces.ts";
import {
  field,
  isTypeOnly,
  many,
  nameOf,
  type Node,
  one,
} from "../code/nodes.ts";
import { type Resolved, resolveNames } from "../code/scope.ts";

/** One initializer or export. */
export interface TextFact {
  /** A digest of its text and of all it refers to in its module, however it is laid out. */
  readonly digest: string;
  /** What it refers to in other modules; the exported name, or `*`. */
  readonly uses: readonly {
    readonly specifier: string;
    readonly name: string;
  }[];
}

/** The initializers and exports of a module. */
export interface TextFacts {
  /** By the names that deno.json calls initializers by. */
  readonly kept: ReadonlyMap<string, TextFact>;
  /** By exported name. */
  readonly exports: ReadonlyMap<string, TextFact>;
  /** The specifiers of `export * from`. */
  readonly stars: readonly string[];
}

/**
 * Digests the initializers and exports of a module.
 *
 * Classes count by their names only: their instances follow them, and what has become of fields and constructors is asked elsewhere.
 */
export function textFactsOf(
  program: Node,
  resolved: Resolved = resolveNames(program),
  names: KeepableNames = keepableOf(program),
): TextFacts {
  const kept = new Map<string, TextFact>();
  const pieces = new Pieces(resolved);
  for (const [name, it] of names.found) {
    kept.set(name, initializerFact(it, resolved, pieces));
  }
  const exports = new Map<string, TextFact>();
  for (const [name, node] of localExports(program)) {
    const reach = new Reach();
    reach.add(pieces.of(node));
    exports.set(name, reach.fact());
  }
  const stars: string[] = [];
  for (const statement of many(program, "body")) {
    const source = one(statement, "source");
    if (!source || isTypeOnly(statement)) continue;
    const specifier = String(field(source, "value"));
    if (statement.type === "ExportAllDeclaration") {
      const exported = one(statement, "exported");
      if (exported) exports.set(nameOf(exported), passed(specifier, "*"));
      else stars.push(specifier);
    } else if (statement.type === "ExportNamedDeclaration") {
      for (const item of many(statement, "specifiers")) {
        if (isTypeOnly(item)) continue;
        exports.set(
          nameOf(one(item, "exported")),
          passed(specifier, nameOf(one(item, "local"))),
        );
      }
    }
  }
  return { kept, exports, stars };
}

function passed(specifier: string, name: string): TextFact {
  return { digest: "", uses: [{ specifier, name }] };
}

function initializerFact(
  { init, id }: Keepable,
  resolved: Resolved,
  pieces: Pieces,
): TextFact {
  const reach = new Reach();
  if (init) reach.add(pieces.of(init));
  // `one ??= make()` is an initializer as well, which runs when it is first asked for.
  const binding = id ? resolved.bindings.get(id) : undefined;
  for (const reference of binding?.references ?? []) {
    const up = resolved.parents.get(reference);
    if (up?.node.type !== "AssignmentExpression" || up.key !== "left") continue;
    if (!/^(?:\?\?|\|\|)=$/.test(String(field(up.node, "operator")))) continue;
    reach.add(pieces.of(one(up.node, "right")!), "later");
  }
  return reach.fact();
}

/** All that one piece of code refers to. */
class Reach {
  readonly #texts: string[] = [];
  readonly #uses = new Map<string, Taken>();

  /** The digest of all that was added. */
  fact(): TextFact {
    const [first = "", ...others] = this.#texts;
    const text = [first, ...others.sort()].join("\n");
    return {
      digest: shortDigest(text),
      uses: [...this.#uses.keys()].sort().map((key) => {
        const { specifier, name } = this.#uses.get(key)!;
        return { specifier, name };
      }),
    };
  }

  /** Adds a piece of code and what it refers to. */
  add(piece: Piece, label = ""): void {
    if (piece.reachedBy === this) return;
    piece.reachedBy = this;
    this.#texts.push(label + piece.text);
    for (const mention of piece.mentions) {
      if ("specifier" in mention) this.#uses.set(mention.key, mention);
      else this.#name(mention);
    }
  }

  #name(name: Name): void {
    if (name.reachedBy === this) return;
    name.reachedBy = this;
    for (const step of name.steps) {
      if (typeof step === "string") this.#texts.push(step);
      else this.add(step.piece, step.label);
    }
  }
}
