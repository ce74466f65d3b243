/**
 * Reads what a module exports by name.
 *
 * @module
 */

import { parse } from "@babel/parser";

/** What a module exports. */
interface ExportedNames {
  /** Functions, classes, constants. */
  readonly values: readonly string[];
  /** Types and interfaces. */
  readonly types: readonly string[];
}

/** Reads the names in the export lists and declarations of a module. */
export function exportedNames(source: string): ExportedNames {
  const { program } = parse(source, {
    sourceType: "module",
    plugins: ["typescript"],
  });
  const values: string[] = [];
  const types: string[] = [];
  for (const statement of program.body) {
    if (statement.type !== "ExportNamedDeclaration") continue;
    const isAllTypes = statement.exportKind === "type";
    for (const specifier of statement.specifiers) {
      if (specifier.type !== "ExportSpecifier") continue;
      const { exported, exportKind } = specifier;
      const name = exported.type === "Identifier"
        ? exported.name
        : exported.value;
      (isAllTypes || exportKind === "type" ? types : values).push(name);
    }
    const { declaration } = statement;
    if (!declaration) continue;
    switch (declaration.type) {
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        types.push(declaration.id.name);
        break;
      case "FunctionDeclaration":
      case "ClassDeclaration":
        if (declaration.id) values.push(declaration.id.name);
        break;
      case "VariableDeclaration":
        for (const { id } of declaration.declarations) {
          if (id.type === "Identifier") values.push(id.name);
        }
        break;
    }
  }
  return { values, types };
}
