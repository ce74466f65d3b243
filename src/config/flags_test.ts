import { assertEquals, assertThrows } from "@std/assert";
import { FlyhotError } from "../errors.ts";
import { readFlags } from "./flags.ts";

const SPECS = [
  {
    name: "config",
    type: "string",
    short: "c",
    value: "path",
    description: "",
  },
  { name: "skip-build", type: "boolean", description: "" },
  { name: "build-arg", type: "string", repeatable: true, description: "" },
  {
    name: "timeout",
    type: "integer",
    min: 1,
    value: "seconds",
    description: "",
  },
] as const;

function refusal(args: readonly string[]): FlyhotError {
  const error = assertThrows(() => readFlags(args, SPECS), FlyhotError);
  assertEquals(error.code, "usage");
  return error;
}

Deno.test("readFlags() reads every type, short forms, inline values and words", () => {
  const { flags, words } = readFlags([
    "-c",
    "fly-staging.toml",
    "app",
    "--skip-build",
    "--build-arg",
    "A=1",
    "--build-arg=B=--x",
    "--timeout=30",
    "--",
    "--not-a-flag",
  ], SPECS);
  assertEquals(flags, {
    "config": "fly-staging.toml",
    "skip-build": true,
    "build-arg": ["A=1", "B=--x"],
    "timeout": 30,
  });
  assertEquals(words, ["app", "--not-a-flag"]);
});

Deno.test("readFlags() leaves what is not given undefined, false or empty", () => {
  assertEquals(readFlags([], SPECS).flags, {
    "config": undefined,
    "skip-build": false,
    "build-arg": [],
    "timeout": undefined,
  });
});

Deno.test("readFlags() refuses an unknown flag and suggests the nearest", () => {
  const error = refusal(["--skipbuild"]);
  assertEquals(error.message, "Cannot read --skipbuild: no such flag");
  assertEquals(error.hint, "did you mean --skip-build?");
  assertEquals(
    refusal(["--zzz"]).hint,
    "see --help for the flags of this command",
  );
  assertEquals(refusal(["-x"]).message, "Cannot read -x: no such flag");
});

Deno.test("readFlags() refuses a missing value, whatever follows", () => {
  assertEquals(
    refusal(["--config"]).message,
    "Cannot read --config: its value is missing",
  );
  const swallowed = refusal(["--config", "--skip-build"]);
  assertEquals(
    swallowed.message,
    'Cannot read --config: its value is missing, "--skip-build" looks like another flag',
  );
  assertEquals(
    swallowed.hint,
    "write --config <path>, or --config=--skip-build if meant",
  );
  assertEquals(
    refusal(["--config="]).message,
    "Cannot read --config: its value is missing",
  );
});

Deno.test("readFlags() refuses a value for a boolean and a value given twice", () => {
  assertEquals(
    refusal(["--skip-build=no"]).message,
    "Cannot read --skip-build=no: the flag takes no value",
  );
  assertEquals(
    refusal(["-c", "a", "--config", "b"]).message,
    "Cannot read --config: it is given more than once",
  );
});

Deno.test("readFlags() refuses what is not a whole number in range", () => {
  for (const value of ["soon", "1.5", "0", "1e3", "99999999999"]) {
    assertEquals(
      refusal([`--timeout=${value}`]).message,
      `Cannot read --timeout: expected a whole number of at least 1, found "${value}"`,
    );
  }
});

Deno.test("readFlags() takes a number that may be left out, and nothing else in its place", () => {
  const specs = [
    { name: "watch", type: "integer", min: 1, bare: 5, description: "" },
    { name: "json", type: "boolean", description: "" },
  ] as const;
  const read = (...args: string[]) => {
    const { flags, words } = readFlags(args, specs);
    return [flags.watch, flags.json, words];
  };
  assertEquals(read(), [undefined, false, []]);
  assertEquals(read("--watch"), [5, false, []]);
  assertEquals(read("--watch", "--json"), [5, true, []]);
  assertEquals(read("--watch", "2", "3"), [2, false, ["3"]]);
  assertEquals(read("--watch=7", "8"), [7, false, ["8"]]);
  assertEquals(read("--watch", "my-app"), [5, false, ["my-app"]]);
  assertEquals(read("--watch", "--", "2"), [5, false, ["2"]]);
  for (
    const [args, message] of [
      [
        ["--watch=soon"],
        'Cannot read --watch: expected a whole number of at least 1, found "soon"',
      ],
      [
        ["--watch", "0"],
        'Cannot read --watch: expected a whole number of at least 1, found "0"',
      ],
      [
        ["--watch", "--watch"],
        "Cannot read --watch: it is given more than once",
      ],
    ] as const
  ) {
    const error = assertThrows(() => readFlags(args, specs), FlyhotError);
    assertEquals([error.code, error.message], ["usage", message]);
  }
});
