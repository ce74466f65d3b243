/** Pieces of a module's code with what each says and mentions: many initializers and exports lead to the same ones.
 * @module
 */
import { codeDigest } from "../digest.ts";
import { enumMembers } from "../values/enum_facts.ts";
import { MUTATORS } from "../values/known_calls.ts";
import {
  field,
  isClass,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import { constructionOf, eachRun } from "./construction.ts";
import type { Binding } from "../code/bindings.ts";
import type { Resolved } from "../code/scope.ts";

/** What is taken from another module. */
export interface Taken {
  /** Both of the following. */
  readonly key: string;
  /** As written. */
  readonly specifier: string;
  /** The exported name, or `*`. */
  readonly name: string;
}

/** A piece of code. */
export interface Piece {
  /** What it says: a digest, or what stands for one. */
  readonly text: string;
  /** What it mentions, in the order of the source. */
  readonly mentions: readonly (Taken | Name)[];
  /** Who has it already. */
  reachedBy: object | null;
}

/** A name of the module. */
export interface Name {
  /** What has to be known of it: texts, and pieces under what they stand for. */
  readonly steps: readonly (string | PieceOf)[];
  /** Who has it already. */
  reachedBy: object | null;
}

interface PieceOf {
  readonly piece: Piece;
  readonly label: string;
}

/** The pieces of one module. */
export class Pieces {
  readonly #resolved: Resolved;
  readonly #pieces = new Map<Node, Piece>();
  readonly #names = new Map<Binding, Name>();

  /** @param resolved the module */
  constructor(resolved: Resolved) {
    this.#resolved = resolved;
  }

  /** A piece of code. */
  of(node: Node): Piece {
    const inner = unwrap(node);
    const known = this.#pieces.get(inner);
    if (known) return known;
    const mentions: (Taken | Name)[] = [];
    const { text, code } = isClass(inner) ? classOf(inner) : textOf(inner);
    const piece: Piece = { text, mentions, reachedBy: null };
    // Before what it mentions, which may lead back to it.
    this.#pieces.set(inner, piece);
    for (const mention of code(this.#resolved)) {
      const it = this.#mentioned(mention);
      if (it) mentions.push(it);
    }
    return piece;
  }

  #mentioned(node: Node): Taken | Name | null {
    if (node.type === "ImportExpression") {
      const source = one(node, "source");
      const specifier = source ? field(source, "value") : undefined;
      return typeof specifier === "string" ? taken(specifier, "*") : null;
    }
    const binding = this.#resolved.bindings.get(node)!;
    const { imported } = binding;
    return imported
      ? taken(
        imported.specifier,
        imported.name === "*" ? this.#memberOf(node) : imported.name,
      )
      : this.#name(binding);
  }

  /** `limits.max` of `import * as limits` takes one export. */
  #memberOf(node: Node): string {
    const up = this.#resolved.parents.get(node);
    return up?.node.type === "MemberExpression" && up.key === "object"
      ? keyName(up.node, "property") ?? "*"
      : "*";
  }

  #name(binding: Binding): Name {
    const known = this.#names.get(binding);
    if (known) return known;
    const steps: (string | PieceOf)[] = [];
    const name: Name = { steps, reachedBy: null };
    this.#names.set(binding, name);
    const { label } = binding;
    if (binding.kind === "class") {
      const declared = this.#resolved.parents.get(binding.node)?.node;
      if (declared && isClass(declared)) {
        steps.push({ piece: this.of(declared), label });
      } else steps.push(`${label}=class`);
      return name;
    }
    const members = this.#enumOf(binding);
    if (members !== null) {
      steps.push(`${label}=enum ${members}`);
      return name;
    }
    const add = (node: Node, as: string) =>
      steps.push({ piece: this.of(node), label: as });
    if (binding.from) {
      steps.push(`${label}.${binding.from.path.join(".")}`);
      add(binding.from.value, label);
    }
    for (const value of binding.assigned) {
      if (value) add(value, `${label}:`);
    }
    for (const given of this.#passed(binding)) add(given, `${label}:`);
    for (const reference of binding.references) {
      const statement = this.#change(reference);
      if (statement) add(statement, `${label}!`);
    }
    return name;
  }

  #enumOf(binding: Binding): string | null {
    const up = this.#resolved.parents.get(binding.node);
    const declaration = up?.node.type === "TSEnumDeclaration"
      ? up.node
      : up?.node.type === "VariableDeclarator" && up.key === "id"
      ? one(up.node, "init")
      : null;
    const members = declaration && enumMembers(declaration);
    return members ? JSON.stringify(members) : null;
  }

  /** A parameter is its declaration, and what the module's own calls pass. */
  #passed({ parameter }: Binding): Node[] {
    if (!parameter) return [];
    const found: Node[] = [];
    const declaration = many(parameter.of, "params")[parameter.index];
    if (declaration) found.push(declaration);
    const up = this.#resolved.parents.get(parameter.of);
    const id = one(parameter.of, "id") ??
      (up?.node.type === "VariableDeclarator" ? one(up.node, "id") : null);
    const called = id ? this.#resolved.bindings.get(id) : undefined;
    for (const reference of called?.references ?? []) {
      const call = this.#resolved.parents.get(reference);
      if (call?.key !== "callee") continue;
      const given = many(call.node, "arguments")[parameter.index];
      if (given) found.push(given);
    }
    return found;
  }

  /** What the module's evaluation changes of a value counts as its text: `defaults.limit = 2`, `table.set("a", 1)`. */
  #change(reference: Node): Node | null {
    const { parents, targets } = this.#resolved;
    let at = reference;
    let changes = false;
    for (;;) {
      const up = parents.get(at);
      if (up?.node.type !== "MemberExpression" || up.key !== "object") break;
      at = up.node;
      if (targets.has(at)) changes = true;
      const method = keyName(at, "property");
      if (parents.get(at)?.key === "callee" && MUTATORS.has(method ?? "")) {
        changes = true;
      }
    }
    if (!changes) return null;
    let statement = at;
    for (;;) {
      const up = parents.get(statement);
      if (!up || isFunction(up.node)) return null;
      if (up.node === this.#resolved.program) return statement;
      statement = up.node;
    }
  }
}

function taken(specifier: string, name: string): Taken {
  return { key: `${specifier} ${name}`, specifier, name };
}

/** What a piece says, and the names in it that count as well. */
interface Said {
  readonly text: string;
  readonly code: (resolved: Resolved) => Node[];
}

function textOf(inner: Node): Said {
  // With types and without it is written in two ways.
  const members = enumMembers(inner);
  return members
    ? { text: `=enum ${JSON.stringify(members)}`, code: () => [] }
    : {
      text: `=${codeDigest(inner)}`,
      code: (resolved) => mentionsIn(inner, resolved),
    };
}

/**
 * Of a class what making an instance runs. Its constructor and fields are compared where the instances are found, and
 * functions inside of these where somebody holds them.
 */
function classOf(cls: Node): Said {
  const { helpers, code } = constructionOf(cls);
  return {
    text: ["=class", ...helpers.map((it) => codeDigest(it)).sort()].join(" "),
    code: ({ bindings }) => {
      const found: Node[] = [];
      for (const piece of code) {
        eachRun(piece, (node) => {
          const binding = node.type === "Identifier"
            ? bindings.get(node)
            : undefined;
          if (binding && !isInside(binding.node, cls)) found.push(node);
        });
      }
      return found;
    },
  };
}

/** The names and the modules that a piece of code mentions. */
function mentionsIn(piece: Node, { bindings }: Resolved): Node[] {
  const found: Node[] = [];
  eachWithin(piece, ({ self, type }) => {
    if (type === "ImportExpression") found.push(self);
    if (type !== "Identifier" && type !== "JSXIdentifier") return;
    const binding = bindings.get(self);
    // What is exported is named by the identifier that declares it.
    if (binding && (self === piece || !isInside(binding.node, piece))) {
      found.push(self);
    }
  });
  return found;
}

function isInside(node: Node, piece: Node): boolean {
  return node.start >= piece.start && node.end <= piece.end;
}
