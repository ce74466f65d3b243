import { assertEquals } from "@std/assert";
import {
  foldersBeside,
  modulesUnderRoot,
  releaseRoot,
  underRoot,
} from "./release_root.ts";

Deno.test("a release's root is the folder that holds all that the app reaches", () => {
  assertEquals(releaseRoot("/work/repo/server", ["main.ts", "lib/a.ts"]), {
    above: 0,
    appFolder: "",
  });
  const beside = releaseRoot("/work/repo/server", [
    "main.ts",
    "../shared/x.ts",
  ]);
  assertEquals(beside, { above: 1, appFolder: "server/" });
  assertEquals(underRoot("main.ts", beside), "server/main.ts");
  assertEquals(underRoot("../shared/x.ts", beside), "shared/x.ts");
  const deep = releaseRoot("/repo/apps/web", ["../api/y.ts", "../../lib/x.ts"]);
  assertEquals(deep, { above: 2, appFolder: "apps/web/" });
  assertEquals(
    ["main.ts", "../api/y.ts", "../../lib/x.ts"].map((it) =>
      underRoot(it, deep)
    ),
    ["apps/web/main.ts", "apps/api/y.ts", "lib/x.ts"],
  );
});

Deno.test("edges move with the root, and what leads out of the app stays", () => {
  const root = releaseRoot("/repo/server", ["../shared/x.ts"]);
  assertEquals(
    modulesUnderRoot({
      "main.ts": {
        static: ["../shared/x.ts", "a.ts"],
        dynamic: [],
        external: ["npm:zod@4"],
        specifiers: { "../shared/x.ts": "../shared/x.ts", zod: "npm:zod@4" },
      },
    }, root),
    {
      "server/main.ts": {
        static: ["server/a.ts", "shared/x.ts"],
        dynamic: [],
        external: ["npm:zod@4"],
        specifiers: { "../shared/x.ts": "shared/x.ts", zod: "npm:zod@4" },
      },
    },
  );
});

Deno.test("beside the app come the folders of members, else those under the root", async () => {
  const configured = new Set(["packages/ui/"]);
  assertEquals(
    [
      ...await foldersBeside(
        [
          "packages/ui/src/a.ts",
          "packages/ui/src/deep/b.ts",
          "shared/x/y.ts",
          "top.ts",
        ],
        (folder) => Promise.resolve(configured.has(folder)),
      ),
    ],
    ["packages/ui/", "shared/"],
  );
});
