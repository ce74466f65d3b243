import { assertEquals } from "@std/assert";
import { ClassRegistry } from "../../state/classes/class_registry.ts";
import { ExportedValues } from "../../state/classes/exported_values.ts";
import { registerExportedClasses } from "./class_exports.ts";

Deno.test("registerExportedClasses(): modules that export nothing but functions are not asked for", async () => {
  const url = (source: string) =>
    `data:text/javascript,${encodeURIComponent(source)}`;
  const texts = new Map([
    ["a.ts", [
      url(`export class A {} export const o = { n: 1 };`),
      url(`export class A {} export const o = { n: 2 };`),
    ]],
    ["b.ts", [url(`export const b = 1;`), url(`export const b = () => 2;`)]],
    ["c.ts", [url(`export const c = 1;`), url(`export const c = () => 2;`)]],
  ]);
  // They are loaded already when they are asked for.
  for (const url of [...texts.values()].flat()) await import(url);
  const namespaces = new Map<string, Record<string, unknown>>();
  const classes = new ClassRegistry(), next = new ClassRegistry();
  const exported = new ExportedValues();
  const registered = registerExportedClasses(
    {
      replaced: texts.keys(),
      isLoaded: () => true,
      hasNoObjects: (path) => path === "c.ts",
      current: (path) => texts.get(path)![0]!,
      next: (path) => texts.get(path)![1]!,
    },
    { classes, modules: { namespaces } as never },
    { classes: next, exported },
  );
  // A computer that stands still meanwhile makes no difference.
  const until = performance.now() + 250;
  while (performance.now() < until);
  await registered;
  assertEquals(
    [...namespaces.keys()].sort(),
    ["a.ts", "b.ts"].flatMap((path) => texts.get(path)!).sort(),
  );
  assertEquals([...classes.of("a.ts").keys()], ["A"]);
  assertEquals([...next.of("a.ts").keys()], ["A"]);
  const [before] = texts.get("a.ts")!;
  assertEquals(exported.nameOf(namespaces.get(before!)!.o as object), "a.ts#o");
});
