import { assert, assertEquals, assertThrows } from "@std/assert";
import { type DeployLock, parseDeployLock } from "./deploy_lock.ts";
import { parsePointer } from "./pointer.ts";
import { parseMachineInfo } from "./machine/machine_info.ts";
import { parseMachineResult } from "./machine/machine_result.ts";
import {
  type Manifest,
  parseManifest,
  parseRunningManifest,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "./manifest/manifest.ts";
import { ProtocolError } from "./json/parse.ts";
import {
  DIGEST,
  INFO,
  NOW,
  plain,
  POINTER,
  RESULT,
} from "./records_fixture_test.ts";

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
