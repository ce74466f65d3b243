import { assert, assertEquals } from "@std/assert";
import denoJson from "../deno.json" with { type: "json" };
import runtimeJson from "../runtime/deno.json" with { type: "json" };
import { exportedNames } from "./reference/exported_names.ts";

const ROOT = new URL("../", import.meta.url);
const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "runtime/README.md"];

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

async function foldersIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(new URL(path, ROOT))) {
    if (entry.isDirectory && !entry.name.startsWith(".")) {
      names.push(entry.name);
    }
  }
  return names.sort();
}

Deno.test("every link between documents leads somewhere", async () => {
  for (const path of DOCUMENTS) {
    const links = (await read(path)).matchAll(/\]\((?!https?:)([^)#]+)/g);
    for (const [_, target] of links) {
      await Deno.stat(new URL(target!, new URL(path, ROOT)));
    }
  }
});

Deno.test("every path that CONTRIBUTING.md and tests/README.md name is there", async () => {
  const paths =
    /`((?:runtime|src|tests|scripts|docs|\.github)\/[\w./-]*|\.ci\/run)`/g;
  for (const path of ["CONTRIBUTING.md", "tests/README.md"]) {
    const found = [...(await read(path)).matchAll(paths)];
    assert(found.length > 10, path);
    for (const [_, target] of found) await Deno.stat(new URL(target!, ROOT));
  }
});

Deno.test("CONTRIBUTING.md maps every room, and no other", async () => {
  const text = await read("CONTRIBUTING.md");
  for (const folder of ["runtime", "src"]) {
    const [_, table = ""] = text.split(`| \`${folder}/\``);
    const [rows = ""] = table.split("\n\n");
    const mapped = [...rows.matchAll(/^\| `(\w+)\/`/gm)].map((it) => it[1]!);
    assertEquals(mapped.sort(), await foldersIn(`${folder}/`));
  }
});

Deno.test("every task that a document names is there", async () => {
  for (const path of [...DOCUMENTS, "tests/README.md"]) {
    const tasks = (await read(path)).matchAll(
      /\bdeno(?:@[\d.]+)? task (?:--config \S+ )?(\w+(?::\w+)*)/g,
    );
    for (const [_, task] of tasks) {
      assert(Object.hasOwn(denoJson.tasks, task!), `${path}: ${task}`);
    }
  }
});

Deno.test("the runtime's README tells of everything that its entry points export", async () => {
  const text = await read("runtime/README.md");
  const missing: string[] = [];
  for (const [entry, file] of Object.entries(runtimeJson.exports)) {
    // The command and other programs use these; their types are documented where they are.
    if (["./protocol", "./bucket", "./plan", "./modules"].includes(entry)) {
      const specifier = `@flyhot/runtime${entry.slice(1)}`;
      if (!text.includes(specifier)) missing.push(specifier);
      continue;
    }
    const names = exportedNames(await read(`runtime/${file.slice(2)}`));
    for (const name of [...names.values, ...names.types]) {
      if (!new RegExp(`\\b${name}\\b`).test(text)) {
        missing.push(`${entry}: ${name}`);
      }
    }
  }
  assertEquals(missing, []);
});
