import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { makeKeyPair } from "../../../src/release/signing.ts";
import {
  CredentialSearch,
  formsOf,
  startedPrograms,
} from "./credential_search.ts";
import { EFFECTS_VARIABLE } from "./record_effects.ts";

Deno.test("a credential is found in every form, wherever it begins", async () => {
  const value = 'wJalr/XUtn+"FEMI K7MDENG=';
  const search = new CredentialSearch([{ name: "the key", value }]);
  search.text("text", "harmless", "wJalr/XUtn");
  const around = ["", "a", "ab", "abc"];
  for (const before of around) {
    for (const after of around) {
      const text = before + value + after;
      const bytes = new TextEncoder().encode(text);
      for (
        const form of [
          text,
          JSON.stringify({ text }),
          `https://h/?k=${encodeURIComponent(text)}`,
          bytes.toBase64(),
          bytes.toBase64({ alphabet: "base64url" }),
          bytes.toHex(),
        ]
      ) {
        assertThrows(() => search.text("text", "it", form), Error, "the key");
      }
      const packed = new Blob([bytes]).stream()
        .pipeThrough(new CompressionStream("gzip"));
      const archive = await new Response(packed).bytes();
      await assertRejects(() => search.bytes("bytes", "it", archive));
    }
  }
  assert(search.looked.text! > 50);
});

Deno.test("a private key is found in its PEM, on one line, and as bytes", async () => {
  const { privateKey } = await makeKeyPair();
  const search = new CredentialSearch([{ name: "the key", value: privateKey }]);
  const body = privateKey.split("\n")[1]!;
  const bytes = Uint8Array.fromBase64(body);
  const other = (await makeKeyPair()).privateKey;
  search.text("text", "another", other);
  for (const text of [privateKey, body, JSON.stringify(privateKey)]) {
    assertThrows(() => search.text("text", "it", text));
  }
  assertThrows(() => search.text("text", "it", bytes.slice(-32).toHex()));
  await assertRejects(() => search.bytes("bytes", "it", bytes));
  assertThrows(() => formsOf("short"));
});

/** Runs a program under the recorder; gives what was gone, sorted, and what was started. */
async function recorded(source: string) {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-effects-" });
  try {
    const recorder = fromFileUrl(new URL("record_effects.ts", import.meta.url));
    const main = join(folder, "main.ts");
    await Deno.writeTextFile(main, source);
    const effects = join(folder, "effects");
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--preload", recorder, main],
      env: { [EFFECTS_VARIABLE]: effects },
      cwd: folder,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const gone: string[] = [];
    for await (const { name } of Deno.readDir(effects)) {
      if (!name.startsWith("gone-")) continue;
      gone.push(await Deno.readTextFile(join(effects, name)));
    }
    return { gone: gone.sort(), started: await startedPrograms(effects) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what a process starts, removes and overwrites is written down", async () => {
  const { gone, started } = await recorded(
    `await Deno.writeTextFile("a", "removed");
Deno.removeSync("a");
await Deno.mkdir("f");
await Deno.writeTextFile("f/b", "in a folder");
await Deno.remove("f", { recursive: true });
await Deno.writeTextFile("c", "overwritten");
await Deno.writeTextFile("c", "truncated");
(await Deno.open("c", { write: true, truncate: true })).close();
await Deno.writeTextFile("d", "renamed over");
await Deno.rename("c", "d");
await new Deno.Command("/bin/true", { args: ["x y"], env: { A: "b" } }).output();
await new Deno.Command("/bin/true", { clearEnv: true }).output();`,
  );
  assertEquals(gone, [
    "in a folder",
    "overwritten",
    "removed",
    "renamed over",
    "truncated",
  ]);
  const [one, two] = started
    .toSorted((one, other) => other.args.length - one.args.length);
  assertEquals([one?.args, two?.args], [["x y"], []]);
  assertEquals(one?.env.A, "b");
  assertEquals(two?.env, {});
});

Deno.test("what a process removes and overwrites by node:fs is written down, whatever name it is imported by", async () => {
  const { gone } = await recorded(
    `import fs, { rmSync, unlink, writeFileSync } from "node:fs";
import * as all from "fs";
import promises, { rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { once } from "node:events";
writeFileSync("a", "sync");
writeFileSync("a", "again");
rmSync("a");
fs.writeFileSync("b", "default");
await new Promise((done) => unlink("b", done));
all.writeFileSync("c", "namespace");
await writeFile("c", "promise");
await promises.rm("c");
await writeFile("d", "from");
await writeFile("e", "renamed over");
await rename("d", "e");
const stream = fs.createWriteStream("e");
stream.end("stream");
await once(stream, "close");
all.closeSync(all.openSync("e", "w"));
all.mkdirSync("f");
all.writeFileSync("f/g", "in a folder");
all.rmSync("f", { recursive: true });
all.writeFileSync("h", "truncated");
await promises.truncate("h");
all.writeFileSync("i", "required");
createRequire(import.meta.url)("node:fs").unlinkSync("i");
all.writeFileSync("j", "copied over");
await fs.promises.copyFile("h", "j");
new all.ReadStream("h").destroy();`,
  );
  // One way may be made of another, which is told too.
  assertEquals([...new Set(gone)], [
    "again",
    "copied over",
    "default",
    "from",
    "in a folder",
    "namespace",
    "promise",
    "renamed over",
    "required",
    "stream",
    "sync",
    "truncated",
  ]);
});
