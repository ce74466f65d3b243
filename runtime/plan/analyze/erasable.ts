/** Whether a script runs as it is written once its types are blanked out: then nobody has to transpile it.
 * @module
 */
import { field, isTypeOnly, many, type Node, one } from "./code/nodes.ts";
import { treeOf } from "./code/tree.ts";
import { placeOf } from "./code/places.ts";
import type { Resolved } from "./code/scope.ts";
import type { AnalyzeOptions } from "./options.ts";

/** What is more than a type, or is written where blanks would not do. */
const MORE = new Set([
  "TSEnumDeclaration",
  "TSModuleDeclaration",
  "TSParameterProperty",
  "TSExportAssignment",
  "TSImportEqualsDeclaration",
  "TSTypeAssertion",
  "AccessorProperty",
  "Decorator",
]);

/**
 * Tells whether blanking out the types of a module gives what Deno makes of it. In doubt it does not. Returns false for
 * what is not TypeScript as well: it needs no blanks.
 */
export function isErasable(
  { program, bindings }: Resolved,
  source: string,
  { typescript, jsx }: AnalyzeOptions,
): boolean {
  if (typescript !== true || jsx === true) return false;
  const isUsed = (item: Node) =>
    (bindings.get(one(item, "local")!)?.references.length ?? 0) > 0;
  for (const statement of many(program, "body")) {
    if (isTypeOnly(statement)) continue;
    switch (statement.type) {
      case "ImportDeclaration": {
        const items = field(statement, "specifiers") as readonly Node[];
        // Deno drops imports that no value needs, and whole ones of which nothing is left.
        if (hasEmptyBraces(statement, source)) return false;
        const kept = items.filter((it) => !isTypeOnly(it));
        if (items.length > 0 && kept.length === 0) return false;
        if (!kept.every(isUsed)) return false;
        continue;
      }
      case "ExportNamedDeclaration": {
        const items = many(statement, "specifiers");
        const kept = items.filter((it) => !isTypeOnly(it));
        if (items.length > 0 && kept.length === 0) return false;
        if (exportsNoNames(statement, source)) return false;
        if (one(statement, "source")) continue;
        // A type without a word that says so.
        if (!kept.every((it) => bindings.has(one(it, "local")!))) return false;
        break;
      }
      case "ExportDefaultDeclaration": {
        const value = one(statement, "declaration");
        if (value?.type === "Identifier" && !bindings.has(value)) return false;
      }
    }
    if (hasClass(statement) && !beginsLine(statement, source)) return false;
  }
  return !treeOf(program).some(({ type }) =>
    MORE.has(type) || type.startsWith("JSX")
  );
}

/**
 * Whether a statement imports or exports no names, or none any more: of a tree without types nobody can tell whether
 * `import {} from "./a.ts"` named types, and is gone with them.
 */
export function namesNothing(program: Node, source: string): boolean {
  return many(program, "body").some((it) =>
    it.type === "ImportDeclaration"
      ? hasEmptyBraces(it, source)
      : it.type === "ExportNamedDeclaration" && exportsNoNames(it, source)
  );
}

function exportsNoNames(statement: Node, source: string): boolean {
  return many(statement, "specifiers").length === 0 &&
    (one(statement, "source") !== null || hasNamesOnly(statement, source));
}

/** Of a text whose types are blanked out, `export { type T }` has no names left. */
function hasNamesOnly(statement: Node, source: string): boolean {
  return one(statement, "declaration") === null &&
    !/^export\s*\{\s*\}/.test(source.slice(statement.start, statement.end));
}

function hasEmptyBraces(statement: Node, source: string): boolean {
  const from = one(statement, "source")!;
  return many(statement, "specifiers").length === 0 &&
    source.slice(statement.start, from.start).includes("{");
}

/** Classes are looked for where lines begin. */
function beginsLine(statement: Node, source: string): boolean {
  const { column } = placeOf(statement);
  return column === 1 ||
    // Of a tree without types, `abstract class` begins with the class.
    /^abstract[ \t]+$/.test(
      source.slice(statement.start - column + 1, statement.start),
    );
}

function hasClass(statement: Node): boolean {
  const declaration = one(statement, "declaration") ?? statement;
  return declaration.type === "ClassDeclaration" ||
    many(declaration, "declarations").some((it) =>
      one(it, "init")?.type === "ClassExpression"
    );
}
