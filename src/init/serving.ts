/** Finding the statement with which a program begins to serve.
 * @module
 */
import {
  closeOf,
  type Code,
  countName,
  partsBetween,
  type Span,
  topLevel,
  trimmed,
} from "./code.ts";

/** What is served with. */
export type ServeCall = "Deno.serve" | "Oak";

/** The statement with which a program begins to serve. */
export interface Serving {
  /** What is served with. */
  readonly call: ServeCall;
  /** The whole statement, and the `if (import.meta.main)` around it. */
  readonly statement: Span;
  /** What answers requests: an expression, for Oak the name of the application. */
  readonly handler: string;
  /** The address to listen on, as properties of an object. */
  readonly options: readonly string[];
}

/** What was found, or why it is better left to a person. */
export type FoundServing = Serving | { readonly unsure: readonly string[] };

const DEFAULT_PORT = 8000;

/**
 * Finds the one statement with which a program begins to serve.
 *
 * @param code the main module
 * @param isOak whether it imports Oak
 * @returns the statement, or the reasons why it cannot be moved safely
 */
export function findServing(code: Code, isOak: boolean): FoundServing {
  const pattern = isOak
    ? /(?<![\w$.])(?<app>[A-Za-z_$][\w$]*)\s*\.\s*listen\s*\(/g
    : /(?<![\w$.])Deno\s*\.\s*serve\s*\(/g;
  const call: ServeCall = isOak ? "Oak" : "Deno.serve";
  const name = isOak ? "listen() of the Oak application" : "Deno.serve()";
  const calls = [...code.masked.matchAll(pattern)];
  const [match] = calls;
  if (!match) return { unsure: [`it does not call ${name}`] };
  if (calls.length > 1) {
    return { unsure: [`it calls ${name} ${calls.length} times`] };
  }
  const open = match.index + match[0].length - 1;
  const statement = statementAround(code, match.index, closeOf(code, open));
  if (typeof statement === "string") {
    return { unsure: [`its call of ${name} ${statement}`] };
  }
  const parts = partsBetween(code, open);
  const text = ({ start, end }: Span) => code.source.slice(start, end);
  const [first, second] = parts;
  if (isOak) {
    const options = first && parts.length === 1
      ? readOptions(code, first)
      : first
      ? "are not one object"
      : [portOf(String(DEFAULT_PORT))];
    return typeof options === "string"
      ? { unsure: [`the options of ${name} ${options}`] }
      : { call, statement, handler: match.groups!.app!, options };
  }
  const handler = second ?? first;
  if (!first || !handler || parts.length > 2) {
    return { unsure: [`${name} has ${parts.length} arguments`] };
  }
  if (code.masked[handler.start] === "{") {
    return { unsure: [`the handler of ${name} stands in its options`] };
  }
  const options = second ? readOptions(code, first) : [portOf("8000")];
  return typeof options === "string"
    ? { unsure: [`the options of ${name} ${options}`] }
    : { call, statement, handler: text(handler), options };
}

/** The statement that a call is, or what else it is part of. */
function statementAround(
  code: Code,
  callStart: number,
  callEnd: number,
): Span | string {
  const { masked, depths } = code;
  const before = masked.slice(0, callStart);
  const [lead = "", binding] =
    /(?:(?:const|let|var)\s+([\w$]+)\s*=\s*)?(?:await\s+)?$/.exec(before) ??
      [];
  if (binding !== undefined && countName(code, binding) > 1) {
    return `is kept in ${binding}, which is used elsewhere`;
  }
  const start = callStart - lead.length;
  const end = endOfStatement(masked, callEnd + 1);
  if (end === null) return "is part of a larger expression";
  const statement = { start, end };
  const guard = mainGuard(code, statement);
  if (guard) return guard;
  if (depths[callStart] !== 0) return "stands inside a function or block";
  return beginsStatement(code, start)
    ? statement
    : "is part of a larger expression";
}

/** Behind the semicolon, or at the line's end where none is needed; null if the expression goes on. */
function endOfStatement(masked: string, from: number): number | null {
  const rest =
    /^(\s*);|^[^\S\n]*(?=\n\s*[^\s.(\[`,+\-*/%?&|=<>]|\s*$)|^[^\S\n]*(?=\})/
      .exec(masked.slice(from));
  return rest === null ? null : from + rest[0].length;
}

/** The `if (import.meta.main)` whose only content is the statement. */
function mainGuard({ masked, depths }: Code, statement: Span): Span | null {
  const before = masked.slice(0, statement.start);
  const guard =
    /(?<![\w$.])if\s*\(\s*import\s*\.\s*meta\s*\.\s*main\s*\)\s*(\{?)\s*$/
      .exec(before);
  if (!guard || depths[guard.index] !== 0) return null;
  if (guard[1] === "") {
    return endsWithElse(masked, statement.end)
      ? null
      : { start: guard.index, end: statement.end };
  }
  const rest = /^\s*\}/.exec(masked.slice(statement.end));
  const end = statement.end + (rest?.[0].length ?? 0);
  return rest && !endsWithElse(masked, end)
    ? { start: guard.index, end }
    : null;
}

function endsWithElse(masked: string, end: number): boolean {
  return /^\s*else\b/.test(masked.slice(end));
}

function beginsStatement(code: Code, start: number): boolean {
  const { end } = trimmed(code.masked, { start: 0, end: start });
  if (end === 0) return true;
  const last = code.masked[end - 1]!;
  if (last === ";" || last === "}") return true;
  // Without semicolons, a line that ends in a value ends a statement.
  if (!code.masked.slice(end, start).includes("\n")) return false;
  if (last === ")") return !isCondition(code, end - 1);
  return /[\w$"'`\]]/.test(last) &&
    !/(?<![\w$.])(?:else|do|return|typeof|void|new|in|of|await)$/.test(
      code.masked.slice(0, end),
    );
}

/** Whether a closing parenthesis belongs to `if (…)` and the like. */
function isCondition({ masked, depths }: Code, close: number): boolean {
  let open = close - 1;
  while (masked[open] !== "(" || depths[open] !== depths[close]! - 1) open--;
  return /(?<![\w$.])(?:if|for|while|with)\s*$/.test(masked.slice(0, open));
}

/** The port and host name that options say, or what else is in them. */
function readOptions(code: Code, span: Span): readonly string[] | string {
  if (code.masked[span.start] !== "{") return "are not written out";
  const options: string[] = [];
  let hasPort = false;
  for (const part of partsBetween(code, span.start)) {
    const text = code.source.slice(part.start, part.end);
    const [whole, key = ""] = /^([A-Za-z_$][\w$]*)\s*(?::\s*|$)/.exec(
      code.masked.slice(part.start, part.end),
    ) ?? [];
    if (whole === undefined) return "are more than names and values";
    const shorthand = whole.length === part.end - part.start;
    const value = shorthand ? constant(code, key) : selfContained(code, {
      start: part.start + whole.length,
      end: part.end,
    });
    if (key === "port" && value !== null) {
      hasPort = true;
      options.push(portOf(value));
    } else if (key === "hostname" && value !== null) {
      options.push(`hostname: ${value}`);
    } else {
      return key === "port" || key === "hostname"
        ? `compute ${key} in a way that is not understood`
        : `have ${text.split("\n")[0]}`;
    }
  }
  return hasPort ? options : [portOf(String(DEFAULT_PORT)), ...options];
}

/** What `const name = …` says on the top level, if that needs nothing else of the module. */
function constant(code: Code, name: string): string | null {
  const declarations = topLevel(
    code,
    new RegExp(
      `(?<![\\w$.])const\\s+${name}\\s*(?::\\s*number\\s*)?=\\s*`,
      "g",
    ),
  );
  const [match] = declarations;
  if (!match || declarations.length > 1) return null;
  const start = match.index + match[0].length;
  const [line = ""] = /^[^;\n]*/.exec(code.masked.slice(start)) ?? [];
  return selfContained(code, { start, end: start + line.length });
}

const UNDERSTOOD = new Set(["Deno", "env", "get", "Number", "parseInt"]);

/** An expression's text, if it needs nothing of the module around it. */
function selfContained(code: Code, span: Span): string | null {
  const { start, end } = trimmed(code.masked, span);
  if (start === end) return null;
  const words = code.masked.slice(start, end).match(
    /(?<![\w$])[A-Za-z_$][\w$]*/g,
  ) ?? [];
  if (!words.every((word) => UNDERSTOOD.has(word))) {
    const name = words.length === 1 && words[0]!.length === end - start
      ? words[0]!
      : null;
    return name === null ? null : constant(code, name);
  }
  return code.source.slice(start, end);
}

/** The port: what the environment says, else the one that is written down. */
function portOf(value: string): string {
  return /^\d[\d_]*$/.test(value)
    ? `port: Number(Deno.env.get("PORT") ?? ${value})`
    : `port: ${value}`;
}
