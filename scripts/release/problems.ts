/**
 * What stands in the way of a release. Nothing here reads a file.
 *
 * @module
 */

import { sectionOf } from "./changelog.ts";
import { admits, isVersion } from "./ranges.ts";

/** Everything that decides whether a tree can be released. */
export interface ReleaseState {
  /** The version, as the root's `deno.json` says it; empty if it says none. */
  readonly version: string;
  /** The versions of the other packages, by their `deno.json`. */
  readonly packages: ReadonlyMap<string, string>;
  /** Where apps ask for a package of ours, and with which range. */
  readonly imports: readonly AppImport[];
  /** The text of the change log; empty if there is none. */
  readonly changelog: string;
  /** Files that differ from the commit or are not in it. */
  readonly changed: readonly string[];
  /** The tags there are. */
  readonly tags: ReadonlySet<string>;
}

/** An app's import of a package of ours. */
export interface AppImport {
  /** The file that asks for it. */
  readonly path: string;
  /** The package, for example `@flyhot/runtime`. */
  readonly name: string;
  readonly range: string;
}

const FILES_NAMED_MAX = 5;

/** Names the tag of a version. */
export function tagOf(version: string): string {
  return `v${version}`;
}

/** Finds the imports of our packages in a `deno.json`. */
export function importsIn(path: string, text: string): AppImport[] {
  return [...text.matchAll(/"jsr:(@flyhot\/[\w-]+)@([^"/]+)/g)]
    .map(([_all, name = "", range = ""]) => ({ path, name, range }));
}

/** Says what stands in the way of a release. */
export function releaseProblems(state: ReleaseState): string[] {
  const { version, packages, imports, changelog, changed, tags } = state;
  const problems: string[] = [];
  if (changed.length > 0) {
    const more = changed.length - FILES_NAMED_MAX;
    problems.push(
      `the working tree is not clean: ${
        changed.slice(0, FILES_NAMED_MAX).join(", ")
      }${more > 0 ? ` and ${more} more` : ""}`,
    );
  }
  if (!isVersion(version)) {
    problems.push(
      `deno.json says version "${version}", expected three numbers such as 1.2.3`,
    );
    return problems;
  }
  for (const [path, other] of packages) {
    if (other !== version) {
      problems.push(`${path} says version "${other}", deno.json ${version}`);
    }
  }
  for (const { path, name, range } of imports) {
    const admitted = admits(range, version);
    if (admitted !== true) {
      problems.push(
        `${path} asks for ${name}@${range}, which ${
          admitted === false
            ? `does not admit ${version}`
            : "is not a version with nothing, ^ or ~ before it"
        }`,
      );
    }
  }
  problems.push(...changelogProblems(changelog, version));
  if (tags.has(tagOf(version))) {
    problems.push(`the tag ${tagOf(version)} exists already`);
  }
  return problems;
}

function changelogProblems(changelog: string, version: string): string[] {
  const section = sectionOf(changelog, version);
  if (section === null) {
    return [`CHANGELOG.md has no section "## ${version}"`];
  }
  return [
    ...(section.mark === "unreleased"
      ? [`CHANGELOG.md calls ${version} unreleased; put the date there`]
      : []),
    ...(section.text === ""
      ? [`CHANGELOG.md says nothing about ${version}`]
      : []),
  ];
}
