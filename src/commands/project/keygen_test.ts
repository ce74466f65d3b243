import { assert, assertEquals } from "@std/assert";
import { keyId } from "@flyhot/runtime/protocol";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { realHost } from "../../../tests/cli/real_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import { main } from "../../main.ts";
import { readSigningKey } from "../../release/signing.ts";

Deno.test("flyhot keygen --json gives both halves of a new pair", async () => {
  const ids = new Set<string>();
  for (let time = 0; time < 2; time++) {
    const { code, out } = await runMain(["keygen", "--json"], fakeHost({}));
    assertEquals(code, 0);
    const said = JSON.parse(out);
    assertEquals(Object.keys(said), [
      "key",
      "public_key",
      "private_key",
      "output",
    ]);
    assertEquals(said.key, await keyId(said.public_key));
    assertEquals((await readSigningKey(said.private_key, "x")).id, said.key);
    ids.add(said.key);
  }
  assertEquals(ids.size, 2);
});

Deno.test("flyhot keygen says what to do with the pair", async () => {
  const { code, out } = await runMain(["keygen"], fakeHost({}));
  assertEquals(code, 0);
  assert(out.startsWith("-----BEGIN PRIVATE KEY-----\n"), out);
  assert(/"flyhot": \{ "publicKeys": \["[A-Za-z0-9+/]{43}="\] \}/.test(out));
});

Deno.test("flyhot keygen --output writes the private key for its owner alone, prints nothing of it, and overwrites nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const flyhot = async (...args: string[]) => {
      using host = realHost(folder);
      const code = await main(args, host);
      return { code, out: host.out(), err: host.err() };
    };
    const path = `${folder}/deep/key.pem`;
    const { code, out, err } = await flyhot("keygen", "-o", path);
    assertEquals(code, 0, err);
    const pem = await Deno.readTextFile(path);
    await readSigningKey(pem, path);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert(!`${out}${err}`.includes(pem.split("\n")[1]!));
    assertEquals((await flyhot("keygen", "-o", path)).code, 2);
    assertEquals(await Deno.readTextFile(path), pem);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
