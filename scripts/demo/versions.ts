/** The later versions of the sample app `tests/apps/counter`, as the edits that its developer makes.
 * @module
 */
import { join } from "@std/path";

const SOURCE = new URL("../../tests/apps/counter/", import.meta.url);

/** Copies version 1 of the sample app into a folder. */
export async function writeVersion1(folder: string): Promise<void> {
  await copyFolder(SOURCE, folder);
}

/** Version 2: other words, a new module, and a counter whose state has another shape. */
export async function editToVersion2(folder: string): Promise<void> {
  await setVersion(folder, "2.0.0");
  await edit(
    folder,
    "text.ts",
    "Hello, ${name}",
    "Welcome, ${emphasize(name)}",
  );
  await edit(
    folder,
    "text.ts",
    "export function greeting",
    'import { emphasize } from "./emphasis.ts";\n\nexport function greeting',
  );
  await Deno.writeTextFile(
    join(folder, "emphasis.ts"),
    "export function emphasize(text: string): string {\n  return text.toUpperCase();\n}\n",
  );
  await edit(
    folder,
    "counter.ts",
    "state: () => ({ count: 0 }),",
    `version: 2,
  state: () => ({ count: 0, step: 1 }),
  migrate: {
    2: {
      up: (old: { count: number }) => ({ ...old, step: 1 }),
      down: ({ count }: { count: number }) => ({ count }),
    },
  },`,
  );
  await edit(
    folder,
    "counter.ts",
    "increment: (state) => ++state.count,",
    "increment: (state) => (state.count += state.step),",
  );
}

/** Replaces a text that stands exactly once in a file. */
export async function edit(
  folder: string,
  path: string,
  from: string,
  to: string,
): Promise<void> {
  const file = join(folder, path);
  const text = await Deno.readTextFile(file);
  const parts = text.split(from);
  if (parts.length !== 2) {
    throw new Error(
      `Cannot edit ${path}: "${from}" stands there ${parts.length - 1} times`,
    );
  }
  await Deno.writeTextFile(file, parts.join(to));
}

async function setVersion(folder: string, version: string): Promise<void> {
  const file = join(folder, "deno.json");
  const settings = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(
    file,
    JSON.stringify({ ...settings, version }, null, 2) + "\n",
  );
}

async function copyFolder(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const target = join(to, entry.name);
    if (entry.isDirectory) {
      await copyFolder(new URL(`${entry.name}/`, from), target);
    } else {
      await Deno.copyFile(new URL(entry.name, from), target);
    }
  }
}
