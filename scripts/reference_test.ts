import { assertEquals, assertStringIncludes } from "@std/assert";
import { overviewText } from "../src/commands/help.ts";
import { EXIT_CODES } from "../src/errors.ts";
import { membersOf } from "./reference/interface_members.ts";
import {
  COMMAND_VARIABLES,
  INTERNAL_VARIABLES,
  MACHINE_VARIABLES,
  SHARED_VARIABLES,
} from "./reference/variables.ts";
import { referencePages } from "./reference.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("the reference is what the code says; if not: deno task reference", async () => {
  for (const [path, text] of await referencePages()) {
    assertEquals(await Deno.readTextFile(new URL(path, ROOT)), text, path);
  }
});

Deno.test("the overview names every exit code", () => {
  const overview = overviewText([{ name: "hot", summary: "" }]);
  const [_, listed = ""] = overview.split("Exit codes: ");
  const codes = listed.split(/,\s+/).map((it) => Number(it.split(" ")[0]));
  assertEquals(codes, Object.values(EXIT_CODES));
});

Deno.test("every environment variable that the code reads is in the reference, and no other", async () => {
  const read = new Set<string>();
  const name =
    "((?:FLY|FLYHOT|AWS)_[A-Z0-9_]+|BUCKET_NAME|RELEASE_COMMAND|NO_COLOR|CI|TERM)";
  const mention = new RegExp(`"${name}"|\\benv\\.${name}\\b`, "g");
  for (const folder of ["src", "runtime"]) {
    for await (const path of modulesIn(new URL(`${folder}/`, ROOT))) {
      const text = await Deno.readTextFile(path);
      for (const [_, quoted, member] of text.matchAll(mention)) {
        read.add(quoted ?? member!);
      }
    }
  }
  assertEquals(
    [...read].sort(),
    Object.keys({
      ...SHARED_VARIABLES,
      ...COMMAND_VARIABLES,
      ...MACHINE_VARIABLES,
      ...INTERNAL_VARIABLES,
    }).sort(),
  );
});

Deno.test("membersOf() reads names, types and comments, and wants a comment for each", () => {
  const source = (comment: string) =>
    `export interface Other { x: 1 }\nexport interface Keys {\n${comment}\n  readonly a?: readonly string[];\n}`;
  assertEquals(membersOf(source("/** The\n   * first. */"), "Keys"), [
    { name: "a", type: "readonly string[]", text: "The first." },
  ]);
  for (const [text, why] of [[source(""), "Keys.a"], ["", "interface Keys"]]) {
    let message = "";
    try {
      membersOf(text!, "Keys");
    } catch (error) {
      message = String(error);
    }
    assertStringIncludes(message, why!);
  }
});

async function* modulesIn(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) yield* modulesIn(url);
    else if (/\.ts$/.test(entry.name) && !/_test\.ts$/.test(entry.name)) {
      yield url;
    }
  }
}
