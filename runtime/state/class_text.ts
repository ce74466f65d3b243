/** What the source text of a class tells: the private members that its instances carry.
 * @module
 */

/** A name or punctuation of source text, with how deep in braces, brackets and parentheses it stands. */
interface Token {
  readonly text: string;
  readonly depth: number;
}

const REGEXP_MAY_FOLLOW =
  /^(?:[([{},;:=!&|?+\-*%~^<>]|return|typeof|case|in|of|delete|void|throw|new|await|yield|=>)$/;
const known = new WeakMap<object, readonly string[]>();

/**
 * Names the private members that instances of a class carry; static ones are not counted.
 *
 * `#` stands outside of texts, comments and patterns only before a private name, so that reading tokens is enough.
 *
 * @param constructor the class
 * @returns the names with their `#`; none for functions and built-ins
 */
export function privateMembers(
  // deno-lint-ignore ban-types -- whatever can construct
  constructor: Function,
): readonly string[] {
  let names = known.get(constructor);
  if (!names) {
    const text = Function.prototype.toString.call(constructor);
    names = text.startsWith("class") && text.includes("#")
      ? privateNames(text)
      : [];
    known.set(constructor, names);
  }
  return names;
}

/**
 * Names the private members of instances in the source text of a class.
 *
 * @param text the text, from `class` to the last brace
 * @returns the names with their `#`
 */
export function privateNames(text: string): string[] {
  const tokens = tokensOf(text);
  const found = new Set<string>();
  tokens.forEach(({ text: name, depth }, at) => {
    if (!name.startsWith("#") || depth !== 1) return;
    const before = tokens[at - 1]?.text ?? "";
    // `Other.#count` and `#count in other` use a name, they declare none.
    if (before === "." || tokens[at + 1]?.text === "in") return;
    let from = at - 1;
    while (/^(?:get|set|async|accessor|\*)$/.test(tokens[from]?.text ?? "")) {
      from--;
    }
    if (tokens[from]?.text !== "static") found.add(name);
  });
  return [...found];
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  // The `}` that ends the code inside a template goes on with the template.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const add = (token: string) => {
    tokens.push({ text: token, depth });
    at += token.length;
  };
  const skipTemplate = () => {
    while (at < text.length && text[at] !== "`") {
      if (text[at] === "$" && text[at + 1] === "{") {
        templates.push(depth++);
        at += 2;
        return;
      }
      at += text[at] === "\\" ? 2 : 1;
    }
    at++;
  };
  while (at < text.length) {
    const char = text[at]!;
    const last = tokens.at(-1)?.text ?? "";
    if (/\s/.test(char)) at++;
    else if (text.startsWith("//", at)) at = endOf(text, "\n", at);
    else if (text.startsWith("/*", at)) at = endOf(text, "*/", at) + 2;
    else if (char === '"' || char === "'") {
      at = endOfLiteral(text, char, at + 1);
      tokens.push({ text: '""', depth });
    } else if (char === "`") {
      at++;
      tokens.push({ text: '""', depth });
      skipTemplate();
    } else if (char === "/" && (last === "" || REGEXP_MAY_FOLLOW.test(last))) {
      at = endOfPattern(text, at + 1);
      tokens.push({ text: '""', depth });
    } else if ("{([".includes(char)) {
      add(char);
      depth++;
    } else if ("})]".includes(char)) {
      depth--;
      if (char === "}" && templates.at(-1) === depth) {
        templates.pop();
        at++;
        skipTemplate();
      } else add(char);
    } else {
      add(
        /^#?[\p{ID_Continue}$\u200c\u200d]+/u.exec(text.slice(at, at + 200))
          ?.[0] ??
          char,
      );
    }
  }
  return tokens;
}

function endOf(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at < 0 ? text.length : at;
}

function endOfLiteral(text: string, quote: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== quote) {
    at += text[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}

function endOfPattern(text: string, from: number): number {
  let inClass = false;
  let at = from;
  for (; at < text.length && (inClass || text[at] !== "/"); at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
  }
  return at + 1;
}
