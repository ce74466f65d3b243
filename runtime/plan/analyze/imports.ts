/** What a module imports, without what only serves types.
 * @module
 */
import type { ImportFact } from "../../protocol/manifest/module_analysis.ts";
import { field, many, nameOf, type Node, one } from "./code/nodes.ts";
import { eachWithin } from "./code/tree.ts";
import { placeOf } from "./code/places.ts";
import type { Resolved } from "./code/scope.ts";
import type { AnalyzeOptions } from "./options.ts";

/** Lists what a module imports, in the order of the source. */
export function importsOf(
  resolved: Resolved,
  source: string,
  options: AnalyzeOptions,
): ImportFact[] {
  const found: ImportFact[] = [];
  const drops = options.typescript === true && options.verbatim !== true;
  const factories = drops ? jsxFactories(source, options) : new Set<string>();
  const isUsed = (item: Node) => {
    const local = one(item, "local")!;
    return factories.has(nameOf(local)) ||
      (resolved.bindings.get(local)?.references.length ?? 0) > 0;
  };
  eachWithin(resolved.program, ({ self: node, type }) => {
    switch (type) {
      case "ImportDeclaration": {
        const all = field(node, "specifiers") as readonly Node[];
        const items = many(node, "specifiers").filter((item) =>
          field(item, "importKind") !== "type" && (!drops || isUsed(item))
        );
        // `import "./x.ts"` is for its effect; one that only named types is gone.
        if (all.length > 0 && items.length === 0 && drops) return false;
        found.push({
          ...place(node),
          // As a text, a module exports nothing of its own.
          ...(items.length > 0 && !isData(node)
            ? {
              names: items.map(importedName),
              locals: items.map((item) => nameOf(one(item, "local"))),
            }
            : {}),
        });
        return false;
      }
      case "ExportNamedDeclaration": {
        const items = many(node, "specifiers").filter((item) =>
          field(item, "exportKind") !== "type"
        );
        if (one(node, "source")) {
          if (many(node, "specifiers").length > 0 && items.length === 0) {
            if (drops) return false;
          }
          found.push({
            ...place(node),
            ...(items.length > 0
              ? {
                names: items.map((item) => nameOf(one(item, "local"))),
                locals: items.map(() => ""),
              }
              : {}),
          });
          return false;
        }
        break;
      }
      case "ExportAllDeclaration":
        found.push({
          ...place(node),
          ...(one(node, "exported") ? { names: ["*"], locals: [""] } : {}),
        });
        return false;
      case "TSImportEqualsDeclaration": {
        const reference = one(node, "moduleReference");
        const expression = one(reference, "expression");
        if (typeof expression === "object" && expression) {
          found.push({
            specifier: String(field(expression, "value")),
            line: placeOf(node).line,
          });
        }
        return false;
      }
      case "ImportExpression": {
        const specifier = textOf(one(node, "source"));
        if (specifier !== null) {
          found.push({
            specifier,
            line: placeOf(node).line,
            dynamic: true,
          });
        }
      }
    }
  });
  return found;
}

/** The text of a string, or of a template without anything to fill in. Returns the text, or null. */
export function textOf(node: Node | null): string | null {
  if (node?.type === "Literal") {
    const value = field(node, "value");
    return typeof value === "string" ? value : null;
  }
  if (node?.type !== "TemplateLiteral") return null;
  const pieces = many(node, "quasis");
  if (pieces.length !== 1) return null;
  const value = field(pieces[0]!, "value") as { cooked?: unknown };
  return typeof value.cooked === "string" ? value.cooked : null;
}

/** Whether what is imported is the text or the bytes of a file. */
function isData(node: Node): boolean {
  return many(node, "attributes").some((it) =>
    nameOf(one(it, "key")) === "type" &&
    /^(?:text|bytes)$/.test(textOf(one(it, "value")) ?? "")
  );
}

function place(node: Node): { specifier: string; line: number } {
  return {
    specifier: String(field(one(node, "source")!, "value")),
    line: placeOf(node).line,
  };
}

function importedName(item: Node): string {
  switch (item.type) {
    case "ImportDefaultSpecifier":
      return "default";
    case "ImportNamespaceSpecifier":
      return "*";
  }
  return nameOf(one(item, "imported"));
}

/** The names that JSX calls without naming them. */
function jsxFactories(source: string, options: AnalyzeOptions): Set<string> {
  if (options.jsx !== true) return new Set();
  const names = new Set([
    options.jsxFactory ?? "React.createElement",
    options.jsxFragmentFactory ?? "React.Fragment",
  ]);
  for (const match of source.matchAll(/@jsx(?:Frag)?\s+([\w$.]+)/g)) {
    names.add(match[1]!);
  }
  return new Set([...names].map((name) => name.split(".")[0]!));
}
