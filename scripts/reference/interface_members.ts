/**
 * Reads the members of an interface, with what their doc comments say.
 *
 * @module
 */

import { parse } from "@babel/parser";

/** A member of an interface. */
export interface Member {
  readonly name: string;
  /** Its type, as it is written. */
  readonly type: string;
  /** What its doc comment says, in one line. */
  readonly text: string;
}

/** Reads an interface that a module exports. */
export function membersOf(source: string, name: string): Member[] {
  const { program } = parse(source, {
    sourceType: "module",
    plugins: ["typescript"],
  });
  for (const statement of program.body) {
    if (statement.type !== "ExportNamedDeclaration") continue;
    const { declaration } = statement;
    if (declaration?.type !== "TSInterfaceDeclaration") continue;
    if (declaration.id.name !== name) continue;
    return declaration.body.body.map((member) => {
      if (
        member.type !== "TSPropertySignature" ||
        member.key.type !== "Identifier"
      ) {
        throw new Error(`Cannot read ${name}: ${member.type} in it`);
      }
      const comment = member.leadingComments?.at(-1)?.value;
      const { start, end } = member.typeAnnotation?.typeAnnotation ?? {};
      if (
        !comment?.startsWith("*") || typeof start !== "number" ||
        typeof end !== "number"
      ) {
        throw new Error(
          `Cannot read ${name}.${member.key.name}: it has no doc comment or no type`,
        );
      }
      return {
        name: member.key.name,
        type: source.slice(start, end),
        text: comment.replaceAll(/^\s*\*+/gm, " ").replaceAll(/\s+/g, " ")
          .trim(),
      };
    });
  }
  throw new Error(`Cannot find the interface ${name}`);
}
