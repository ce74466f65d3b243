/** The versions of the tour's app, an ordinary program, as the edits that its developer makes.
 * @module
 */
import { join } from "@std/path";
import { edit } from "./versions.ts";

const SOURCE = new URL("./app/", import.meta.url);
const FILES = [
  "Dockerfile",
  "counter.ts",
  "deno.json",
  "deno.lock",
  "fly.toml",
  "main.ts",
  "words.ts",
];
/** What version 2 depends on, as its lock file pins it. */
const PACKAGE = {
  specifier: "npm:escape-html@1.0.3",
  version: "1.0.3",
  integrity:
    "sha512-NiSupZ4OeuGwr68lGIeym/ksIZMJodUGOSCZ/FSnTxcrekbvqrgdUxlJOMpijaKZVjAJrWrGs/6Jy8OMuyj9ow==",
};
const CRASH = `
setTimeout(() => {
  throw new Error("this release crashes");
}, 100);
`;

/** Version 1: the app as it is, and the key that its releases have to be signed with. */
export async function writeApp(
  folder: string,
  publicKey: string,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of FILES) {
    await Deno.writeTextFile(
      join(folder, name),
      await Deno.readTextFile(new URL(name, SOURCE)),
    );
  }
  await editJson(folder, "deno.json", (config) => ({
    ...config,
    flyhot: { ...config.flyhot as object, publicKeys: [publicKey] },
  }));
}

/** Version 2: a package comes in, and the class changes of which an instance counts. */
export async function addPackageAndChangeClass(folder: string): Promise<void> {
  await setVersion(folder, "2.0.0");
  const { specifier, version, integrity } = PACKAGE;
  await editJson(folder, "deno.lock", (lock) => ({
    ...lock,
    specifiers: { [specifier]: version },
    npm: { [specifier.replace("npm:", "")]: { integrity } },
  }));
  await edit(
    folder,
    "words.ts",
    "`Hello, ${name}`",
    "`Welcome, ${escapeHtml(name)}`",
  );
  await edit(
    folder,
    "words.ts",
    "export function",
    `import escapeHtml from "${specifier}";\n\nexport function`,
  );
  await edit(
    folder,
    "counter.ts",
    "{ count: this.count }",
    "{ count: this.count, even: this.count % 2 === 0 }",
  );
}

/** Version 3: throws a moment after it is applied, where nobody catches it. */
export async function makeItCrash(folder: string): Promise<void> {
  await setVersion(folder, "3.0.0");
  await edit(folder, "words.ts", "Welcome, ", "Broken, ");
  const path = join(folder, "words.ts");
  await Deno.writeTextFile(path, await Deno.readTextFile(path) + CRASH);
}

/** Version 4: works. */
export async function mend(folder: string): Promise<void> {
  await setVersion(folder, "4.0.0");
  await edit(folder, "words.ts", "Broken, ", "Good day, ");
  await edit(folder, "words.ts", CRASH, "");
}

function setVersion(folder: string, version: string): Promise<void> {
  return editJson(folder, "deno.json", (config) => ({ ...config, version }));
}

async function editJson(
  folder: string,
  name: string,
  change: (value: Record<string, unknown>) => unknown,
): Promise<void> {
  const path = join(folder, name);
  const value = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify(change(value), null, 2) + "\n");
}
