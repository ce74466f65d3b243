import { assertEquals } from "@std/assert";
import { compileFailure } from "./binary.ts";

const TARGET = "aarch64-apple-darwin";
const STUB =
  "https://dl.deno.land/release/v2.9.6/denort-aarch64-apple-darwin.zip";
const BEFORE = `Compile flyhot.js to flyhot\nDownload ${STUB}\n`;

Deno.test("compileFailure() says in one sentence that the runtime cannot be downloaded, and from where", () => {
  const error = compileFailure(
    TARGET,
    1,
    `${BEFORE}error: Writing deno compile executable to temporary file 'flyhot.tmp-1'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (${STUB}): client error (Connect): dns error: failed to lookup address information: Name or service not known
    2: client error (Connect)
    3: dns error
    4: failed to lookup address information: Name or service not known

Stack backtrace:
   0: <unknown>
`,
  );
  assertEquals([error.code, error.exitCode], ["network", 6]);
  assertEquals(
    error.message,
    `Cannot compile for ${TARGET}: Deno's runtime for it cannot be had from ${STUB} (failed to lookup address information: Name or service not known)`,
  );
  assertEquals(
    error.hint,
    "try where that host can be reached, or set DENORT_BIN to a denort of this version; deno task compile --check proves everything else",
  );
});

Deno.test("compileFailure() does not blame the download for what went wrong after it", () => {
  const error = compileFailure(
    TARGET,
    1,
    `${BEFORE}error: Writing deno compile executable to temporary file 'flyhot.tmp-1'

Caused by:
    0: Writing binary bytes
    1: Invalid object: Not an ELF file
`,
  );
  assertEquals([error.code, error.exitCode], ["unexpected", 1]);
  assertEquals(
    error.message,
    `Cannot compile for ${TARGET}: deno compile ended with 1 (error: Writing deno compile executable to temporary file 'flyhot.tmp-1' Caused by: 0: Writing binary bytes 1: Invalid object: Not an ELF file)`,
  );
});
