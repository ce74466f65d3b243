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

Deno.test("what a process starts, removes and overwrites is written down", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-effects-" });
  try {
    const recorder = fromFileUrl(new URL("record_effects.ts", import.meta.url));
    const main = join(folder, "main.ts");
    await Deno.writeTextFile(
      main,
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
    assertEquals(gone.sort(), [
      "in a folder",
      "overwritten",
      "removed",
      "renamed over",
      "truncated",
    ]);
    const started = (await startedPrograms(effects))
      .toSorted((one, other) => other.args.length - one.args.length);
    assertEquals(started.map(({ args }) => args), [["x y"], []]);
    assertEquals(started[0]!.env.A, "b");
    assertEquals(started[1]!.env, {});
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
