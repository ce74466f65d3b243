import { assert, assertEquals, assertRejects } from "@std/assert";
import { keyId, signatureTrouble, signedText } from "@flyhot/runtime/protocol";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import { differingFiles, refuseDiffering } from "./compare_tree.ts";
import { digestOfText } from "./digest.ts";
import { findSigningKey, makeKeyPair, readSigningKey } from "./signing.ts";

const SHA = "a".repeat(64);
const RELEASE = {
  app: "shop",
  imageRef: "registry.fly.io/shop:1",
  sha256: SHA,
};

Deno.test("a pair that was made signs what machines take", async () => {
  const pair = await makeKeyPair();
  assertEquals(pair.id, await keyId(pair.publicKey));
  const key = await readSigningKey(pair.privateKey, "test");
  assertEquals(key.id, pair.id);
  const text = signedText("shop", "registry.fly.io/shop:other", SHA);
  const signature = await key.sign(RELEASE);
  assertEquals(await signatureTrouble(text, signature, [pair.publicKey]), null);
  const other = await makeKeyPair();
  assert(await signatureTrouble(text, signature, [other.publicKey]) !== null);
  // Nothing of the key may show.
  const secret = pair.privateKey.split("\n")[1]!;
  assert(!`${Deno.inspect(key)} ${JSON.stringify(key)}`.includes(secret));
});

Deno.test("readSigningKey() takes PEM with any line ends, and refuses all else without quoting it", async () => {
  const { privateKey, id, publicKey } = await makeKeyPair();
  const body = privateKey.split("\n")[1]!;
  const wrapped = privateKey.replace(
    body,
    body.replaceAll(/(.{20})/g, "$1\r\n"),
  );
  for (const pem of [privateKey, ` ${privateKey}\n\n`, wrapped]) {
    assertEquals((await readSigningKey(pem, "x")).id, id);
  }
  const { privateKey: rsa } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const foreign = new Uint8Array(await crypto.subtle.exportKey("pkcs8", rsa));
  for (
    const text of [
      "",
      "x",
      body,
      publicKey,
      privateKey.replace("PRIVATE", "PUBLIC"),
      privateKey.replace(body, body.slice(4)),
      privateKey.replace(body, `${body}!`),
      privateKey.replace(body, ""),
      privateKey.replace(body, foreign.toBase64()),
      privateKey + privateKey,
      `-----BEGIN PRIVATE KEY-----${" ".repeat(200_000)}`,
    ]
  ) {
    const error = await assertRejects(
      () => readSigningKey(text, "environment FLYHOT_SIGNING_KEY"),
      FlyhotError,
      "Cannot use the signing key from environment FLYHOT_SIGNING_KEY",
    );
    assertEquals(error.code, "auth");
    assert(!Deno.inspect(error).includes(body.slice(10, 40)));
  }
});

Deno.test("findSigningKey() takes the file, then the variable, and says what is missing", async () => {
  const [one, two] = await Promise.all([makeKeyPair(), makeKeyPair()]);
  const host = fakeHost({
    env: { FLYHOT_SIGNING_KEY: one.privateKey },
    files: { "key.pem": two.privateKey },
  });
  const find = (file?: string, keys: readonly string[] | null = null) =>
    findSigningKey(file, keys, host);
  assertEquals((await find())?.id, one.id);
  assertEquals((await find("key.pem"))?.id, two.id);
  const missing = await assertRejects(() => find("no.pem"), FlyhotError);
  assertEquals(missing.code, "usage");
  const bare = fakeHost({});
  assertEquals(await findSigningKey(undefined, null, bare), null);
  const error = await assertRejects(
    () => findSigningKey(undefined, [one.publicKey], bare),
    FlyhotError,
    "there is no key to sign with",
  );
  assertEquals(error.code, "auth");
});

Deno.test("differingFiles() names what differs, is not here, or leads out of the folder", async () => {
  const host = fakeHost({
    files: { "a.ts": "1", "b/c.ts": "2", "only-here.ts": "3", "/etc/x": "4" },
  });
  const { signal } = new AbortController();
  const compare = (files: Record<string, string>) =>
    differingFiles(files, "/app", host, signal);
  const same = { "a.ts": digestOfText("1"), "b/c.ts": digestOfText("2") };
  assertEquals(await compare(same), []);
  assertEquals(
    await compare({
      ...same,
      "a.ts": digestOfText("x"),
      "made.js": digestOfText("1"),
      "b": SHA,
      "../etc/x": digestOfText("4"),
      "/etc/x": digestOfText("4"),
    }),
    [
      "../etc/x (not here)",
      "/etc/x (not here)",
      "a.ts",
      "b (not here)",
      "made.js (not here)",
    ],
  );
});

Deno.test("refuseDiffering() names the files, escaped, and not all of a hundred", () => {
  refuseDiffering([]);
  const message = (paths: readonly string[]) => {
    try {
      refuseDiffering(paths);
    } catch (error) {
      assert(error instanceof FlyhotError && error.code === "conflict");
      return error.message;
    }
    throw new Error("was not refused");
  };
  assert(message(["a.ts", "b\u202e\n.ts"]).endsWith("in a.ts, b\\u202e\\n.ts"));
  assert(
    message(Array.from({ length: 100 }, (_, i) => `${i}`))
      .endsWith("8, 9 and 90 more"),
  );
});
