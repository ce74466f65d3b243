/** Every parser of foreign text, thrown at with what nobody meant to write.
 * @module
 */
import { parseListing, parseS3Error } from "../../runtime/bucket/s3_xml.ts";
import { parseAppConfig as parseRuntimeConfig } from "../../runtime/machine/app_config.ts";
import { parseDeployLock } from "../../runtime/protocol/deploy_lock.ts";
import { parseImageRef } from "../../runtime/protocol/image_ref.ts";
import { parseJsonc } from "../../runtime/protocol/json/jsonc.ts";
import { parseMachineInfo } from "../../runtime/protocol/machine/machine_info.ts";
import { parseMachineResult } from "../../runtime/protocol/machine/machine_result.ts";
import {
  parseManifest,
  parseRunningManifest,
  settingsText,
} from "../../runtime/protocol/manifest/manifest.ts";
import { ProtocolError } from "../../runtime/protocol/json/parse.ts";
import { parsePointer, pointerRecord } from "../../runtime/protocol/pointer.ts";
import { parseDenoJson } from "../../src/config/files/deno_json.ts";
import { readFlags } from "../../src/config/flags.ts";
import { parseFlyToml } from "../../src/config/files/fly_toml.ts";
import { ignoreLines, ignoreTest } from "../../src/config/ignore.ts";
import { FlyhotError } from "../../src/errors.ts";
import {
  parseEventLine,
  parseSignAnswer,
} from "../../src/orchestrator/events_file.ts";
import { parseTask } from "../../src/orchestrator/task.ts";
import { findEntries, scriptsOf } from "../../src/release/graph/entries.ts";
import { parseAppConfig } from "../../src/sandbox/image/app_config.ts";
import {
  mapCommand,
  splitWords,
} from "../../src/sandbox/image/command_line.ts";
import { parseDockerfile } from "../../src/sandbox/image/dockerfile.ts";
import { Dice } from "../support/dice.ts";

/** One parser, what it reads when all is well, and what its texts are made of. */
interface Target {
  readonly parse: (text: string) => unknown;
  readonly sample: string;
  readonly words: readonly string[];
}

/** What the run found. */
export interface ParserProof {
  /** How many inputs each parser was given. */
  readonly inputs: number;
  /** How many of them it took, by parser. */
  readonly taken: Readonly<Record<string, number>>;
  /** How much longer a text of 16 times the length took at worst, by parser; 16 is in proportion. */
  readonly growth: Readonly<Record<string, number>>;
}

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

const JSON_WORDS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "null",
  "true",
  "0",
  "-1",
  "1e999",
  "\\",
  "\\u0000",
  '"__proto__"',
  '"a":',
  '"generations":{',
  '"history":[',
  " ",
  "\n",
  "//",
  "/*",
  "*/",
  "\u202e",
];
const SHELL_WORDS = [
  "deno",
  "run",
  "-A",
  "main.ts",
  '"',
  "'",
  "\\",
  " ",
  "\n",
  "&&",
  ";",
  "$",
  "${",
  "}",
  "task",
  "start",
  "/app",
  "--x=",
  "[",
  "]",
  ",",
  "`",
];

const TARGETS: Readonly<Record<string, Target>> = {
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
  JSONC: {
    parse: parseJsonc,
    sample: '{ "a": [1, 2,], // x\n /* y */ "b": {}, }',
    words: JSON_WORDS,
  },
  "deno.json": {
    parse: (
      text,
    ) => [settingsText("deno.json", text), parseRuntimeConfig(text)],
    sample:
      '{ "imports": { "a": "./a.ts" }, "flyhot": { "bucket": "b", "credentials": { "accessKeyId": "K" } } }',
    words: [...JSON_WORDS, '"flyhot":{', '"imports":'],
  },
  "deno.json of the command": {
    parse: (text) => parseDenoJson(text, "deno.json"),
    sample:
      '{ "flyhot": { "entry": "main.ts", "canary": 1, "env": { "A": "b" } } }',
    words: [...JSON_WORDS, '"flyhot":{', '"env":{'],
  },
  "fly.toml": {
    parse: (
      text,
    ) => [parseFlyToml(text, "fly.toml"), parseAppConfig(text, "fly.toml")],
    sample:
      'app = "a"\nprimary_region = "fra"\n[env]\nA = "b"\n[processes]\napp = "deno run main.ts"\n[[services]]\ninternal_port = 1\n',
    words: [
      "[",
      "]",
      "[[",
      "]]",
      "=",
      "\n",
      '"',
      "'",
      '"""',
      "a",
      "env",
      ".",
      "1",
      "2026-01-01",
      "{",
      "}",
      ",",
      "#",
      "\\",
      " ",
    ],
  },
  "fly.json": {
    parse: (
      text,
    ) => [parseFlyToml(text, "fly.json"), parseAppConfig(text, "fly.json")],
    sample: '{ "app": "a", "env": { "A": 1 }, "processes": { "app": "x" } }',
    words: [...JSON_WORDS, '"env":', '"services":'],
  },
  Dockerfile: {
    parse: (text) => parseDockerfile(text, { A: "1" }),
    sample:
      'FROM denoland/deno:2.9.6 AS a\nARG A=1\nENV B=$A C="x y"\nWORKDIR /app\nFROM a\nENTRYPOINT ["deno"]\nCMD ["run", "main.ts"]\n',
    words: [
      "FROM ",
      "ENV ",
      "ARG ",
      "CMD ",
      "WORKDIR ",
      "\n",
      "\\\n",
      " ",
      "A",
      "=",
      "$A",
      "${A",
      "${A:-",
      "}",
      '"',
      "'",
      "\\",
      "#",
      "[",
      "]",
      "/",
      "//",
      "AS ",
    ],
  },
  "Dockerfile of the entries": {
    parse: (text) =>
      findEntries({
        root: "/app",
        denoJson: null,
        flyToml: null,
        dockerfile: text,
        has: (path) => path === "main.ts",
      }),
    sample: 'FROM x\nWORKDIR /app\nCMD ["deno", "run", "/app/main.ts"]\n',
    words: [
      "FROM ",
      "CMD ",
      "WORKDIR ",
      "\n",
      "\\\n",
      " ",
      "#",
      "/",
      "./",
      ...SHELL_WORDS,
    ],
  },
  "command lines": {
    parse: (text) => [
      scriptsOf(text, (name) => name),
      mapCommand(["sh", "-c", text], "/app", "/x"),
      splitWords(text),
    ],
    sample: `deno run -A "main.ts" 'a b' && deno task start`,
    words: SHELL_WORDS,
  },
  flags: {
    parse: (text) =>
      readFlags(text.split(" "), [
        { name: "app", type: "string", description: "", value: "x" },
        { name: "count", type: "integer", min: 1, description: "", value: "x" },
        { name: "force", type: "boolean", description: "" },
      ], []),
    sample: "--app a --count 3 --force",
    words: [
      "--",
      "-",
      "app",
      "count",
      "=",
      " ",
      "1",
      "force",
      "no-",
      "--app=",
      "\0",
      "e9",
    ],
  },
  "ignore rules": {
    parse: (text) => {
      const test = ignoreTest(ignoreLines(text));
      return ["a/b/c.ts", "aaaaaaaaaaaaaaaaaaaaaaaaaaa/b"].map(test);
    },
    sample: "*.md\n!a/**/b\n# x\n[a-c]?.ts\n",
    words: [
      "*",
      "**",
      "**/",
      "/",
      "a",
      "b",
      "?",
      "[",
      "]",
      "!",
      "^",
      "-",
      "\\",
      "\n",
      "#",
      "{",
      "|",
      "(",
      ".",
    ],
  },
  "image references": {
    parse: parseImageRef,
    sample: IMAGE,
    words: ["registry", ":", "/", "@", "sha256:", ".", " ", "a"],
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

/** How long one text may keep a parser, before the growth is looked at: inputs are short. */
const INPUT_LENGTH_MAX = 400;

function input(dice: Dice, { sample, words }: Target): string {
  switch (dice.below(4)) {
    case 0:
      return Array.from(
        { length: dice.below(60) },
        () => dice.pick(words),
      ).join("").slice(0, INPUT_LENGTH_MAX);
    case 1: {
      // A good one, with pieces put in, taken out or doubled.
      let text = sample;
      for (let left = 1 + dice.below(4); left > 0; left--) {
        const at = dice.below(text.length + 1);
        const end = at + dice.below(12);
        const piece = dice.random() < 0.5 ? dice.pick(words) : "";
        text = text.slice(0, at) + piece +
          text.slice(dice.random() < 0.5 ? at : end);
      }
      return text;
    }
    case 2:
      return Array.from(
        { length: dice.below(40) },
        () =>
          String.fromCodePoint(
            dice.below(dice.random() < 0.9 ? 0x180 : 0x110000),
          ),
      ).join("");
    default:
      return sample.slice(0, dice.below(sample.length)) +
        dice.pick(words).repeat(dice.below(40));
  }
}

function isTyped(error: unknown): boolean {
  return error instanceof ProtocolError || error instanceof FlyhotError ||
    error instanceof SyntaxError ||
    // `parseImageRef()` is documented to throw it.
    (error instanceof TypeError &&
      error.message.startsWith("Cannot read the image reference"));
}

function attempt(parse: Target["parse"], text: string, what: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (isTyped(error)) return false;
    throw new Error(
      `${what} on ${JSON.stringify(text.slice(0, 500))}: ${error}`,
      {
        cause: error,
      },
    );
  }
}

const SHORT = 4000;
const GROWTH = 16;

/** How much longer the longer text takes, at worst over what it may be made of. */
function growthOf(what: string, target: Target): number {
  const cost = (text: string) => {
    let best = Infinity;
    for (let time = 0; time < 3; time++) {
      const start = performance.now();
      attempt(target.parse, text, what);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  let worst = 0;
  const pieces = [...target.words, " ", "\n", "a"];
  const starts = ["", target.sample, target.words[0]!];
  for (const piece of pieces) {
    for (const start of starts) {
      const text = (length: number) =>
        start + piece.repeat(Math.ceil(length / piece.length));
      let growth = Infinity;
      // What was in the way the first time is not there each time; what grows by the square is.
      for (let time = 0; time < 5 && growth > 2 * GROWTH; time++) {
        // Times too short to be measured say nothing.
        const short = Math.max(cost(text(SHORT)), 0.3);
        growth = Math.min(growth, cost(text(SHORT * GROWTH)) / short);
      }
      worst = Math.max(worst, growth);
    }
  }
  return worst;
}

/**
 * Gives every parser of foreign text inputs that are decided by seeds: none may throw anything but its own errors, and
 * time must grow with length, not with its square.
 *
 * @param count how many inputs for each parser
 * @param from the first seed
 * @returns what was found
 * @throws {Error} naming parser and input where one throws something else
 */
export function proveParsers(count: number, from = 0): ParserProof {
  const taken: Record<string, number> = {};
  const growth: Record<string, number> = {};
  for (const [what, target] of Object.entries(TARGETS)) {
    if (!attempt(target.parse, target.sample, what) && what !== "task") {
      throw new Error(`${what} refuses its own sample`);
    }
    taken[what] = 0;
    for (let seed = from; seed < from + count; seed++) {
      const text = input(new Dice(seed), target);
      if (attempt(target.parse, text, `${what}, seed ${seed}`)) taken[what]++;
    }
    growth[what] = growthOf(what, target);
  }
  return { inputs: count, taken, growth };
}
