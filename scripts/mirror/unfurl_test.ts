import { assertEquals } from "@std/assert";
import { resolveBare, unfurl } from "./unfurl.ts";

const bare = new Map([
  ["@std/cli", "jsr:@std/cli@1.0.32"],
  ["@std/cli/own", "jsr:@other/own@1"],
  ["@flyhot/runtime", "jsr:@flyhot/runtime@^0.1.0"],
  ["aws4fetch", "npm:aws4fetch@1.0.20"],
]);

Deno.test("resolveBare() keeps the path behind a bare name", () => {
  const cases = {
    "@std/cli": "jsr:@std/cli@1.0.32",
    "@std/cli/parse-args": "jsr:@std/cli@1.0.32/parse-args",
    "@std/cli/own/x": "jsr:@other/own@1/x",
    "@flyhot/runtime/protocol": "jsr:@flyhot/runtime@^0.1.0/protocol",
    "aws4fetch": "npm:aws4fetch@1.0.20",
  };
  for (const [specifier, full] of Object.entries(cases)) {
    assertEquals(resolveBare(specifier, bare), full);
  }
});

Deno.test("resolveBare() leaves every other specifier alone", () => {
  for (
    const specifier of [
      "./a.ts",
      "../cli/b.ts",
      "node:path",
      "jsr:@std/cli@1",
      "@std/client",
      "aws4fetcher",
    ]
  ) {
    assertEquals(resolveBare(specifier, bare), specifier);
  }
});

Deno.test("unfurl() rewrites imports and nothing else", () => {
  assertEquals(
    unfurl(
      `// from "aws4fetch"
import { AwsClient } from "aws4fetch";
import { x } from "./x.ts";
export { y } from "@flyhot/runtime/protocol"; // y
const sample = 'import { live } from "@flyhot/runtime";';
`,
      bare,
    ),
    `// from "aws4fetch"
import { AwsClient } from "npm:aws4fetch@1.0.20";
import { x } from "./x.ts";
export { y } from "jsr:@flyhot/runtime@^0.1.0/protocol"; // y
const sample = 'import { live } from "@flyhot/runtime";';
`,
  );
});
