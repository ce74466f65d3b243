import { assertEquals } from "@std/assert";
import { judgePackageAccess, type StartedAs } from "./package_access.ts";

function why(
  command: string,
  other: Partial<Omit<StartedAs, "args">> = {},
): string | undefined {
  return judgePackageAccess({
    args: command.split(" "),
    denoJson: null,
    hasPackageJson: false,
    readOnly: null,
    ...other,
  }).why;
}

Deno.test("packages come in, unless the process was started so that they cannot", () => {
  assertEquals(why("deno run -A main.ts"), undefined);
  assertEquals(
    why("deno run -A --frozen main.ts"),
    "was started with --frozen",
  );
  assertEquals(why("deno run -A --frozen=false main.ts"), undefined);
  assertEquals(
    why("deno run --cached-only -A main.ts"),
    "was started with --cached-only",
  );
  assertEquals(why("deno --no-npm main.ts"), "was started with --no-npm");
  assertEquals(
    why("deno run --node-modules-dir=manual main.ts"),
    `runs with "nodeModulesDir": "manual"`,
  );
  assertEquals(
    why("deno run main.ts", { readOnly: "/deno-dir" }),
    "cannot write /deno-dir, where packages go",
  );
});

Deno.test("options of the app are not options of Deno", () => {
  assertEquals(why("deno run -A main.ts --frozen"), undefined);
  assertEquals(
    why(
      "deno run -A --preload jsr:@flyhot/runtime/preload main.ts --cached-only",
    ),
    undefined,
  );
  assertEquals(
    why("deno run --preload p.ts --frozen main.ts"),
    "was started with --frozen",
  );
});

Deno.test("what deno.json says, and what the command line says against it", () => {
  const frozen = { denoJson: `{ "lock": { "frozen": true } }` };
  const said = `runs with "lock": { "frozen": true } in deno.json`;
  assertEquals(why("deno run main.ts", frozen), said);
  assertEquals(why("deno run --frozen=false main.ts", frozen), undefined);
  assertEquals(why("deno run --no-lock main.ts", frozen), undefined);
  const manual = { denoJson: `{ // c\n "nodeModulesDir": "manual" }` };
  assertEquals(
    why("deno run main.ts", manual),
    `runs with "nodeModulesDir": "manual"`,
  );
  assertEquals(why("deno run --node-modules-dir main.ts", manual), undefined);
  for (const mode of [`"none"`, `"auto"`, "true", "false"]) {
    assertEquals(
      why("deno run main.ts", {
        denoJson: `{ "nodeModulesDir": ${mode} }`,
        hasPackageJson: true,
      }),
      undefined,
      mode,
    );
  }
  assertEquals(
    why("deno run main.ts", { hasPackageJson: true })?.startsWith(
      "runs with a package.json",
    ),
    true,
  );
});
