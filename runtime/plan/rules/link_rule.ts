/** Whether every name that modules import is there: what Deno checks when it starts.
 * @module
 */
import { type Steps, Turns } from "../../base/in_slices.ts";
import { ExportFinder } from "../lookup/find_export.ts";
import type { Refusal } from "../../base/refusal.ts";
import type { View } from "../lookup/views.ts";

/** Links modules of a release. Returns a refusal for every name that is missing, by path and in the order of a module. */
export function* linkRelease(
  paths: Iterable<string>,
  view: View,
  has: (path: string) => boolean,
): Steps<Refusal[]> {
  const finder = new ExportFinder(view);
  const refusals: Refusal[] = [];
  const turns = new Turns();
  for (const path of paths) {
    if (turns.due) yield;
    for (const fact of view.analysis(path)?.imports ?? []) {
      const target = view.resolve(path, fact.specifier);
      if (target === null) continue;
      const refuse = (subject: string, why: string, remedy: string) =>
        refusals.push({
          rule: "link",
          path,
          line: fact.line,
          column: 0,
          subject,
          why,
          remedy,
        });
      if (!has(target)) {
        // A dynamic one only fails when it is wanted, in a fresh process as well.
        if (fact.dynamic) continue;
        refuse(
          "",
          `imports ${target}, which the release does not have`,
          `add the file or drop the import`,
        );
        continue;
      }
      for (const name of fact.names ?? []) {
        if (finder.declares(target, name)) continue;
        const found = finder.find(target, name);
        if (found.kind === "missing") {
          refuse(
            name,
            `is imported from ${target}, which does not export it`,
            `export it there or drop the import`,
          );
        } else if (found.kind === "ambiguous") {
          refuse(
            name,
            `is imported from ${target}, which has it from ${
              found.paths.join(" and from ")
            }`,
            `export the one that is meant by its name`,
          );
        }
      }
    }
  }
  return refusals.sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : 0
  );
}
