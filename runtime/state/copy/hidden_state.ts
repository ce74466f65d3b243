/** What a copy of state cannot reach: what functions hold on to, and what is kept beside an object under its identity.
 * @module
 */
import { tokensOf } from "../texts/class_text.ts";
import { namesAround } from "../texts/free_names.ts";

/** How compilers write private members for engines that have none. */
const HELPER =
  /^_*(?:class_?private_?(?:field|method)|classPrivate(?:Field|Method)|private(?:Get|Set|Method))\w*$/i;
const LOOKUP = /^(?:get|has|set|add|delete)$/;

const known = new WeakMap<object, string | null>();
const captured = new Map<string, string | null>();
const TEXTS_MAX = 1000;

/**
 * Tells why a function that a state holds would not be the copy's own. Returns why, to be read after its name; null
 * where it holds on to nothing, and for classes.
 */
export function capturedWhy(
  // deno-lint-ignore ban-types -- whatever can be called
  value: Function,
  text: string,
): string | null {
  if (/^class\b/.test(text)) return null;
  if (text.endsWith("{ [native code] }")) {
    return value.name.startsWith("bound ")
      ? "is bound to what it was made with, and would go on with that instead of the copy"
      : null;
  }
  const there = captured.get(text);
  if (there !== undefined) return there;
  const names = namesAround(text);
  const why = names.length === 0
    ? null
    : `may hold on to what is around it (${
      names.slice(0, 3).join(", ")
    }), and would go on with that instead of the copy`;
  if (captured.size >= TEXTS_MAX) captured.clear();
  captured.set(text, why);
  return why;
}

/**
 * Tells why instances have something that no copy of them would have, though they have no private members. Returns why,
 * to be read after the name of the class; null where nothing of the kind is seen.
 */
export function besideWhy(prototype: object): string | null {
  const there = known.get(prototype);
  if (there !== undefined) return there;
  let why: string | null = null;
  for (
    let link: object | null = prototype;
    why === null && link !== null && link !== Object.prototype;
    link = Object.getPrototypeOf(link)
  ) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(
      link,
      "constructor",
    )?.value;
    if (typeof constructor !== "function") continue;
    const name = keptUnderThis(Function.prototype.toString.call(constructor));
    if (name !== null) {
      why =
        `keeps something of its instances in ${name}, under their identity, which no copy has`;
    }
  }
  known.set(prototype, why);
  return why;
}

/** `secrets.get(this)`, `_class_private_field_get(this, _n)`: the name of what is asked. */
function keptUnderThis(text: string): string | null {
  if (!text.startsWith("class") && !text.startsWith("function")) return null;
  const tokens = tokensOf(text).map((it) => it.text);
  for (const [at, token] of tokens.entries()) {
    if (token !== "this" || tokens[at - 1] !== "(") continue;
    if (!/^[,)]$/.test(tokens[at + 1] ?? "")) continue;
    const called = tokens[at - 2] ?? "";
    if (HELPER.test(called)) return "a WeakMap";
    const isLookup = LOOKUP.test(called) && tokens[at - 3] === ".";
    const owner = tokens[at - 4] ?? "";
    if (
      isLookup && /^[\p{ID_Start}$_]/u.test(owner) && owner !== "this" &&
      tokens[at - 5] !== "."
    ) return owner;
  }
  return null;
}
