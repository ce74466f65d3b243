import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ProtocolError } from "./json/parse.ts";
import {
  keyId,
  publicKey,
  releaseSignature,
  signatureTrouble,
  signedText,
  signRelease,
} from "./signature.ts";

const SHA = "a".repeat(64);

async function pair(): Promise<{ secret: CryptoKey; open: string }> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    "Ed25519",
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const raw = await crypto.subtle.exportKey("raw", publicKey);
  return { secret: privateKey, open: new Uint8Array(raw).toBase64() };
}

Deno.test("signedText() is the text that the documentation promises, the same for each tag and digest", () => {
  const text = `flyhot-release-v1\nshop\nregistry.fly.io/shop\n${SHA}\n`;
  for (const end of ["", ":deployment-01A", `@sha256:${SHA}`, `:x@sha256:1`]) {
    assertEquals(signedText("shop", `registry.fly.io/shop${end}`, SHA), text);
  }
});

Deno.test("a known key pair of RFC 8032 gives the known key id and signature", async () => {
  const seed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  const open = Uint8Array.fromHex(
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  ).toBase64();
  const secret = await crypto.subtle.importKey(
    "pkcs8",
    Uint8Array.fromHex(`302e020100300506032b657004220420${seed}`),
    "Ed25519",
    false,
    ["sign"],
  );
  const { ed25519, key } = await signRelease("", secret, open);
  assertEquals(
    Uint8Array.fromBase64(ed25519).toHex(),
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  );
  assertEquals(key, "21fe31dfa154a261");
});

Deno.test("signatureTrouble() takes what a trusted key has signed, and nothing else", async () => {
  const [one, two, other] = await Promise.all([pair(), pair(), pair()]);
  const text = signedText("shop", "registry.fly.io/shop:1", SHA);
  const good = await signRelease(text, one.secret, one.open);
  const trusted = [two.open, one.open];
  assertEquals(await signatureTrouble(text, good, trusted), null);
  for (
    const wrong of [
      signedText("shop2", "registry.fly.io/shop:1", SHA),
      signedText("shop", "registry.fly.io/shop2:1", SHA),
      signedText("shop", "registry.fly.io/shop:1", "b".repeat(64)),
      `${text}\n`,
    ]
  ) {
    assertEquals(
      await signatureTrouble(wrong, good, trusted),
      `its signature by the key ${good.key} is wrong`,
    );
  }
  assertEquals(
    await signatureTrouble(text, undefined, trusted),
    "it is not signed",
  );
  const foreign = await signRelease(text, other.secret, other.open);
  const said = await signatureTrouble(text, foreign, trusted);
  assert(said?.includes(`the key ${await keyId(other.open)}`), String(said));
  // The name of a trusted key does not make its signature.
  const forged = { ...foreign, key: good.key };
  assert((await signatureTrouble(text, forged, trusted))?.includes("is wrong"));
  // The old key is trusted until it is taken out of the list.
  assert(
    (await signatureTrouble(text, good, [two.open]))?.includes("not trust"),
  );
});

Deno.test("releaseSignature() and publicKey() refuse what is not of their length", async () => {
  const good = { key: "0".repeat(16), ed25519: new Uint8Array(64).toBase64() };
  assertEquals(releaseSignature(good, "s"), good);
  for (
    const wrong of [
      { ...good, key: "0".repeat(15) },
      { ...good, key: "G".repeat(16) },
      { ...good, ed25519: new Uint8Array(63).toBase64() },
      { ...good, ed25519: ` ${good.ed25519}` },
      { ...good, ed25519: "*" },
      {},
      null,
    ]
  ) assertThrows(() => releaseSignature(wrong, "s"), ProtocolError);
  const key = new Uint8Array(32).toBase64();
  assertEquals(publicKey(key, "k"), key);
  for (const wrong of ["", "AAAA", `${key}\n`, 1, null]) {
    assertThrows(() => publicKey(wrong, "k"), ProtocolError);
  }
  await assertRejects(() => keyId("AAAA"), ProtocolError);
});
