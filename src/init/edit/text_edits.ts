/** Edits of a text by its offsets.
 * @module
 */

/** What takes the place of a piece of a text. */
export interface TextEdit {
  /** The offset of the first character of the piece. */
  readonly start: number;
  /** The offset behind its last one. */
  readonly end: number;
  /** What takes its place. */
  readonly text: string;
}

/** Makes edits; of those in one place, the later stands in front. */
export function withEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (
    const edit of edits.toSorted((a, b) => b.start - a.start || b.end - a.end)
  ) {
    result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  }
  return result;
}
