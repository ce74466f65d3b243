import { assert, assertEquals, assertRejects } from "@std/assert";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { putJson } from "../../bucket/bucket.ts";
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import { AppProcess } from "../../process/process.ts";
import { pointerKey } from "../../protocol/object_keys.ts";
import type { HotUpgrade } from "../../protocol/hot_upgrade.ts";
import { signedText, signRelease } from "../../protocol/signature.ts";
import { AppFiles } from "../../release/app_files.ts";
import { ReleaseFolders } from "../../release/unpack/folders.ts";
import { parseAppConfig } from "../app_config.ts";
import { Machine } from "../machine.ts";
import { resolveSettings } from "../settings.ts";
import { readResult } from "../results/write_result.ts";

const APP = "shop";
const IMAGE = "registry.fly.io/shop:deployment-01A";
const SHA = "a".repeat(64);

interface Pair {
  readonly open: string;
  sign(sha256: string, app?: string): Promise<HotUpgrade["signature"]>;
}

async function pair(): Promise<Pair> {
  const keys = await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const raw = await crypto.subtle.exportKey("raw", keys.publicKey);
  const open = new Uint8Array(raw).toBase64();
  const text = (sha256: string, app: string) =>
    signedText(app, "registry.fly.io/shop:another-tag", sha256);
  return {
    open,
    sign: (sha256, app = APP) =>
      signRelease(text(sha256, app), keys.privateKey, open),
  };
}

function upgrade(
  id: string,
  signature: HotUpgrade["signature"] | null,
  change: Partial<HotUpgrade> = {},
): HotUpgrade {
  return {
    id,
    version: id,
    source_image_ref: IMAGE,
    key: `releases/shop-${id}.tar.gz`,
    tarball_url: null,
    sha256: SHA,
    size: 10,
    deployed_at: "2026-01-02T03:04:05Z",
    deployed_by: "ann",
    state: "committed",
    wave: "*",
    ...(signature ? { signature } : {}),
    ...change,
  };
}

const BASE = { key: null, sha256: null, size: 0, version: "base" } as const;

function machineWith(publicKeys: readonly string[]) {
  const bucket = new MemoryBucket();
  const log: string[] = [];
  const say = (text: string) => void log.push(text);
  const env: Record<string, string> = {
    FLY_APP_NAME: APP,
    FLY_IMAGE_REF: IMAGE,
    FLY_MACHINE_ID: "m1",
  };
  const config = parseAppConfig(JSON.stringify({ flyhot: { publicKeys } }));
  const folder = Deno.makeTempDirSync();
  const machine = new Machine({
    appProcess: new AppProcess(),
    settings: resolveSettings({}, (name) => env[name], config),
    bucket,
    files: new AppFiles(folder),
    laid: { files: null, refused: "nothing is there" },
    startedAt: new Date().toISOString(),
    startedBy: "reapply",
    main: "main.ts",
    folders: new ReleaseFolders(`${folder}/releases`),
    logger: { info: say, warn: say, error: say },
  });
  let revision = 0;
  return {
    machine,
    log,
    point: (now: HotUpgrade | null, history: readonly HotUpgrade[] = []) =>
      putJson(bucket, pointerKey(APP), {
        protocol: 1,
        app: APP,
        revision: ++revision,
        set_at: "",
        image_ref: IMAGE,
        hot_upgrade: now,
        generations: {
          [IMAGE]: {
            image_ref: IMAGE,
            first_seen: "",
            hot_upgrade: now,
            history,
          },
        },
      }, "always"),
    resultOf: (id: string) => readResult(bucket, APP, id, "m1"),
    async [Symbol.asyncDispose]() {
      await machine.rest();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

Deno.test("an unsigned release fails as unsigned where the image names public keys, and is not even fetched", async () => {
  const [trusted, other] = await Promise.all([pair(), pair()]);
  await using it = machineWith([trusted.open]);
  const bad = [
    null,
    await other.sign(SHA),
    await trusted.sign("b".repeat(64)),
    await trusted.sign(SHA, "another-app"),
    { ...await other.sign(SHA)!, key: (await trusted.sign(SHA))!.key },
  ] as (HotUpgrade["signature"] | null)[];
  for (const [index, signature] of bad.entries()) {
    await it.point(upgrade(`u${index}`, signature, { state: "probation" }));
    await it.machine.poll();
    const result = await it.resultOf(`u${index}`);
    assertEquals(result?.state, "failed");
    assertEquals(result?.failure?.end, "abort");
    assertEquals(result?.failure?.transient, false);
    assert(
      result?.failure?.message.startsWith(`unsigned: Cannot take u${index}: `),
      result?.failure?.message,
    );
  }
});

Deno.test("a signed release is taken, whichever key of the list has signed it, and a rollback without signing again", async () => {
  const [older, newer] = await Promise.all([pair(), pair()]);
  for (const signer of [older, newer]) {
    await using it = machineWith([older.open, newer.open]);
    const signature = await signer.sign(SHA) ?? null;
    await it.point(upgrade("new", signature));
    await it.machine.poll();
    // It goes on to fetch, and there is nothing to fetch.
    const result = await it.resultOf("new");
    assertEquals(result?.state, "pending");
    assertEquals(result?.failure?.phase, "fetch");
    await it.point(upgrade("back", signature, { rollback_of: "new" }));
    await it.machine.poll();
    assertEquals((await it.resultOf("back"))?.failure?.phase, "fetch");
    await it.point(upgrade("image", null, BASE));
    await it.machine.poll();
    assertEquals((await it.resultOf("image"))?.state, "nothing_to_do");
  }
});

Deno.test("once a key is taken out of the image, what it has signed is refused", async () => {
  const [older, newer] = await Promise.all([pair(), pair()]);
  await using it = machineWith([newer.open]);
  await it.point(upgrade("old", await older.sign(SHA) ?? null));
  await it.machine.poll();
  const { failure } = await it.resultOf("old") ?? {};
  assert(failure?.message.includes("which the image does not trust"));
});

Deno.test("keys are changed as the README says: one image trusts both, the next the new one alone, and no rollback needs a key", async () => {
  const [older, newer] = await Promise.all([pair(), pair()]);
  const [first, second] = await Promise.all([
    older.sign(SHA),
    newer.sign(SHA),
  ]);
  const readme = await Deno.readTextFile(
    new URL("../../../README.md", import.meta.url),
  );
  const [, shown] =
    /```json\n(\{ "flyhot": \{ "publicKeys": \[.*, .*\] \} \})\n```/.exec(
      readme,
    ) ??
      [];
  const both: string[] = JSON.parse(
    shown!.replace("<the old key>", older.open)
      .replace("<the new key>", newer.open),
  ).flyhot.publicKeys;
  for (
    const [keys, taken, refused] of [
      [[older.open], first, second],
      [both, first, null],
      [both, second, null],
      [[newer.open], second, first],
    ] as const
  ) {
    await using it = machineWith(keys);
    await it.point(upgrade("forward", taken!));
    await it.machine.poll();
    assertEquals((await it.resultOf("forward"))?.failure?.phase, "fetch");
    if (refused) {
      await it.point(upgrade("other", refused));
      await it.machine.poll();
      const said = (await it.resultOf("other"))?.failure?.message ?? "";
      assert(said.startsWith("unsigned: "), said);
    }
    // A rollback carries on the signature that the release has: nobody signs again.
    await it.point(upgrade("back", taken!, { rollback_of: "forward" }));
    await it.machine.poll();
    assertEquals((await it.resultOf("back"))?.failure?.phase, "fetch");
  }
});

Deno.test("at boot the newest signed committed release is taken, and the image where there is none", async () => {
  const trusted = await pair();
  const good = await trusted.sign(SHA) ?? null;
  {
    await using it = machineWith([trusted.open]);
    await it.point(upgrade("forged", null), [
      upgrade("forged-too", null),
      upgrade("trial", good, { state: "rolled_back" }),
      upgrade("signed", good),
      upgrade("older", good),
    ]);
    const result = await it.machine.boot();
    assertEquals(result?.upgrade_id, "signed");
    assertEquals(result?.failure?.phase, "fetch");
    assert(
      it.log.some((text) => text.startsWith("unsigned: Cannot take forged:")),
    );
  }
  await using it = machineWith([trusted.open]);
  await it.point(upgrade("forged", null), [upgrade("image", null, BASE)]);
  assertEquals(await it.machine.boot(), null);
});

Deno.test("a release that is named by its URL alone is refused where releases must be signed", async () => {
  await using it = machineWith([(await pair()).open]);
  const error = await assertRejects(
    () =>
      it.machine.bringInDirectly({
        id: "x",
        version: "x",
        sourceImageRef: IMAGE,
        deployedAt: "",
        tarballUrl: "https://h/x.tar.gz",
        sha256: null,
        size: null,
      }),
    UpgradeError,
  );
  assert(error.message.startsWith("unsigned: "));
});

Deno.test("parseAppConfig() refuses public keys that would let everybody or nobody in", async () => {
  const { open } = await pair();
  const read = (publicKeys: unknown) =>
    parseAppConfig(JSON.stringify({ flyhot: { publicKeys } })).publicKeys;
  assertEquals(read([open]), [open]);
  for (const wrong of [[], open, [1], ["x"], null, [`${open} `]]) {
    let refused = false;
    try {
      read(wrong);
    } catch (error) {
      refused = true;
      assert(String(error).includes("flyhot.publicKeys"), String(error));
    }
    assert(refused, JSON.stringify(wrong));
  }
});
