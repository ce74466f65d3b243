/** What a proof of a parser needs: how it is called, and what its texts are made of.
 * @module
 */

/** One parser, what it reads when all is well, and what its texts are made of. */
export interface Target {
  readonly parse: (text: string) => unknown;
  readonly sample: string;
  readonly words: readonly string[];
}

/** What JSON is made of, and what breaks it. */
export const JSON_WORDS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "true",
  "0",
  "-1",
  "1e999",
  "\\",
  "\\u0000",
  '"__proto__"',
  '"a":',
  '"generations":{',
  '"history":[',
  " ",
  "\n",
  "//",
  "/*",
  "*/",
  "\u202e",
];
