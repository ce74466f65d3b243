/** Foreign text as it may stand in a message: nothing secret of a URL, nothing that a terminal obeys.
 * @module
 */

// C0 and C1 controls, DEL, bidirectional marks, invisible separators and joiners, lone surrogates, tags.
const UNSAFE =
  // deno-lint-ignore no-control-regex -- control characters are what is to be escaped
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]/gu;

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/**
 * Escapes what a terminal or a reader would take for something else: control characters, DEL, bidirectional marks,
 * invisible characters and lone surrogates.
 *
 * @param text foreign text, for example a file name or what a server said
 * @returns one line that looks like what it is
 */
export function shownText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return NAMED.get(character) ??
      (point > 0xffff
        ? `\\u{${point.toString(16)}}`
        : `\\u${point.toString(16).padStart(4, "0")}`);
  });
}

/**
 * A URL as it may be shown: without user name, password, query and fragment, any of which may be a secret.
 *
 * @param url the URL, or text that was meant to be one
 * @returns the rest, with `[redacted]` where something was left out
 */
export function shownUrl(url: string): string {
  const end = url.search(/[?#]/);
  const plain = end === -1 ? url : url.slice(0, end);
  const start = plain.indexOf("//");
  const from = start === -1 ? 0 : start + 2;
  const slash = plain.indexOf("/", from);
  const host = plain.slice(from, slash === -1 ? undefined : slash);
  const at = host.lastIndexOf("@");
  // Without a scheme, `user:password@host` is still a password.
  return shownText(
    at === -1
      ? plain
      : `${plain.slice(0, from)}[redacted]@${plain.slice(from + at + 1)}`,
  );
}

const URL_IN_TEXT = /[a-z][a-z0-9+.-]{0,31}:\/\/[^\s"'<>`]+/gi;

// Tokens and keys of Fly, Tigris and AWS by their shape, and whatever bears a request's authority.
const TOKEN_IN_TEXT =
  /\b(?:fm[12]\w?_[\w+/=.,-]{8,}|fo1_[\w-]{8,}|t(?:id|sec)_[\w-]{8,}|A[KS]IA[A-Z0-9]{12,}|(?<=Bearer\s)[\w+/=.~-]{8,})/g;

/**
 * Text in which URLs may stand, as it may be shown.
 *
 * @param text for example the message of a failed request
 * @param secrets values that must not appear, wherever they stand
 * @returns the text with each URL shortened as {@linkcode shownUrl} does, and `[redacted]` for each secret and each token
 */
export function withoutSecrets(
  text: string,
  secrets: readonly string[] = [],
): string {
  return withoutValues(
    text.replace(URL_IN_TEXT, shownUrl).replace(TOKEN_IN_TEXT, "[redacted]"),
    secrets,
  );
}

/**
 * Text without certain values.
 *
 * @param text the text
 * @param secrets what must not appear; too short ones are left alone
 * @returns the text with `[redacted]` in their place
 */
export function withoutValues(
  text: string,
  secrets: readonly string[],
): string {
  let shown = text;
  for (const secret of secrets) {
    // As it is, and as a URL or a form would carry it.
    for (const form of new Set([secret, encodeURIComponent(secret)])) {
      if (form.length >= SECRET_LENGTH_MIN) {
        shown = shown.replaceAll(form, "[redacted]");
      }
    }
  }
  return shown;
}

// Shorter ones would tear ordinary words apart, and hide nothing.
const SECRET_LENGTH_MIN = 8;
