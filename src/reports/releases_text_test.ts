import { assertEquals, assertStringIncludes } from "@std/assert";
import type { HotUpgrade, Pointer } from "@flyhot/runtime/protocol";
import { releasesReport, releasesText } from "./releases_text.ts";

function upgrade(id: string, overrides: Partial<HotUpgrade> = {}): HotUpgrade {
  return {
    id,
    version: "1.0.0",
    source_image_ref: "local:abc",
    key: "releases/a.tar.gz",
    tarball_url: "https://s3.example/b/releases/a.tar.gz",
    sha256: "a".repeat(64),
    size: 48_213,
    deployed_at: "2026-01-15T10:30:00.000Z",
    deployed_by: "ann@example.com",
    state: "committed",
    wave: "*",
    ...overrides,
  };
}

function pointer(): Pointer {
  const old = {
    image_ref: "registry.fly.io/a:deployment-01A",
    first_seen: "2026-01-01T00:00:00.000Z",
    hot_upgrade: null,
    history: [],
  };
  const current = upgrade("3", { version: "base", size: 0, rollback_of: "2" });
  const recent = {
    image_ref: "registry.fly.io/a:deployment-01B",
    first_seen: "2026-01-02T00:00:00.000Z",
    hot_upgrade: current,
    history: [
      upgrade("2", { version: "2.0.0", state: "rolled_back" }),
      upgrade("1"),
    ],
  };
  return {
    protocol: 1,
    app: "a",
    revision: 4,
    set_at: "2026-01-16T00:00:00.000Z",
    image_ref: recent.image_ref,
    hot_upgrade: current,
    generations: { [old.image_ref]: old, [recent.image_ref]: recent },
  };
}

Deno.test("releasesReport() lists base images and their upgrades, the newest first", () => {
  const { generations } = releasesReport("a", pointer());
  assertEquals(
    generations.map(({ image_ref, upgrades }) => [
      image_ref,
      upgrades.map((
        { id, current, state, rollback_of },
      ) => [id, current, state, rollback_of]),
    ]),
    [
      ["registry.fly.io/a:deployment-01B", [
        ["3", true, "committed", "2"],
        ["2", false, "rolled_back", null],
        ["1", false, "committed", null],
      ]],
      ["registry.fly.io/a:deployment-01A", []],
    ],
  );
});

Deno.test("releasesText() marks the current one and says where there is nothing", () => {
  const text = releasesText(releasesReport("a", pointer()));
  assertStringIncludes(text, "Base image deployment-01B");
  assertStringIncludes(text, "*  base   committed (undid 2)");
  assertStringIncludes(text, "2.0.0  rolled back");
  assertStringIncludes(text, "48.2 kB");
  assertStringIncludes(text, "no hot upgrades: its machines run it as it is");
  assertStringIncludes(
    releasesText(releasesReport("a", null)),
    "a has no hot upgrades",
  );
});

Deno.test("T17: releasesText() tells releases of one version apart by commit or files, and message", () => {
  const it = pointer();
  const [image] = Object.keys(it.generations).slice(-1);
  const told = {
    ...it.generations[image!]!,
    hot_upgrade: upgrade("3", {
      commit: "3f9a2c1d".repeat(5),
      message: `Greet guests, ${"and more ".repeat(20)}`,
    }),
    history: [
      upgrade("2", {
        source_image_ref: "local:9a62813c30da-dirty",
        message: "two\nlines",
      }),
      upgrade("1", { source_image_ref: "registry.fly.io/a:deployment-01A" }),
    ],
  };
  const report = releasesReport("a", {
    ...it,
    generations: { [image!]: told },
  });
  const { upgrades: [newest] } = report.generations[0]!;
  assertEquals(newest?.commit, "3f9a2c1d".repeat(5));
  const [, first = "", second = "", third = ""] = releasesText(report)
    .split("\n");
  assertStringIncludes(
    first,
    "3  3f9a2c1                   Greet guests, and more",
  );
  assertEquals(first.endsWith("…"), true, first);
  // Files that no commit holds are told apart by their digest.
  assertStringIncludes(second, "2  local:9a62813c30da-dirty  two");
  assertEquals(third.endsWith("1  -"), true, third);
});

Deno.test("releasesText() lets no text of the bucket draw rows or colors", () => {
  const evil = "1.0\n  *  9.9  committed\x1b[2K\u202e";
  const it = pointer();
  const [image] = Object.keys(it.generations).slice(-1);
  const forged = {
    ...it.generations[image!]!,
    hot_upgrade: upgrade("3", { version: evil, deployed_by: evil, id: evil }),
  };
  const report = releasesReport("a", {
    ...it,
    generations: { [image!]: forged },
  });
  const text = releasesText(report);
  assertEquals(text.split("\n").length, 5, text);
  // deno-lint-ignore no-control-regex -- they are what must not be there
  assertEquals(/[\x1b\u202e]/.test(text), false);
});
