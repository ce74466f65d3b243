import { assertStringIncludes } from "@std/assert";
import {
  concat,
  gzip,
  manifestEntry,
  manifestOf,
  releaseOf,
  sha256,
  tar,
  tarEntry,
} from "../../../tests/support/archives/tar.ts";
import { refused, release } from "./unpack_fixture_test.ts";

// Manifest against files

Deno.test("unpack() refuses a file that the manifest does not name, inherited members too", async () => {
  for (const path of ["evil.ts", "toString", "constructor", "__proto__"]) {
    const error = await refused({
      entries: release({}, { path, content: "evil" }),
    });
    assertStringIncludes(
      error.message,
      `Cannot unpack "${path}" from `,
    );
    assertStringIncludes(error.message, ": flyhot.json does not name it");
  }
});

Deno.test("unpack() refuses an archive that lacks a file which the manifest names", async () => {
  const error = await refused({ entries: release({ "gone.ts": "gone" }) });
  assertStringIncludes(
    error.message,
    'flyhot.json names "gone.ts", which is not there',
  );
});

Deno.test("unpack() does not take one spelling of a name for another that is missing", async () => {
  for (
    const missing of ["APP.ts", "flyhot.json", "FLYHOT.JSON", "app.ts\u0301"]
  ) {
    const error = await refused({ entries: release({ [missing]: "x" }) });
    assertStringIncludes(
      error.message,
      `flyhot.json names "${missing}", which is not there`,
    );
  }
});

Deno.test("unpack() refuses content with another digest or another length", async () => {
  const cases: [string, string][] = [
    ["axp", "its SHA-256 is "],
    ["ap", "it has 2 bytes, not the 3 that flyhot.json says"],
    ["appp", "it has 4 bytes, not the 3 that flyhot.json says"],
    ["", "it has 0 bytes, not the 3 that flyhot.json says"],
  ];
  for (const [content, message] of cases) {
    const error = await refused({
      entries: [
        manifestEntry(manifestOf({ "app.ts": "app" })),
        { path: "app.ts", content },
      ],
    });
    assertStringIncludes(error.message, 'Cannot unpack "app.ts"');
    assertStringIncludes(error.message, message);
  }
  const digest = await refused({
    entries: [
      manifestEntry(manifestOf({ "app.ts": "app" })),
      { path: "app.ts", content: "axp" },
    ],
  });
  assertStringIncludes(digest.message, sha256("axp"));
  assertStringIncludes(digest.message, sha256("app"));
});

Deno.test("unpack() refuses a manifest that does not come first, or not at all", async () => {
  const app = { path: "app.ts", content: "app" };
  const late = await refused({
    entries: [app, manifestEntry(manifestOf({ "app.ts": "app" }))],
  });
  assertStringIncludes(late.message, "flyhot.json must come first");
  const none = await refused({ entries: [app] });
  assertStringIncludes(none.message, "flyhot.json must come first");
  const nested = await refused({
    entries: [{
      ...manifestEntry(manifestOf({})),
      path: "release/flyhot.json",
    }],
  });
  assertStringIncludes(nested.message, "flyhot.json must come first");
  const upper = await refused({
    entries: [{ ...manifestEntry(manifestOf({})), path: "FLYHOT.json" }],
  });
  assertStringIncludes(upper.message, "flyhot.json must come first");
});

Deno.test("unpack() refuses a manifest that is none", async () => {
  const cases: [string | Uint8Array, string][] = [
    ["", "Cannot read flyhot.json: it is not JSON"],
    ["{ cut", "Cannot read flyhot.json: it is not JSON"],
    ["null", "Cannot read manifest: expected an object"],
    ["[]", "Cannot read manifest: expected an object"],
    ["{}", "Cannot read manifest."],
    [
      JSON.stringify(manifestOf({}, { protocol: 2 })),
      "Cannot read manifest.protocol",
    ],
    [
      JSON.stringify(manifestOf({}, { files: { "a": { size: -1 } } })),
      "Cannot read manifest.files",
    ],
    [new Uint8Array([0xff, 0xfe, 0x00]), "it is not JSON"],
  ];
  for (const [content, message] of cases) {
    const error = await refused({
      entries: [{ path: "flyhot.json", content }],
    });
    assertStringIncludes(error.message, message);
  }
});

// Damage

Deno.test("unpack() refuses an archive that is empty, cut or not compressed", async () => {
  const whole = releaseOf({ "app.ts": "x".repeat(5000), "b.ts": "b" });
  const plain = tar(release({}));
  const cases: Record<string, Uint8Array<ArrayBuffer>> = {
    "no byte": new Uint8Array(),
    "an empty gzip": gzip(new Uint8Array()),
    "no gzip": plain,
    "text": new TextEncoder().encode("<html>404 Not Found</html>"),
    "half of the gzip header": whole.slice(0, 5),
    "half of the gzip": whole.slice(0, whole.length / 2),
    // Not a missing gzip trailer: every file is there then and has its digest, and nobody may read that far.
    "a broken gzip": whole.map((byte, at) => at === 60 ? byte ^ 0xff : byte),
    "half a header": gzip(plain.slice(0, 300)),
    "a manifest cut": gzip(plain.slice(0, 600)),
    "a file cut": gzip(
      concat([
        tarEntry(manifestEntry(manifestOf({ "app.ts": "x".repeat(2000) }))),
        tarEntry({ path: "app.ts", content: "x".repeat(2000) }).slice(0, 1000),
      ]),
    ),
    "no end": gzip(
      concat(release({}).map(tarEntry)),
    ),
    "a wrong checksum": gzip(
      tar(release({}, { path: "b.ts", checksumOff: 1 })),
    ),
  };
  for (const [damage, bytes] of Object.entries(cases)) {
    const error = await refused({ bytes, what: damage });
    assertStringIncludes(error.message, "Cannot unpack ", damage);
  }
});

Deno.test("unpack() refuses an archive that is empty, and says so", async () => {
  const error = await refused({ entries: [] });
  assertStringIncludes(error.message, "it is empty");
});

Deno.test("unpack() refuses sizes that are not whole numbers", async () => {
  for (const rawSize of ["-0000000001 ", "nonsense    ", "99999999999 "]) {
    await refused({
      entries: release({ "b.ts": "" }, { path: "b.ts", rawSize }),
    });
  }
});
