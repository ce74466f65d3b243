/** The parsers of texts: what people write, as configuration and on command lines.
 * @module
 */
import { parseAppConfig as parseRuntimeConfig } from "../../../runtime/machine/app_config.ts";
import { parseImageRef } from "../../../runtime/protocol/image_ref.ts";
import { parseJsonc } from "../../../runtime/protocol/json/jsonc.ts";
import { settingsText } from "../../../runtime/protocol/manifest/manifest.ts";
import { parseDenoJson } from "../../../src/config/files/deno_json.ts";
import { readFlags } from "../../../src/config/flags.ts";
import { parseFlyToml } from "../../../src/config/files/fly_toml.ts";
import { ignoreLines, ignoreTest } from "../../../src/config/ignore.ts";
import { findEntries, scriptsOf } from "../../../src/release/graph/entries.ts";
import { parseAppConfig } from "../../../src/sandbox/deploy/app_config.ts";
import {
  mapCommand,
  splitWords,
} from "../../../src/sandbox/image/command_line.ts";
import { parseDockerfile } from "../../../src/sandbox/image/dockerfile.ts";
import { JSON_WORDS, type Target } from "./target.ts";

const IMAGE = "registry.fly.io/shop:one";
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

/** The parsers of what people write, by name. */
export const TEXTS: Readonly<Record<string, Target>> = {
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
};
