/** What open pages are told over their event stream.
 * @module
 */

/** What code runs, as pages see it. */
export interface PageVersion {
  /** The version of the release that is applied, or null on the base image. */
  readonly version: string | null;
  /** A short hash of base image and release. */
  readonly fingerprint: string;
}

/** What a page needs to bring its stylesheets up to date. */
export interface PageNews extends PageVersion {
  /** The stylesheets of the current release that have a content hash in their name, by path. */
  readonly hashed: readonly string[];
  /** The paths of the stylesheets that an upgrade changed, or null where that is not known: any of them. */
  readonly changed: readonly string[] | null;
}

/**
 * The content hash in the name of a stylesheet, with the `.` or `-` before it.
 *
 * Six letters and digits or more, or eight that may have `-` and `_` among them; a digit or a capital tells a hash
 * from a word. Its source is also sent to browsers.
 */
export const CONTENT_HASH: RegExp =
  /[.-](?=[\w-]*[0-9A-Z])(?:[\w-]{8}|[0-9a-zA-Z]{6,})(?=(?:\.min)?\.css$)/;

/** Keeps the stylesheets of a list of files. */
export function stylesheets(paths: readonly string[]): string[] {
  return paths.filter((path) => path.endsWith(".css"));
}

/** Keeps the files that have a content hash in their name. */
export function withHash(paths: readonly string[]): string[] {
  return paths.filter((path) => CONTENT_HASH.test(path));
}

/**
 * One message of an event stream
 * ({@link https://html.spec.whatwg.org/multipage/server-sent-events.html}).
 */
export function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
