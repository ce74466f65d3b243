/** JSON with comments and trailing commas, as `deno.json` may have them.
 * @module
 */

/**
 * Parses JSON in which comments and trailing commas are allowed.
 *
 * @param text the text
 * @returns the value
 * @throws {SyntaxError} naming the line if it is not such JSON
 */
export function parseJsonc(text: string): unknown {
  const plain = withoutTrailingCommas(withoutComments(text));
  try {
    return JSON.parse(plain);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new SyntaxError(said.replaceAll(/\s+/g, " "), { cause });
  }
}

const STRING = /"(?:[^"\\\n]|\\.)*"?/;

// Blanks instead of nothing, so that places in error messages stay right.
function withoutComments(text: string): string {
  const pieces = new RegExp(
    `${STRING.source}|//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)`,
    "g",
  );
  return text.replaceAll(
    pieces,
    (piece) => piece.startsWith("/") ? piece.replaceAll(/[^\n]/g, " ") : piece,
  );
}

function withoutTrailingCommas(text: string): string {
  return text.replaceAll(
    new RegExp(`${STRING.source}|(?<![{[,]\\s*),(?=\\s*[}\\]])`, "g"),
    (piece) => piece === "," ? " " : piece,
  );
}
