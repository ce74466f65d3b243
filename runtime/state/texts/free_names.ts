/** Which names of source text come from outside of it.
 * @module
 */
import { tokensOf } from "./class_text.ts";

const KEYWORDS =
  /^(?:new|true|false|null|undefined|typeof|void|delete|in|of|instanceof|if|else|for|while|do|return|throw|try|catch|finally|switch|case|default|break|continue|const|let|var|function|async|await|yield|get|set|NaN|Infinity|\d.*)$/;
const GLOBALS = new Set([
  ..."Array ArrayBuffer BigInt Boolean DataView Date Error Headers JSON Map Math Number Object Promise RangeError RegExp"
    .split(" "),
  ..."Set String Symbol TypeError URL URLSearchParams WeakMap WeakRef WeakSet AbortController TextDecoder TextEncoder"
    .split(" "),
  ..."Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array"
    .split(" "),
  ..."BigInt64Array BigUint64Array console crypto isNaN parseFloat parseInt performance structuredClone queueMicrotask"
    .split(" "),
  ..."Deno fetch globalThis clearInterval clearTimeout setInterval setTimeout Blob CustomEvent Event EventTarget FormData"
    .split(" "),
  ..."ReadableStream Request Response TransformStream WebSocket WritableStream"
    .split(" "),
]);

/**
 * Tells whether source can be run outside of its module. Returns whether it names nothing but globals and what it
 * declares itself; false in doubt.
 */
export function isSelfContained(source: string): boolean {
  const tokens = tokensOf(source).map(({ text }) => text);
  const isFunction = startsFunction(tokens);
  const declared = declaredIn(tokens);
  return tokens.every((token, at) => {
    if (token === "this") return isFunction;
    if (token === "super" || token === "import" || token.startsWith("#")) {
      return false;
    }
    return !namesSomething(tokens, at, declared);
  });
}

/**
 * Names what a function uses of what is around it, and would go on to use wherever it is put. Returns the names, `this`
 * where an arrow function has that of its maker; in doubt one too many.
 */
export function namesAround(text: string): string[] {
  const tokens = tokensOf(text).map((it) => it.text);
  const isArrow = startsFunction(tokens);
  const declared = declaredIn(tokens);
  // What stands before the parameters of a method is its name.
  const from = isArrow ? 0 : tokens.indexOf("(");
  if (!isArrow) { for (const it of parametersOf(tokens)) declared.add(it); }
  return [
    ...new Set(
      tokens.filter((token, at) =>
        token === "this" || token === "super"
          ? isArrow
          : token.startsWith("#") ||
            at >= from && namesSomething(tokens, at, declared)
      ),
    ),
  ];
}

/** Names what a function uses of what is around it. */
export function usesAround(
  text: string,
): { readonly name: string; readonly isCalled: boolean }[] {
  const tokens = tokensOf(text).map((it) => it.text);
  const declared = declaredIn(tokens);
  for (const it of parametersOf(tokens)) declared.add(it);
  const from = startsFunction(tokens) ? 0 : tokens.indexOf("(");
  const found = new Map<string, boolean>();
  for (const [at, name] of tokens.entries()) {
    if (at < from || !namesSomething(tokens, at, declared)) continue;
    const isCalled = tokens[at + 1] === "(" || tokens[at - 1] === "new";
    found.set(name, (found.get(name) ?? false) || isCalled);
  }
  return [...found].map(([name, isCalled]) => ({ name, isCalled }));
}

function namesSomething(
  tokens: readonly string[],
  at: number,
  declared: ReadonlySet<string>,
): boolean {
  const token = tokens[at]!;
  if (token === "this" || !/^[\p{ID_Start}$_]/u.test(token)) return false;
  const [before, next] = [tokens[at - 1], tokens[at + 1]];
  const isMember = before === "." && tokens[at - 2] !== ".";
  const isKey = next === ":" && (before === "{" || before === ",");
  return !isMember && !isKey && !KEYWORDS.test(token) && !GLOBALS.has(token) &&
    !declared.has(token);
}

/** The plain parameters of a function or method, and the name of a function; that of a method names nothing inside of it. */
function parametersOf(tokens: readonly string[]): string[] {
  const open = tokens.indexOf("(");
  const names = tokens.slice(0, open).includes("function")
    ? tokens.slice(0, open)
    : [];
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if ("([{".includes(tokens[at]!)) depth++;
    if (")]}".includes(tokens[at]!) && --depth === 0) break;
    // Only plain names: a default value or a pattern may name something outside.
    if (depth === 1 && /^[(,.]$/.test(tokens[at]!)) names.push(tokens[at + 1]!);
  }
  return names;
}

function startsFunction(tokens: readonly string[]): boolean {
  let at = tokens[0] === "async" ? 1 : 0;
  if (tokens[at] === "(") {
    for (let depth = 0; at < tokens.length; at++) {
      if (tokens[at] === "(") depth++;
      if (tokens[at] === ")" && --depth === 0) break;
    }
  }
  return tokens[at + 1] === "=" && tokens[at + 2] === ">";
}

/** Names of parameters of arrow functions, and of simple declarations. */
function declaredIn(tokens: readonly string[]): Set<string> {
  const names = new Set<string>();
  tokens.forEach((token, at) => {
    if (/^(?:const|let|var|function)$/.test(token)) names.add(tokens[at + 1]!);
    if (token !== "=" || tokens[at + 1] !== ">") return;
    if (tokens[at - 1] !== ")") {
      names.add(tokens[at - 1]!);
      return;
    }
    let open = at - 1;
    for (let depth = 0; open >= 0; open--) {
      if (tokens[open] === ")") depth++;
      if (tokens[open] === "(" && --depth === 0) break;
    }
    // Only plain names: a default value or a pattern may name something outside.
    const parameters = tokens.slice(open + 1, at - 1);
    if (parameters.every((it) => it === "," || /^[\p{ID_Start}$_]/u.test(it))) {
      for (const it of parameters) names.add(it);
    }
  });
  return names;
}
