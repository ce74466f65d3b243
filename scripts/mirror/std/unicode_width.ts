/**
 * `@std/cli/unicode-width` for closed networks: the npm republication has the
 * module but not the table that it reads.
 *
 * @module
 */

/** Combining marks and invisible characters take no column. */
const NONE = /[\p{Mn}\p{Me}\p{Cc}\p{Cf}\u1160-\u11ff]/u;

/**
 * What Unicode calls wide: East Asian letters and signs, and emoji. A flag is
 * two letters of one column each.
 */
const WIDE = new RegExp(
  "[\\u1100-\\u115f\\u2329\\u232a\\u2e80-\\u303e\\u3041-\\u4dbf\\u4e00-\\ua4c6" +
    "\\ua960-\\ua97c\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6b" +
    "\\uff01-\\uff60\\uffe0-\\uffe6\\u{16fe0}-\\u{18d08}\\u{1aff0}-\\u{1b2fb}" +
    "\\u{1f200}-\\u{1f265}\\u{20000}-\\u{3fffd}]|(?![\\u{1f1e6}-\\u{1f1ff}])" +
    "\\p{Emoji_Presentation}",
  "u",
);

/** Counts the columns that a text takes in a terminal. */
export function unicodeWidth(str: string): number {
  let columns = 0;
  for (const char of str) {
    if (char >= " " && char < "\x7f") columns += 1;
    else if (!NONE.test(char)) columns += WIDE.test(char) ? 2 : 1;
  }
  return columns;
}
