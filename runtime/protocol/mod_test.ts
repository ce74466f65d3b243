import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fingerprint, sha256Of } from "./fingerprint.ts";
import { parsePointer } from "./pointer.ts";
import { lockKey, pointerKey, releaseKey, resultKey } from "./object_keys.ts";
import { parseMachineInfo } from "./machine/machine_info.ts";
import { parseMachineResult } from "./machine/machine_result.ts";
import {
  DIGEST,
  INFO,
  plain,
  POINTER,
  RESULT,
  UPGRADE,
} from "./records_fixture_test.ts";

Deno.test("parsePointer() takes a pointer without upgrades", () => {
  const empty = { ...POINTER, hot_upgrade: null, generations: {} };
  assertEquals(plain(parsePointer(empty)), plain(empty));
  const { rollback_of: _, ...upgrade } = UPGRADE;
  const base = {
    ...POINTER,
    hot_upgrade: {
      ...upgrade,
      key: null,
      tarball_url: null,
      sha256: null,
      wave: "*",
    },
  };
  const parsed = parsePointer(base).hot_upgrade!;
  assertEquals("rollback_of" in parsed, false);
});

Deno.test("parseMachineInfo() forgets the upgrade where none is applied", () => {
  const info = parseMachineInfo({ ...INFO, hotUpgradeApplied: false });
  assertEquals("version" in info, false);
  assertEquals(info.currentImageRef, INFO.currentImageRef);
});

Deno.test("keys have the form that the documentation promises", () => {
  assertEquals(pointerKey("shop"), "releases/shop-current.json");
  assertEquals(lockKey("shop"), "releases/shop-deploy.lock");
  assertEquals(
    releaseKey("shop", "1.2.3", DIGEST),
    "releases/shop-1.2.3-0123456789ab.tar.gz",
  );
  assertEquals(
    resultKey("shop", "01A", "m1"),
    "releases/shop-results/01A/m1.json",
  );
  assertEquals(resultKey("shop", "01A"), "releases/shop-results/01A/");
});

Deno.test("releaseKey() makes any version safe for a URL path", () => {
  assertEquals(
    releaseKey("shop", "1.0.0+a/b c?d#ü", DIGEST),
    "releases/shop-1.0.0_a_b_c_d__-0123456789ab.tar.gz",
  );
  assertEquals(
    releaseKey("shop", "../../x", DIGEST),
    "releases/shop-.._.._x-0123456789ab.tar.gz",
  );
  assertEquals(
    releaseKey("shop", "v".repeat(200), DIGEST).length,
    "releases/shop--0123456789ab.tar.gz".length + 64,
  );
});

Deno.test("fingerprint() is equal exactly where image and release are", async () => {
  const one = await fingerprint("img:1", DIGEST);
  assert(/^[0-9a-f]{12}$/.test(one));
  assertEquals(await fingerprint("img:1", DIGEST), one);
  assertNotEquals(await fingerprint("img:2", DIGEST), one);
  assertNotEquals(await fingerprint("img:1", null), one);
});

Deno.test("sha256Of() hashes text as UTF-8, and bytes as they are", async () => {
  assertEquals(
    await sha256Of(""),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assertEquals(await sha256Of("ü"), await sha256Of(Uint8Array.of(0xc3, 0xbc)));
});

Deno.test("parseMachineResult() reads refusals, and leaves out those by rules that it does not know", () => {
  const known = {
    rule: "holder",
    path: "app.ts",
    line: 3,
    column: 0,
    subject: "docs",
    why: "is removed",
    remedy: "declare it",
    consent: "holder:docs",
  } as const;
  const read = parseMachineResult({
    ...RESULT,
    failure: {
      ...RESULT.failure,
      refusals: [{ ...known, rule: "of-tomorrow" }, known, null],
    },
  });
  assertEquals(read.failure?.refusals, [known]);
});
