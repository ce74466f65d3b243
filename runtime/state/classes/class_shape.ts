/** What the source text of a running class says of its instances: fields, constructor, methods.
 * @module
 */
import { type Token, tokensOf } from "../texts/class_text.ts";
import { isSelfContained } from "../texts/free_names.ts";

/** A field of a class, by its declaration or by an assignment in its constructor. */
export interface FieldShape {
  /** Its name, as it is written. */
  readonly name: string;
  /** The source of its initializer; empty for none. */
  readonly text: string;
  /** Whether the initializer can be run anywhere: it names nothing but globals and what it declares itself. */
  readonly selfContained: boolean;
}

/** A class by its text. */
export interface ClassShape {
  /** What it extends, as it is written; empty for nothing. */
  readonly extends: string;
  /** The private members of its instances, with `#`. */
  readonly private: readonly string[];
  /** The declared fields of its instances. */
  readonly fields: readonly FieldShape[];
  /** The code of methods and accessors by name; `static x`, `get x`, `set x` for such. */
  readonly methods: Readonly<Record<string, string>>;
  /** The source of its constructor, parameters included; empty for none. */
  readonly construct: string;
}

// deno-lint-ignore ban-types -- whatever can construct
type Constructor = Function;

const shapes = new WeakMap<Constructor, ClassShape | null>();

/** Reads the shape of a class. Returns its shape; null for what is not written as a class. */
export function classShape(constructor: Constructor): ClassShape | null {
  let shape = shapes.get(constructor);
  if (shape === undefined) {
    const text = asWritten(Function.prototype.toString.call(constructor));
    shape = /^class\b/.test(text) ? shapeOfText(text) : null;
    shapes.set(constructor, shape);
  }
  return shape;
}

/** The text of a class without what shows its private fields. */
function asWritten(text: string): string {
  return text.replaceAll(
    /static \{ \$kept_private_*\(this, [^\n]*? : null\); \}/g,
    "",
  );
}

/** Reads the shape of a class from its source, as the engine keeps it: without types. */
export function shapeOfText(text: string): ClassShape {
  const tokens = tokensOf(text);
  const body = tokens.findIndex(({ text, depth }) =>
    text === "{" && depth === 0
  );
  const above = tokens.findIndex(({ text }) => text === "extends");
  const privates = new Set<string>();
  const fields: FieldShape[] = [];
  const methods: Record<string, string> = Object.create(null);
  let construct = "";
  for (let at = body + 1; at < tokens.length - 1;) {
    const member = readMember(text, tokens, at);
    at = member.end;
    const { name, isStatic, kind } = member;
    if (kind === "none") continue;
    if (name.startsWith("#") && !isStatic) privates.add(name);
    if (kind === "method") {
      if (name === "constructor" && !isStatic) construct = member.source;
      else methods[member.label] = member.code;
    } else if (isStatic) methods[`static ${name} =`] = member.code;
    else {
      fields.push({
        name,
        text: member.source,
        selfContained: isSelfContained(member.source),
      });
    }
  }
  return {
    extends: above > 0 && above < body
      ? code(tokens.slice(above + 1, body))
      : "",
    private: [...privates],
    fields,
    methods,
    construct,
  };
}

interface Member {
  readonly kind: "method" | "field" | "none";
  readonly isStatic: boolean;
  readonly name: string;
  readonly label: string;
  /** Its tokens, however they were laid out. */
  readonly code: string;
  /** Of a field the source of its initializer, of a method that of its parameters and body. */
  readonly source: string;
  readonly end: number;
}

const NOTHING = { name: "", label: "", code: "", source: "" };

function readMember(
  text: string,
  tokens: readonly Token[],
  from: number,
): Member {
  let at = from;
  const modifiers: string[] = [];
  // `get` alone may be the name of a field or a method.
  while (
    /^(?:static|get|set|async|accessor|\*)$/.test(tokens[at]!.text) &&
    !/^(?:[=(;}])$/.test(tokens[at + 1]!.text)
  ) modifiers.push(tokens[at++]!.text);
  const isStatic = modifiers.includes("static");
  if (tokens[at]!.text === ";" || tokens[at]!.text === "{") {
    // A static block stands where a name would.
    return { ...NOTHING, kind: "none", isStatic, end: closing(tokens, at) };
  }
  const nameAt = at;
  at = closing(tokens, at);
  const name = code(tokens.slice(nameAt, at)).replace(/^["'](.*)["']$/, "$1");
  const label = [
    ...modifiers.filter((it) => it !== "async" && it !== "*"),
    name,
  ]
    .join(" ");
  if (tokens[at]!.text === "(") {
    const end = closing(tokens, closing(tokens, at));
    return {
      kind: "method",
      isStatic,
      name,
      label,
      code: code([...tokens.slice(from, nameAt), ...tokens.slice(at, end)]),
      source: text.slice(tokens[at]!.start, endOfToken(tokens[end - 1]!)),
      end,
    };
  }
  const first = tokens[at]!.text === "=" ? at + 1 : at;
  let end = first;
  while (end < tokens.length - 1 && !endsField(text, tokens, first, end)) {
    end = closing(tokens, end);
  }
  return {
    kind: "field",
    isStatic,
    name,
    label,
    code: code(tokens.slice(first, end)),
    source: first === end
      ? ""
      : text.slice(tokens[first]!.start, endOfToken(tokens[end - 1]!)),
    end: tokens[end]?.text === ";" ? end + 1 : end,
  };
}

function endsField(
  text: string,
  tokens: readonly Token[],
  first: number,
  at: number,
): boolean {
  const token = tokens[at]!;
  if (token.text === ";") return true;
  const before = tokens[at - 1]!;
  const newLine = text.slice(endOfToken(before), token.start).includes("\n");
  if (!newLine) return false;
  if (at === first) return before.text !== "=";
  // A line that can go on goes on.
  return !/^[=+\-*/%&|^<>?:,.([!~]$|^(?:in|instanceof|new|typeof|void|await|yield)$/
    .test(before.text) && !/^[+\-*/%&|^<>?:,.([=`]|^(?:in|instanceof)$/
    .test(token.text);
}

/** The place behind a token, and behind what it opens. */
function closing(tokens: readonly Token[], at: number): number {
  const { text, depth } = tokens[at]!;
  const opens = /^[{([]$/.test(text) || text.endsWith("${");
  if (!opens) return at + 1;
  let end = at + 1;
  while (end < tokens.length && tokens[end]!.depth > depth) end++;
  const last = tokens[end]?.text ?? "";
  return last.startsWith("}") && last.endsWith("${")
    ? closing(tokens, end)
    : end + 1;
}

function endOfToken({ start, text }: Token): number {
  return start + text.length;
}

function code(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join(" ");
}
