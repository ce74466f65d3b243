import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoInfoOf } from "../../../tests/cli/fake_deno_info.ts";
import { VERSION } from "../../version.ts";
import type { Check } from "../../doctor/check.ts";
import { examine } from "./doctor_fixture_test.ts";

const HOT_SERVE = `jsr:@flyhot/runtime@${VERSION}/serve`;

const HOT_PRELOAD = `jsr:@flyhot/runtime@${VERSION}/preload`;

for (
  const [what, files, found] of [
    [
      "an image that starts and fetches the preload",
      {
        "Dockerfile":
          `FROM deno\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [
        ["start", "pass", `Dockerfile:3 starts with ${HOT_PRELOAD}`, null],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "an image that starts a script, with the preload in it",
      {
        "start.sh": `exec deno run -A --preload ${HOT_PRELOAD} main.ts\n`,
        "Dockerfile":
          `FROM deno\nRUN deno cache --no-lock ${HOT_PRELOAD}\nENTRYPOINT ["sh"]\nCMD ["start.sh"]\n`,
      },
      [
        ["start", "pass", `start.sh starts with ${HOT_PRELOAD}`, null],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "an image that takes the repository in",
      {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".dockerignore": "node_modules\n",
        "Dockerfile":
          `FROM deno\nCOPY --chown=deno:deno . .\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [
        ["start", "pass", `Dockerfile:4 starts with ${HOT_PRELOAD}`, null],
        [
          "start",
          "warn",
          "the image holds .git, and where a repository is no changed file can be laid over its place",
          "write .git into .dockerignore, and run fly deploy once",
        ],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "an image that leaves the repository out, or copies something else",
      {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".dockerignore": ".*\n",
        "Dockerfile":
          `FROM deno\nCOPY ./ /app\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [
        ["start", "pass", `Dockerfile:4 starts with ${HOT_PRELOAD}`, null],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "deno serve with the preload, which it ignores",
      {
        "Dockerfile":
          `FROM deno\nCMD ["deno", "serve", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [[
        "start",
        "warn",
        "Dockerfile:2 starts deno serve with --preload, which deno serve ignores: nothing goes hot",
        `start deno run -A ${HOT_SERVE} main.ts`,
      ], ["main_module", "pass", "main.ts starts behind the runtime", null]],
    ],
    [
      "a missing line that fetches it, and node_modules that only others fill",
      {
        "package.json": "{}",
        "deno.json": "{}",
        "Dockerfile":
          `FROM deno\nCMD deno run -A --preload=${HOT_PRELOAD} main.ts\n`,
      },
      [
        ["start", "pass", `Dockerfile:2 starts with ${HOT_PRELOAD}`, null],
        [
          "start",
          "warn",
          `the Dockerfile does not fetch ${HOT_PRELOAD} while the image is built: every machine does when it starts, if it can`,
          `add to the Dockerfile: RUN deno cache --no-lock ${HOT_PRELOAD}`,
        ],
        [
          "start",
          "warn",
          `Deno loads packages only from node_modules here (a package.json, and no other "nodeModulesDir" in deno.json), and the runtime cannot start`,
          `add to deno.json: "nodeModulesDir": "auto"`,
        ],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "a process group with --parallel, in another version",
      {
        "fly.toml":
          'app = "my-app"\n[processes]\nweb = "deno run -A jsr:@flyhot/runtime@0.0.1/serve main.ts --parallel"\n',
        "Dockerfile":
          "FROM deno\nRUN deno cache jsr:@flyhot/runtime@0.0.1/serve\n",
      },
      [
        [
          "start",
          "warn",
          "fly.toml [processes] web has --parallel: each of those processes has state of its own",
          "start one process to a machine",
        ],
        [
          "start",
          "warn",
          `fly.toml [processes] web starts with jsr:@flyhot/runtime@0.0.1/serve, and this is flyhot ${VERSION}`,
          "see what to add with: flyhot init",
        ],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
  ] as const
) {
  Deno.test(`flyhot doctor looks at how the app is started: ${what}`, async () => {
    const { report } = await examine({
      files: {
        "fly.toml": 'app = "my-app"\n',
        "main.ts": "Deno.serve(() => new Response());\n",
        ...files,
      },
    });
    assertEquals(
      report.checks.filter((it: Check) => /start|main|import/.test(it.check))
        .map((it: Check) => [it.check, it.verdict, it.text, it.remedy]),
      found,
    );
  });
}

Deno.test("flyhot doctor tells which modules can be replaced", async () => {
  const files = {
    "fly.toml": 'app = "my-app"\n',
    "main.ts":
      'import { rooms } from "./rooms.ts";\nDeno.serve(() => new Response(String(rooms.set("a", 1).size)));\n',
    "rooms.ts": "export const rooms = new Map<string, number>();\n",
    "Dockerfile":
      `FROM deno\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
  };
  const told = async (denoJson: string) => {
    const all: Record<string, string> = { ...files, "deno.json": denoJson };
    const info = denoInfoOf((path) => Promise.resolve(all[path] ?? null));
    const { report } = await examine({
      files: all,
      fly: (program, args, options) =>
        program === "deno"
          ? info(program, args, options)
          : { stdout: args[0] === "version" ? "fly v0.3.200\n" : "you\n" },
    });
    const [check] = report.checks.filter((it: Check) =>
      it.check === "hot_surface"
    );
    return [check.verdict, check.text];
  };
  assertEquals(
    await told('{ "flyhot": { "keep": ["rooms.ts#rooms"] } }'),
    ["pass", "All 2 modules of main.ts can be replaced while the app runs."],
  );
  const [verdict, text] = await told("{}");
  assertEquals(verdict, "warn");
  assertEquals(
    text.startsWith(
      "1 of 2 modules of main.ts can be replaced while the app runs; not these: rooms.ts:1 rooms: holds state (set() in main.ts:2)",
    ),
    true,
    text,
  );
  // As the plan says it: what the runtime can keep need not become a holder.
  assertStringIncludes(text, '"keep": ["rooms.ts#rooms"] to keep it');
});
