/** Digests of initializers and exports with all that they refer to in their module, and what they take from others.
 *
 * A kept value is right only if its initializer would make the same today: `const limit = 1; const config = { limit }`
 * has one text before and after `limit` becomes 2.
 * @module
 */
import { hash } from "node:crypto";
import { codeDigest } from "../digest.ts";
import { enumMembers } from "../values/enum_facts.ts";
import { localExports } from "../exports.ts";
import { type Keepable, type KeepableNames, keepableOf } from "./keepable.ts";
import { MUTATORS } from "../values/known_calls.ts";
import {
  eachChild,
  field,
  isClass,
  isFunction,
  isTypeOnly,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { type Binding, type Resolved, resolveNames } from "../code/scope.ts";

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
 *
 * @param program the root of its tree
 * @param resolved its names, where they are resolved already
 * @param names what of it can be kept, where that is known already
 * @returns the digests
 */
export function textFactsOf(
  program: Node,
  resolved: Resolved = resolveNames(program),
  names: KeepableNames = keepableOf(program),
): TextFacts {
  const kept = new Map<string, TextFact>();
  const mentions: Mentions = new Map();
  for (const [name, it] of names.found) {
    kept.set(name, initializerFact(it, resolved, mentions));
  }
  const exports = new Map<string, TextFact>();
  for (const [name, node] of localExports(program)) {
    const reach = new Reach(resolved, mentions);
    reach.add(node);
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
  mentions: Mentions,
): TextFact {
  const reach = new Reach(resolved, mentions);
  if (init) reach.add(init);
  // `one ??= make()` is an initializer as well, which runs when it is first asked for.
  const binding = id ? resolved.bindings.get(id) : undefined;
  for (const reference of binding?.references ?? []) {
    const up = resolved.parents.get(reference);
    if (up?.node.type !== "AssignmentExpression" || up.key !== "left") continue;
    if (!/^(?:\?\?|\|\|)=$/.test(String(field(up.node, "operator")))) continue;
    reach.add(one(up.node, "right")!, "later");
  }
  return reach.fact();
}

/** The names and the modules that pieces of code mention, in the order of the source: many exports lead to the same ones. */
type Mentions = Map<Node, readonly Node[]>;

/** All that one piece of code refers to. */
class Reach {
  readonly #resolved: Resolved;
  readonly #mentions: Mentions;
  readonly #texts: string[] = [];
  readonly #uses = new Map<string, { specifier: string; name: string }>();
  readonly #seen = new Set<Binding>();
  readonly #pieces = new Set<Node>();

  constructor(resolved: Resolved, mentions: Mentions) {
    this.#resolved = resolved;
    this.#mentions = mentions;
  }

  /** The digest of all that was added. */
  fact(): TextFact {
    const [first = "", ...others] = this.#texts;
    const text = [first, ...others.sort()].join("\n");
    return {
      digest: hash("sha256", text, "hex").slice(0, 16),
      uses: [...this.#uses.keys()].sort().map((key) => this.#uses.get(key)!),
    };
  }

  /** Adds a piece of code and what it refers to. */
  add(node: Node, label = ""): void {
    const inner = unwrap(node);
    if (this.#pieces.has(inner)) return;
    this.#pieces.add(inner);
    if (isClass(inner)) {
      this.#texts.push(`${label}=class`);
      return;
    }
    // With types and without it is written in two ways.
    const members = enumMembers(inner);
    if (members) {
      this.#texts.push(`${label}=enum ${JSON.stringify(members)}`);
      return;
    }
    this.#texts.push(`${label}=${codeDigest(inner)}`);
    for (const mention of this.#mentionsIn(inner)) this.#refer(mention);
  }

  #mentionsIn(piece: Node): readonly Node[] {
    let known = this.#mentions.get(piece);
    if (!known) {
      this.#mentions.set(piece, known = mentionsIn(piece, this.#resolved));
    }
    return known;
  }

  #refer(node: Node): void {
    if (node.type !== "ImportExpression") {
      return this.#binding(this.#resolved.bindings.get(node)!, node);
    }
    const source = one(node, "source");
    const specifier = source ? field(source, "value") : undefined;
    if (typeof specifier === "string") this.#use(specifier, "*");
  }

  #binding(binding: Binding, node: Node): void {
    const { imported } = binding;
    if (imported) {
      this.#use(
        imported.specifier,
        imported.name === "*" ? this.#memberOf(node) : imported.name,
      );
      return;
    }
    if (this.#seen.has(binding)) return;
    this.#seen.add(binding);
    const { label } = binding;
    if (binding.kind === "class") {
      this.#texts.push(`${label}=class`);
      return;
    }
    if (binding.node && this.#isEnum(binding)) return;
    if (binding.from) {
      this.#texts.push(`${label}.${binding.from.path.join(".")}`);
      this.add(binding.from.value, label);
    }
    for (const value of binding.assigned) {
      if (value) this.add(value, `${label}:`);
    }
    this.#parameter(binding);
    for (const reference of binding.references) this.#change(reference, label);
  }

  #isEnum(binding: Binding): boolean {
    const up = this.#resolved.parents.get(binding.node);
    const declaration = up?.node.type === "TSEnumDeclaration"
      ? up.node
      : up?.node.type === "VariableDeclarator" && up.key === "id"
      ? one(up.node, "init")
      : null;
    const members = declaration && enumMembers(declaration);
    if (!members) return false;
    this.#texts.push(`${binding.label}=enum ${JSON.stringify(members)}`);
    return true;
  }

  /** `limits.max` of `import * as limits` takes one export. */
  #memberOf(node: Node): string {
    const up = this.#resolved.parents.get(node);
    return up?.node.type === "MemberExpression" && up.key === "object"
      ? keyName(up.node, "property") ?? "*"
      : "*";
  }

  /** A parameter is what the module's own calls pass. */
  #parameter({ parameter, label }: Binding): void {
    if (!parameter) return;
    const declaration = many(parameter.of, "params")[parameter.index];
    if (declaration) this.add(declaration, `${label}:`);
    const up = this.#resolved.parents.get(parameter.of);
    const id = one(parameter.of, "id") ??
      (up?.node.type === "VariableDeclarator" ? one(up.node, "id") : null);
    const called = id ? this.#resolved.bindings.get(id) : undefined;
    for (const reference of called?.references ?? []) {
      const call = this.#resolved.parents.get(reference);
      if (call?.key !== "callee") continue;
      const given = many(call.node, "arguments")[parameter.index];
      if (given) this.add(given, `${label}:`);
    }
  }

  /** What the module's evaluation changes of a value counts as its text: `defaults.limit = 2`, `table.set("a", 1)`. */
  #change(reference: Node, label: string): void {
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
    if (!changes) return;
    let statement = at;
    for (;;) {
      const up = parents.get(statement);
      if (!up || isFunction(up.node)) return;
      if (up.node === this.#resolved.program) break;
      statement = up.node;
    }
    this.add(statement, `${label}!`);
  }

  #use(specifier: string, name: string): void {
    this.#uses.set(`${specifier} ${name}`, { specifier, name });
  }
}

function mentionsIn(piece: Node, { bindings }: Resolved): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (node.type === "Identifier" || node.type === "JSXIdentifier") {
      const binding = bindings.get(node);
      // What is exported is named by the identifier that declares it.
      if (binding && (node === piece || !isInside(binding.node, piece))) {
        found.push(node);
      }
      return;
    }
    if (node.type === "ImportExpression") found.push(node);
    eachChild(node, visit);
  };
  visit(piece);
  return found;
}

function isInside(node: Node, piece: Node): boolean {
  return node.start >= piece.start && node.end <= piece.end;
}
