/** What open pages are told of an upgrade.
 * @module
 */

/** One stylesheet that open pages should swap. */
export interface StylesheetSwap {
  /** The file name that pages may have linked. */
  readonly from: string;
  /** The file name to link instead; the same one where only its content changed. */
  readonly to: string;
}

const STYLESHEET = /\.css$/;
const CONTENT_HASH = /[.-][0-9a-z]{6,}(?=\.css$)/i;

/**
 * Finds which stylesheets take the place of which, content hashes in file names included.
 *
 * @param changed the assets that are new or differ, and those that are gone
 * @param exists tells whether a path is in the new release
 * @returns the swaps, by file name
 */
export function stylesheetSwaps(
  changed: readonly string[],
  exists: (path: string) => boolean,
): StylesheetSwap[] {
  const sheets = changed.filter((path) => STYLESHEET.test(path));
  const present = sheets.filter(exists);
  const swaps = present.map((path) => ({
    from: nameOf(path),
    to: nameOf(path),
  }));
  for (const gone of sheets.filter((path) => !exists(path))) {
    const successor = present.find((path) =>
      withoutHash(path) === withoutHash(gone)
    );
    if (successor) swaps.push({ from: nameOf(gone), to: nameOf(successor) });
  }
  return swaps;
}

function withoutHash(path: string): string {
  return path.replace(CONTENT_HASH, "");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * One message of an event stream
 * ({@link https://html.spec.whatwg.org/multipage/server-sent-events.html}).
 *
 * @param event the event's name
 * @param data its payload, written as JSON on one line
 * @returns the text
 */
export function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
