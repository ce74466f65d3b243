/**
 * Prints what the change log says about a tag, for the page of its release.
 *
 * ```sh
 * deno run -A scripts/release/release_notes.ts v0.1.0
 * ```
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { sectionOf } from "./changelog.ts";
import { type ReleaseState, tagOf } from "./problems.ts";
import { readTree } from "./state.ts";

/** Finds the notes of a release. */
export function notesOf(
  tag: string,
  state: Pick<ReleaseState, "version" | "changelog">,
): string {
  const { version, changelog } = state;
  if (tag !== tagOf(version)) {
    throw new Error(
      `Cannot release ${tag}: deno.json says version ${version}, whose tag is ${
        tagOf(version)
      }; tag with: deno task release`,
    );
  }
  const section = sectionOf(changelog, version);
  if (section === null || section.text === "") {
    throw new Error(
      `Cannot release ${tag}: CHANGELOG.md says nothing about ${version}; add a section "## ${version}"`,
    );
  }
  return section.text;
}

if (import.meta.main) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    const { state } = await readTree(root);
    // deno-lint-ignore no-console -- the answer of this script
    console.log(notesOf(Deno.args[0] ?? "", state));
  } catch (error) {
    // deno-lint-ignore no-console -- why there is no answer
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
