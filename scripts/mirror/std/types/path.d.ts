/**
 * Types of what `@std/path`, `@std/path/posix` and `@std/path/windows` export.
 *
 * @module
 */

/** The parts of a path. */
export interface ParsedPath {
  /** "/" or a drive, empty for a relative path. */
  root: string;
  /** All before the last part. */
  dir: string;
  /** The last part. */
  base: string;
  /** The extension with its dot. */
  ext: string;
  /** The last part without its extension. */
  name: string;
}

/** Settings of the functions for globs. */
export interface GlobOptions {
  /** Allow `*(a|b)` and the like, true by default. */
  extended?: boolean;
  /** Let `**` match any number of folders, true by default. */
  globstar?: boolean;
}

/** Settings of {@linkcode globToRegExp}. */
export interface GlobToRegExpOptions extends GlobOptions {
  /** Ignore upper and lower case. */
  caseInsensitive?: boolean;
}

/** What separates the paths of a list. */
export declare const DELIMITER: ":" | ";";

/** What separates the parts of a path. */
export declare const SEPARATOR: "/" | "\\";

/** Matches one or more separators. */
export declare const SEPARATOR_PATTERN: RegExp;

/** The last part of a path, without `suffix` if it ends in it. */
export declare function basename(path: string | URL, suffix?: string): string;

/** The longest folder that all paths share. */
export declare function common(paths: string[]): string;

/** All before the last part. */
export declare function dirname(path: string | URL): string;

/** The extension with its dot. */
export declare function extname(path: string | URL): string;

/** Joins the parts that `parse` gives. */
export declare function format(pathObject: Partial<ParsedPath>): string;

/** The path of a `file:` URL. */
export declare function fromFileUrl(url: string | URL): string;

/** A regular expression that matches what a glob matches. */
export declare function globToRegExp(
  glob: string,
  options?: GlobToRegExpOptions,
): RegExp;

/** Whether a path begins at the root. */
export declare function isAbsolute(path: string): boolean;

/** Whether a text has characters that a glob gives a meaning. */
export declare function isGlob(str: string): boolean;

/** Joins parts and normalizes the result. */
export declare function join(path: string | URL, ...paths: string[]): string;

/** Joins globs and normalizes the result. */
export declare function joinGlobs(
  globs: string[],
  options?: GlobOptions,
): string;

/** Resolves `.`, `..` and doubled separators. */
export declare function normalize(path: string | URL): string;

/** Normalizes a glob without touching its patterns. */
export declare function normalizeGlob(
  glob: string,
  options?: GlobOptions,
): string;

/** Takes a path apart. */
export declare function parse(path: string): ParsedPath;

/** The way from one path to another. */
export declare function relative(from: string, to: string): string;

/** An absolute path of parts, the last absolute one first. */
export declare function resolve(...pathSegments: string[]): string;

/** The `file:` URL of an absolute path. */
export declare function toFileUrl(path: string): URL;

/** A path with the namespace prefix of Windows; the same path elsewhere. */
export declare function toNamespacedPath(path: string): string;
