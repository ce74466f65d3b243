/** What the source text of a class tells: the private members that its instances carry.
 * @module
 */

/** A name or punctuation of source text, with how deep in braces, brackets and parentheses it stands. */
export interface Token {
  /** As it is written; of a template, what stands between its expressions. */
  readonly text: string;
  /** In how many braces, brackets and parentheses it stands; they themselves stand outside. */
  readonly depth: number;
  /** Where it begins. */
  readonly start: number;
}

const REGEXP_MAY_FOLLOW =
  /^(?:[([{},;:=!&|?+\-*%~^<>]|return|typeof|case|in|of|delete|void|throw|new|await|yield|=>)$/;
const known = new WeakMap<object, readonly string[]>();

/**
 * Names the private members that instances of a class carry; static ones are not counted.
 *
 * `#` stands outside of texts, comments and patterns only before a private name, so that reading tokens is enough.
 * Returns the names with their `#`; none for functions and built-ins.
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

/** Names the private members of instances in the source text of a class. */
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

/** Reads source text, its comments left out. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  // The `}` that ends the code inside a template goes on with the template.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const addTo = (end: number) => {
    tokens.push({ text: text.slice(at, end), depth, start: at });
    at = end;
  };
  const endOfTemplate = (from: number): number => {
    for (let end = from; end < text.length; end++) {
      if (text[end] === "\\") end++;
      else if (text[end] === "`") return end + 1;
      else if (text[end] === "$" && text[end + 1] === "{") {
        templates.push(depth);
        return end + 2;
      }
    }
    return text.length;
  };
  const addTemplate = () => {
    const open = templates.length;
    addTo(endOfTemplate(at + 1));
    if (templates.length > open) depth++;
  };
  while (at < text.length) {
    const char = text[at]!;
    const last = tokens.at(-1)?.text ?? "";
    if (/\s/.test(char)) at++;
    else if (text.startsWith("//", at)) at = endOf(text, "\n", at);
    else if (text.startsWith("/*", at)) at = endOf(text, "*/", at) + 2;
    else if (char === '"' || char === "'") {
      addTo(endOfLiteral(text, char, at + 1));
    } else if (char === "`") addTemplate();
    else if (char === "/" && (last === "" || REGEXP_MAY_FOLLOW.test(last))) {
      addTo(endOfPattern(text, at + 1));
    } else if ("{([".includes(char)) {
      addTo(at + 1);
      depth++;
    } else if ("})]".includes(char)) {
      depth--;
      if (char === "}" && templates.at(-1) === depth) {
        templates.pop();
        addTemplate();
      } else addTo(at + 1);
    } else {
      const name = /^#?[\p{ID_Continue}$\u200c\u200d]+/u
        .exec(text.slice(at, at + 200))?.[0] ?? char;
      addTo(at + name.length);
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
