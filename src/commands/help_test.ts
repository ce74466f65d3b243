import { assert, assertEquals } from "@std/assert";
import { helpText, overviewText } from "./help.ts";

const SOURCE = {
  name: "hot",
  summary: "Upgrade the running machines",
  description: ["word ".repeat(30).trim()],
  argument: { name: "folder", description: "The folder" },
  flags: [
    {
      name: "config",
      type: "string",
      short: "c",
      value: "path",
      description:
        "The app's fly.toml, which has a description that does not fit",
      default: "fly.toml",
    },
    { name: "canary", type: "integer", description: "How many" },
    {
      name: "build-arg",
      type: "string",
      repeatable: true,
      description: "A variable",
    },
    { name: "force", type: "boolean", description: "Take over" },
    { name: "watch", type: "integer", bare: 5, description: "Repeat" },
  ],
  examples: [{ title: "All", command: "flyhot hot" }],
} as const;

Deno.test("helpText() reads well in 80 columns", () => {
  assertEquals(
    helpText(SOURCE),
    `Upgrade the running machines.

Usage: flyhot hot [flags] [folder]

word word word word word word word word word word word word word word word word
word word word word word word word word word word word word word word

Argument:
  folder  The folder

Flags:
  -c, --config <path>      The app's fly.toml, which has a description that does
                           not fit (default: fly.toml)
      --canary <number>    How many
      --build-arg <value>  A variable (repeatable)
      --force              Take over
      --watch [number]     Repeat

Examples:
  # All
  flyhot hot`,
  );
});

Deno.test("overviewText() lists commands and exit codes in 80 columns", () => {
  const text = overviewText([{ name: "hot", summary: "Upgrade" }]);
  assert(text.includes("  hot  Upgrade\n"));
  assert(text.includes("8 needs a cold deploy"));
  assert(text.split("\n").every((line) => line.length <= 80));
});
