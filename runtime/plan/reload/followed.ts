/** Which instances of classes are, with the code of the class's successor, what that would have made.
 * @module
 */
import type {
  ClassFact,
  ModuleAnalysis,
} from "../../protocol/manifest/module_analysis.ts";
import type { ImportUse } from "../../protocol/manifest/rebind_facts.ts";

/** Whether a use makes an instance which would be the same if it were made now, and whose methods follow its class. */
export function isSameIfMadeNow(
  { how, takes = [] }: ImportUse,
  name: string,
  analyses: readonly (ModuleAnalysis | undefined)[],
): boolean {
  return how === "new" && !takes.includes("") && analyses.every((it) => {
    const { methods = {} } = it?.classes?.find((of) =>
      of.name === (it.exports?.[name]?.class ?? name)
    ) ?? {};
    return it?.rebind?.leaves?.[name]?.plain === true &&
      // A method that was taken out of it stays what it was.
      !Object.keys(methods).some((method) =>
        takes.includes(method.replace(/^(?:static|get|set) /, ""))
      );
  });
}

/** Whether instances of a class are what its successor would have made. */
export function isFollowed(
  name: string,
  now: ModuleAnalysis,
  next: ModuleAnalysis,
  depth = 0,
): boolean {
  const before = now.classes?.find((it) => it.name === name);
  const after = next.classes?.find((it) => it.name === name);
  if (!before || !after || depth > 8) return false;
  if (before.private || after.private) return false;
  if (madeOf(before) !== madeOf(after)) return false;
  const { extends: above } = before;
  if (!above || above.global) return true;
  return above.specifier === undefined && above.name !== "" &&
    isFollowed(above.name, now, next, depth + 1);
}

function madeOf(of: ClassFact): string {
  return JSON.stringify([
    of.extends,
    of.parameters,
    (of.fields ?? []).map(({ name, digest, text }) => [name, digest ?? text]),
    (of.assigned ?? []).map(({ name, digest, text }) => [name, digest ?? text]),
  ]);
}
