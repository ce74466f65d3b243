import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { type DeployLock, parseDeployLock } from "./deploy_lock.ts";
import { fingerprint, sha256Of } from "./fingerprint.ts";
import { type HotUpgrade, parsePointer, type Pointer } from "./pointer.ts";
import { lockKey, pointerKey, releaseKey, resultKey } from "./object_keys.ts";
import { type MachineInfo, parseMachineInfo } from "./machine/machine_info.ts";
import {
  type MachineResult,
  parseMachineResult,
} from "./machine/machine_result.ts";
import {
  type Manifest,
  parseManifest,
  parseRunningManifest,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "./manifest/manifest.ts";
import { ProtocolError } from "./json/parse.ts";

const DIGEST = "0123456789abcdef".repeat(4);
const NOW = "2026-01-02T03:04:05.000Z";

const UPGRADE: HotUpgrade = {
  id: "01A",
  version: "1.2.3",
  source_image_ref: "registry.fly.io/shop:two",
  key: "releases/shop-1.2.3.tar.gz",
  tarball_url: "https://bucket/releases/shop-1.2.3.tar.gz",
  sha256: DIGEST,
  size: 48213,
  deployed_at: NOW,
  deployed_by: "ann@example.com",
  state: "probation",
  wave: ["m1"],
  message: "why",
  commit: "3f9a2c1",
  probation_ms: 5000,
  consent: ["holder:docs"],
  rollback_of: "01B",
  signature: {
    key: "0123456789abcdef",
    ed25519: new Uint8Array(64).toBase64(),
  },
};
const POINTER: Pointer = {
  protocol: PROTOCOL_VERSION,
  app: "shop",
  lineage: "01J9Z3NDEKTSV4RRFFQ69G5FAV",
  revision: 17,
  set_at: NOW,
  image_ref: "registry.fly.io/shop:one",
  hot_upgrade: UPGRADE,
  generations: {
    "registry.fly.io/shop:one": {
      image_ref: "registry.fly.io/shop:one",
      first_seen: NOW,
      hot_upgrade: UPGRADE,
      history: [{ ...UPGRADE, state: "committed", wave: "*" }],
    },
  },
};
const RESULT: MachineResult = {
  protocol: PROTOCOL_VERSION,
  upgrade_id: "01A",
  machine_id: "m1",
  region: "fra",
  image_ref: "registry.fly.io/shop:one",
  state: "failed",
  version: "1.2.3",
  started_at: NOW,
  ended_at: NOW,
  fingerprint: "abc",
  reloaded: ["app.ts"],
  modules: 3,
  holders: [{ name: "counter", from: 1, to: 2, action: "migrated" }],
  suspend_ms: 1.5,
  total_ms: 20,
  at_boot: false,
  failure: {
    phase: "health",
    message: "empty",
    end: "abort",
    transient: false,
  },
};
const LOCK: DeployLock = {
  protocol: PROTOCOL_VERSION,
  state: "held",
  owner: "01A",
  holder: "ann",
  purpose: "deploy",
  acquired_at: NOW,
  renewed_at: NOW,
  expires_at: NOW,
};
const INFO: MachineInfo = {
  hotUpgradeApplied: true,
  currentImageRef: "registry.fly.io/shop:one",
  fingerprint: "abc",
  upgrades: 1,
  retainedModules: 2,
  retainedBytes: 3,
  retainedBudgetExceeded: true,
  memory: {
    retainedBytes: 5,
    budgetBytes: 9,
    upgradeBytes: 2,
    upgradesLeft: 2,
  },
  pid: 4,
  startedAt: NOW,
  lastUpgradeId: "01A",
  id: "01A",
  version: "1.2.3",
  sourceImageRef: "registry.fly.io/shop:two",
  deployedAt: NOW,
  appliedAt: NOW,
  sha256: DIGEST,
};
const MANIFEST: Manifest = {
  protocol: PROTOCOL_VERSION,
  app: "shop",
  version: "1.2.3",
  source_image_ref: "registry.fly.io/shop:two",
  entries: ["main.ts"],
  files: { "main.ts": { sha256: DIGEST, size: 1, kind: "module" } },
  modules: {
    "main.ts": { static: ["a.ts"], dynamic: ["b.ts"], external: ["npm:x"] },
  },
  config: { "deno.json": DIGEST },
  locked: { "npm:x@1": "1.0.0" },
};
const RUNNING: RunningManifest = {
  protocol: PROTOCOL_VERSION,
  image_ref: "registry.fly.io/shop:one",
  fingerprint: "abc",
  release_sha256: DIGEST,
  main: "main.ts",
  files: { "main.ts": DIGEST },
  config: { "deno.json": DIGEST },
  locked: { "npm:x@1": "1.0.0" },
  loaded: ["app.ts"],
  live: { "main.ts": ["app.ts"] },
  plain: { "app.ts": ["b.ts"] },
  accepted: { "app.ts": ["b.ts"] },
  declined: { "c.ts": "why" },
  external: ["npm:x"],
  holders: { counter: { version: 1, module: "app.ts" } },
};

interface Sample {
  readonly name: string;
  readonly at: string;
  readonly parse: (value: unknown) => unknown;
  readonly record: object;
  /** Fields that may be left out, by their last name. */
  readonly optional?: readonly string[];
}

const SAMPLES: readonly Sample[] = [
  {
    name: "parsePointer()",
    at: "pointer",
    // Entries that would be set aside count as refused.
    parse: (value) =>
      parsePointer(value, {
        warn: (text) => {
          throw new ProtocolError(text);
        },
      }),
    record: POINTER,
    optional: [
      "lineage",
      "message",
      "commit",
      "probation_ms",
      "consent",
      "rollback_of",
      "signature",
      // Derived from the URL where an older version has written none.
      "key",
    ],
  },
  {
    name: "parseMachineResult()",
    at: "result",
    parse: parseMachineResult,
    record: RESULT,
  },
  {
    name: "parseDeployLock()",
    at: "lock",
    parse: parseDeployLock,
    record: LOCK,
  },
  {
    name: "parseMachineInfo()",
    at: "info",
    parse: parseMachineInfo,
    optional: ["retainedBudgetExceeded", "memory"],
    record: INFO,
  },
  {
    name: "parseManifest()",
    at: "manifest",
    parse: parseManifest,
    record: MANIFEST,
    optional: ["locked"],
  },
  {
    name: "parseRunningManifest()",
    at: "running manifest",
    parse: parseRunningManifest,
    record: RUNNING,
    optional: ["locked", "accepted", "declined"],
  },
];

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Every place in a record: its path, and how to change it. */
function* places(
  value: unknown,
  path: readonly string[] = [],
): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    yield* places(entry, [...path, key]);
  }
}

function changed(
  record: object,
  path: readonly string[],
  change: (parent: Record<string, unknown>, key: string) => void,
): unknown {
  const copy = structuredClone(record) as Record<string, unknown>;
  let parent = copy;
  for (const key of path.slice(0, -1)) {
    parent = parent[key] as Record<string, unknown>;
  }
  change(parent, path.at(-1)!);
  return copy;
}

for (const { name, at, parse, record, optional = [] } of SAMPLES) {
  Deno.test(`${name} reads what it says, and drops what it does not know`, () => {
    assertEquals(plain(parse(plain(record))), plain(record));
    assertEquals(plain(parse({ ...record, added: 1 })), plain(record));
  });

  Deno.test(`${name} refuses a wrong value in every single place, and names the place`, () => {
    let refused = 0;
    for (const path of places(record)) {
      // Nothing in a record is a function of JSON's: no place takes all of these.
      const wrong = [true, -1, "\0", [[]], { "\0": [] }, null];
      const errors = wrong.flatMap((value) => {
        try {
          parse(changed(record, path, (parent, key) => parent[key] = value));
          return [];
        } catch (error) {
          assert(error instanceof ProtocolError, `${path}: ${error}`);
          return [error.message];
        }
      });
      assert(errors.length >= 4, `${path.join(".")} takes almost anything`);
      for (const message of errors) {
        assert(message.startsWith(`Cannot read ${at}`), message);
      }
      refused += errors.length;
    }
    assert(refused > 20);
  });

  Deno.test(`${name} refuses a record with any field missing`, () => {
    for (const path of places(record)) {
      const last = path.at(-1)!;
      const data = /[./:@-]|^\d+$|^counter$/.test(last);
      if (data || optional.includes(last)) continue;
      const without = changed(
        record,
        path,
        (parent, key) => delete parent[key],
      );
      assertThrows(
        () => parse(without),
        ProtocolError,
        `Cannot read ${at}`,
        path.join("."),
      );
    }
  });

  Deno.test(`${name} refuses what is not a record`, () => {
    for (const value of [null, undefined, [], "", 1, true]) {
      assertThrows(
        () => parse(value),
        ProtocolError,
        `Cannot read ${at}: expected an object`,
      );
    }
  });

  if (!("protocol" in record)) continue;
  Deno.test(`${name} refuses another protocol, and says what to do`, () => {
    for (const protocol of [0, 2, "1", undefined]) {
      assertThrows(
        () => parse({ ...record, protocol }),
        ProtocolError,
        "a newer flyhot wrote this: upgrade flyhot and @flyhot/runtime to the same version",
      );
    }
  });
}

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
