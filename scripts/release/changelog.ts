/**
 * The change log, as far as a release needs it.
 *
 * @module
 */

/** What the change log says about a version. */
interface ChangelogSection {
  /** What stands behind the version in the heading, without parentheses; empty if nothing. */
  readonly mark: string;
  /** What stands below it. */
  readonly text: string;
}

/** Finds the section of a version. */
export function sectionOf(
  changelog: string,
  version: string,
): ChangelogSection | null {
  for (const part of changelog.split(/^## /m).slice(1)) {
    const end = part.includes("\n") ? part.indexOf("\n") : part.length;
    const [name, ...mark] = part.slice(0, end).trim().split(/\s+/);
    if (name !== version) continue;
    return {
      mark: mark.join(" ").replace(/^\((.*)\)$/, "$1"),
      text: part.slice(end).trim(),
    };
  }
  return null;
}
