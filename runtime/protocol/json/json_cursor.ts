/** A walk over the text of large JSON objects, so that they can be parsed member by member.
 * @module
 */

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;
/** A string in which nothing is escaped, or would have to be. */
// deno-lint-ignore no-control-regex -- JSON forbids them
const PLAIN = /^"[^\\\u0000-\u001f]*"$/;

/** Where a walk is. It looks at nothing inside of values but where they end: whoever takes one has it parsed. */
export class JsonCursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether an object is next. */
  get isObject(): boolean {
    return this.#next() === OPEN;
  }

  /** Whether an object or a list is next. */
  get isNested(): boolean {
    const code = this.#next();
    return code === OPEN || code === OPEN_LIST;
  }

  /** Enters the object that is next. */
  enter(): boolean {
    this.#expect(OPEN);
    if (this.#next() !== CLOSE) return true;
    this.#at++;
    return false;
  }

  /** Goes on after a member. */
  goOn(): boolean {
    const code = this.#next();
    this.#at++;
    if (code === CLOSE) return false;
    if (code !== COMMA) throw this.#wrong();
    this.#next();
    return true;
  }

  /** Takes the key that is next. After it, its value has to be walked over. */
  key(): string {
    if (this.#next() !== QUOTE) throw this.#wrong();
    const written = this.value();
    const key: string = PLAIN.test(written)
      ? written.slice(1, -1)
      : JSON.parse(written);
    this.#expect(COLON);
    return key;
  }

  /** Where the walk is, as {@linkcode JsonCursor.since} wants it. */
  get at(): number {
    this.#next();
    return this.#at;
  }

  /** What was walked over. */
  since(at: number): string {
    return this.#text.slice(at, this.#at);
  }

  /** Takes a member if it is written in certain words. */
  takes(expected: string, from: number): boolean {
    const end = from + expected.length;
    // A fifth of what startsWith() takes, which compares letter by letter.
    if (this.#text.slice(from, end) !== expected) return false;
    this.#at = end;
    return true;
  }

  /** Takes the value that is next. */
  value(): string {
    const code = this.#next();
    const from = this.#at;
    if (code === QUOTE) this.#string();
    else if (code === OPEN || code === OPEN_LIST) this.#nested();
    else while (!/[\s,\]}]|^$/.test(this.#text.charAt(this.#at))) this.#at++;
    return this.#text.slice(from, this.#at);
  }

  /** Ends the walk. */
  end(): void {
    if (!Number.isNaN(this.#next())) throw this.#wrong();
  }

  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code;
      this.#at++;
    }
  }

  #expect(wanted: number): void {
    if (this.#next() !== wanted) throw this.#wrong();
    this.#at++;
  }

  #string(): void {
    const text = this.#text;
    for (;;) {
      const end = text.indexOf('"', this.#at + 1);
      if (end === -1) throw this.#wrong();
      this.#at = end;
      let from = end;
      while (text.charCodeAt(from - 1) === BACKSLASH) from--;
      if ((end - from) % 2 === 0) break;
    }
    this.#at++;
  }

  #nested(): void {
    const text = this.#text;
    for (let depth = 0;;) {
      const code = text.charCodeAt(this.#at);
      if (code === QUOTE) {
        this.#string();
        continue;
      }
      if (Number.isNaN(code)) throw this.#wrong();
      this.#at++;
      if (code === OPEN || code === OPEN_LIST) depth++;
      else if (code === CLOSE || code === CLOSE_LIST) {
        if (--depth === 0) return;
      }
    }
  }

  #wrong(): SyntaxError {
    return new SyntaxError(`Cannot read JSON: wrong at ${this.#at}`);
  }
}
