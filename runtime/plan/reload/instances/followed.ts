/** Which instances of classes are, with the code of the class's successor, what that would have made.
 * @module
 */
import type {
  ClassFact,
  ModuleAnalysis,
} from "../../../protocol/manifest/module_analysis.ts";
import type { ImportUse } from "../../../protocol/manifest/rebind_facts.ts";

/** Whether a use makes an instance which would be the same if it were made now, and whose methods follow its class. */
export function isSameIfMadeNow(
  { how, fate, takes = [] }: ImportUse,
  name: string,
  analyses: readonly (ModuleAnalysis | undefined)[],
): boolean {
  // What is taken of it where others hold it, nobody says.
  return how === "new" && fate === "held" && !takes.includes("") &&
    analyses.every((it) => {
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

/**
 * Whether instances of a class are what its successor would have made.
 *
 * @param name the class, among those of its module
 * @param now the module
 * @param next the module in the release
 * @param mayGrow whether it may have more fields then: these are made on the instances that are there
 * @param depth how many classes extend it on the way
 * @returns true if so
 */
export function isFollowed(
  name: string,
  now: ModuleAnalysis,
  next: ModuleAnalysis,
  mayGrow = false,
  depth = 0,
): boolean {
  const before = now.classes?.find((it) => it.name === name);
  const after = next.classes?.find((it) => it.name === name);
  if (!before || !after || depth > 8) return false;
  if (before.private || after.private) return false;
  const more = mayGrow
    ? new Set((after.fields ?? []).map((it) => it.name)).difference(
      new Set((before.fields ?? []).map((it) => it.name)),
    )
    : new Set<string>();
  if (madeOf(before) !== madeOf(after, more)) return false;
  const { extends: above } = before;
  if (!above || above.global) return true;
  return above.specifier === undefined && above.name !== "" &&
    isFollowed(above.name, now, next, false, depth + 1);
}

function madeOf(of: ClassFact, but: ReadonlySet<string> = NONE): string {
  return JSON.stringify([
    of.extends,
    of.parameters,
    (of.fields ?? []).filter(({ name }) => !but.has(name)).map((
      { name, digest, text },
    ) => [name, digest ?? text]),
    (of.assigned ?? []).map(({ name, digest, text }) => [name, digest ?? text]),
  ]);
}

const NONE: ReadonlySet<string> = new Set();
