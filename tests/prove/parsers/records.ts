/** The parsers of records: what programs write into the bucket and onto lines for each other.
 * @module
 */
import { parseListing, parseS3Error } from "../../../runtime/bucket/s3_xml.ts";
import { parseDeployLock } from "../../../runtime/protocol/deploy_lock.ts";
import { parseMachineInfo } from "../../../runtime/protocol/machine/machine_info.ts";
import { parseMachineResult } from "../../../runtime/protocol/machine/machine_result.ts";
import {
  parseManifest,
  parseRunningManifest,
} from "../../../runtime/protocol/manifest/manifest.ts";
import {
  parsePointer,
  pointerRecord,
} from "../../../runtime/protocol/pointer.ts";
import {
  parseEventLine,
  parseSignAnswer,
} from "../../../src/orchestrator/events_file.ts";
import { parseTask } from "../../../src/orchestrator/task.ts";
import { JSON_WORDS, type Target } from "./target.ts";

const SHA = "a".repeat(64);
const TIME = "2026-01-02T03:04:05.000Z";
const IMAGE = "registry.fly.io/shop:one";

const UPGRADE = {
  id: "01A",
  version: "1",
  source_image_ref: IMAGE,
  key: "releases/shop-1-aaaaaaaaaaaa.tar.gz",
  tarball_url: "https://h/b/releases/shop-1-aaaaaaaaaaaa.tar.gz",
  sha256: SHA,
  size: 1,
  deployed_at: TIME,
  deployed_by: "ann",
  state: "committed",
  wave: ["m1"],
};

const json = (parse: (value: unknown) => unknown) => (text: string) => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  return parse(value);
};

/** The parsers of what programs write for each other, by name. */
export const RECORDS: Readonly<Record<string, Target>> = {
  "S3 listing": {
    parse: parseListing,
    sample:
      `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken><Contents><Key>a&amp;b</Key><Size>1</Size><ETag>"e"</ETag><LastModified>${TIME}</LastModified></Contents></ListBucketResult>`,
    words: [
      "<Contents>",
      "</Contents>",
      "<Key>",
      "</Key>",
      "<ListBucketResult>",
      "&amp;",
      "&#1",
      "&#x",
      "1",
      ";",
      "<",
      ">",
      "&",
      "<Size>",
      "<IsTruncated>",
    ],
  },
  "S3 error": {
    parse: parseS3Error,
    sample: "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>",
    words: [
      "<Code>",
      "</Code>",
      "<Message>",
      "</Message>",
      "&#",
      "9",
      ";",
      "<",
      "&quot;",
    ],
  },
  pointer: {
    parse: json((value) => pointerRecord(parsePointer(value), "L")),
    sample: JSON.stringify({
      protocol: 1,
      app: "shop",
      lineage: "L",
      revision: 1,
      set_at: TIME,
      image_ref: IMAGE,
      hot_upgrade: UPGRADE,
      generations: {
        [IMAGE]: {
          image_ref: IMAGE,
          first_seen: TIME,
          hot_upgrade: UPGRADE,
          history: [UPGRADE],
        },
      },
    }),
    words: JSON_WORDS,
  },
  lock: {
    parse: json(parseDeployLock),
    sample: JSON.stringify({
      protocol: 1,
      state: "held",
      owner: "o",
      holder: "h",
      purpose: "p",
      acquired_at: TIME,
      renewed_at: TIME,
      expires_at: TIME,
    }),
    words: JSON_WORDS,
  },
  manifest: {
    parse: json(parseManifest),
    sample: JSON.stringify({
      protocol: 1,
      app: "shop",
      version: "1",
      source_image_ref: IMAGE,
      entries: ["main.ts"],
      files: { "main.ts": { sha256: SHA, size: 1, kind: "module" } },
      modules: { "main.ts": { static: [], dynamic: [], external: [] } },
      config: {},
      locked: {},
    }),
    words: JSON_WORDS,
  },
  "running manifest": {
    parse: json(parseRunningManifest),
    sample: JSON.stringify({
      protocol: 1,
      image_ref: IMAGE,
      fingerprint: "f",
      release_sha256: null,
      main: "main.ts",
      files: {},
      config: {},
      loaded: [],
      live: {},
      plain: {},
      external: [],
      holders: { a: { version: 1, module: "a.ts" } },
    }),
    words: JSON_WORDS,
  },
  result: {
    parse: json(parseMachineResult),
    sample: JSON.stringify({
      protocol: 1,
      upgrade_id: "1",
      machine_id: "m",
      region: "r",
      image_ref: IMAGE,
      state: "applied",
      version: "1",
      started_at: TIME,
      ended_at: TIME,
      fingerprint: "f",
      reloaded: [],
      modules: 1,
      holders: [],
      suspend_ms: 1,
      total_ms: 1,
      at_boot: false,
      failure: null,
    }),
    words: JSON_WORDS,
  },
  info: {
    parse: json(parseMachineInfo),
    sample: JSON.stringify({
      hotUpgradeApplied: false,
      currentImageRef: IMAGE,
      fingerprint: "f",
      upgrades: 0,
      retainedModules: 0,
      retainedBytes: 0,
      pid: 1,
      startedAt: TIME,
      lastUpgradeId: null,
    }),
    words: JSON_WORDS,
  },
  "event lines": {
    parse: parseEventLine,
    sample: '{"type":"end","exit_code":0,"error":{"message":"m"}}',
    words: [...JSON_WORDS, '"type":', '"sign"', '"files":'],
  },
  "signing answers": {
    parse: parseSignAnswer,
    sample: JSON.stringify({
      signature: {
        key: "0".repeat(16),
        ed25519: new Uint8Array(64).toBase64(),
      },
    }),
    words: JSON_WORDS,
  },
  task: {
    parse: parseTask,
    sample: '{"task":1,"app":"a"}',
    words: JSON_WORDS,
  },
};
