/** An app of many modules: leaves in ten groups under one root, about a kilobyte each.
 * @module
 */

/** What changes: one leaf, ten leaves of one group, or every module. */
export type Change = "leaf" | "ten" | "all";

/** The files of such an app. */
export interface LayeredApp {
  /** Those of its first version. */
  files(): Map<string, string>;
  /** Those that differ in a later one. */
  changed(change: Change, version: number): Map<string, string>;
}

const GROUPS = 10;

/**
 * Makes an app.
 *
 * @param modules how many modules it has without the main module: leaves, ten groups and the root
 * @param functions how many functions more a leaf has, of about 0.5 KB each
 * @param calls whether groups call functions of leaves, and what of the configuration says that they may stay
 * @returns its files, and those that differ in a later version
 */
export function layeredApp(
  modules: number,
  functions = 0,
  calls?: { readonly rebind: boolean },
): LayeredApp {
  const leaves = modules - GROUPS - 1;
  const inGroup = (group: number) =>
    Array.from({ length: leaves }, (_, leaf) => leaf)
      .filter((leaf) => leaf % GROUPS === group);
  const leafText = (leaf: number, version: number) => `
export interface Item${leaf} { readonly id: number; readonly name: string; readonly tags: readonly string[] }
const words: readonly string[] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"];
${
    calls
      ? `const value = ${version};\nexport function count(): number { return value; }`
      : `export const value = ${version};`
  }
export function describe(item: Item${leaf}): string {
  return item.tags.map((tag, index) => words[index % words.length] + ":" + tag).join(", ") + " #" + item.id;
}
export function make(id: number, ...tags: string[]): Item${leaf} {
  return { id, name: words[id % words.length]!, tags };
}
export async function later(item: Item${leaf}, ms: number): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return describe(item);
}
export function total(items: readonly Item${leaf}[]): number {
  let sum = 0;
  for (const item of items) {
    if (item.tags.length > 3) sum += item.id * value;
    else if (item.name.startsWith("a")) sum += value;
    else sum -= 1;
  }
  return sum;
}
${Array.from({ length: functions }, (_, at) => moreText(leaf, at)).join("")}`;
  const groupText = (group: number, version: number) =>
    inGroup(group).map((leaf) =>
      `import { ${
        calls ? "count" : "value"
      } as v${leaf} } from "../leaves/leaf${leaf}.ts";`
    ).join("\n") + `
export const version = ${version};
export const sum = () => ${
      inGroup(group).map((leaf) => `v${leaf}${calls ? "()" : ""}`)
        .join(" + ") || "0"
    };
`;
  const groups = Array.from({ length: GROUPS }, (_, group) => group);
  const rootText = (version: number) =>
    groups.map((group) =>
      `import { sum as s${group} } from "./groups/group${group}.ts";`
    ).join("\n") +
    `\nexport const version = ${version};\nexport const total = () => ${
      groups.map((group) => `s${group}()`).join(" + ")
    };\n`;
  const leaf = (number: number, version: number) =>
    [`leaves/leaf${number}.ts`, leafText(number, version)] as const;
  const all = (version: number) =>
    new Map<string, string>([
      ...Array.from({ length: leaves }, (_, number) => leaf(number, version)),
      ...groups.map((group) =>
        [`groups/group${group}.ts`, groupText(group, version)] as const
      ),
      ["root.ts", rootText(version)],
    ]);
  return {
    files: () =>
      all(0).set(
        "deno.json",
        JSON.stringify({
          imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
          ...calls ? { flyhot: calls } : {},
        }),
      ),
    changed(change, version) {
      if (change === "all") return all(version);
      const count = change === "leaf" ? 1 : 10;
      return new Map(
        inGroup(0).slice(0, count).map((number) => leaf(number, version)),
      );
    },
  };
}

const moreText = (leaf: number, at: number) => `
export function step${at}(items: readonly Item${leaf}[], limit: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    if (index > limit) break;
    const key = item.name + "/" + item.tags.slice(0, ${at + 1}).join("-");
    const before = found.get(key) ?? 0;
    found.set(key, before + (item.id % ${at + 2} === 0 ? 1 : item.tags.length));
    if (before > limit * ${at + 3}) found.delete(key);
  }
  return found;
}
`;
