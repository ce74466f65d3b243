/** Short forms of what is put into many texts, so that a manifest does not say it for each.
 *
 * What is put in may change without them: then it is only written down at length.
 *
 * @module
 */

/** Begins a short form; texts that have it are not written about. */
export const MARK = "\x7f";

/** Stands for the URL of the module, as it is written in a text. */
const URL = "u";

const runtime = (name: string) =>
  `globalThis[Symbol.for("@flyhot/runtime.${name}")]?.(`;

/** By one character each; of two that begin alike, the longer comes first. */
const PHRASES: ReadonlyMap<string, string> = new Map([
  [
    "a",
    `\n;function $kept(given, value) { return given ? value : $kept.access ??= ${
      runtime("kept")
    }`,
  ],
  [
    "b",
    `) ?? { has: () => false, made: (_, value) => value, put: (_, value) => value }; }`,
  ],
  ["c", `($kept().has("`],
  ["d", `") ? $kept().get("`],
  ["e", `", 1) ? $kept().get("`],
  ["f", `") : $kept().put("`],
  ["g", `) : $kept().put("`],
  ["h", `$kept().made("`],
  ["i", `, ($kept$) => { `],
  ["j", ` = $kept$; }`],
  ["k", ` if ($kept_moved) { const $kept_moved1 = $kept_moved("`],
  ["l", `"); if ($kept_moved1) return $kept_moved1.apply(this, arguments); }`],
  ["m", `"); if ($kept_moved1) return $kept_moved1(`],
  [
    "n",
    `\n;var $kept_moved; function $kept_moved_own(name) { switch (name) { `,
  ],
  ["o", runtime("enter")],
  ["p", `, $kept_moved_own, (it) => { $kept_moved = it; });`],
  ["q", `; case "`],
  ["r", `": return `],
  [
    "s",
    `\n;function $kept_hand(value, ...beside) { ${runtime("hand")}`,
  ],
  ["t", `, value, beside); return value; }`],
  [
    "v",
    `\n;function $kept_wait(at) { return ${runtime("wait")}`,
  ],
  [
    "w",
    `, at) ?? { end() {}, promise: (it) => it, given: (it) => it, later: (it) => it }; }`,
  ],
  ["x", `{ const $kept_waitend = $kept_wait(`],
  ["y", ` finally { $kept_waitend.end(); } }`],
]);

/** Nothing shorter has one of them in it. */
const LEAST = Math.min(...[...PHRASES.values()].map((it) => it.length));

/** Shortens what is put into a text; `quotedUrl` stands in it for the URL of the module. */
export function shortened(text: string, quotedUrl: string): string {
  // Most of what is put in only closes something.
  if (text.length < LEAST && text.length < quotedUrl.length) return text;
  let short = text.replaceAll(quotedUrl, `${MARK}${URL}`);
  for (const [code, phrase] of PHRASES) {
    short = short.replaceAll(phrase, () => `${MARK}${code}`);
  }
  return short;
}

/** Says at length what was shortened, of a module at another URL. Returns null where nobody has shortened it. */
export function lengthened(short: string, quotedUrl: string): string | null {
  if (!short.includes(MARK)) return short;
  const parts = short.split(MARK);
  let text = parts[0]!;
  for (let at = 1; at < parts.length; at++) {
    const part = parts[at]!;
    const code = part.charAt(0);
    const phrase = code === URL ? quotedUrl : PHRASES.get(code);
    if (phrase === undefined) return null;
    text += phrase + part.slice(1);
  }
  return text;
}
