import { assertEquals, assertStringIncludes } from "@std/assert";
import { cannotLay, gitAbove, mayLayFiles, mayLayPath } from "./lay_rules.ts";

Deno.test("mayLayFiles() says yes only on a machine without a .git above", () => {
  const machine = {
    imageRef: "registry.fly.io/app:deployment-1",
    root: "/app",
    gitAbove: null,
  };
  assertEquals(mayLayFiles(machine), { ok: true });
  const cases: [Partial<Parameters<typeof mayLayFiles>[0]>, string][] = [
    [{ imageRef: null }, "FLY_IMAGE_REF is not set"],
    [{ imageRef: "" }, "FLY_IMAGE_REF is not set"],
    [{ imageRef: "  " }, "FLY_IMAGE_REF is not set"],
    [{ gitAbove: "/app" }, "there is a .git in /app"],
    [{ gitAbove: "/" }, "there is a .git in /"],
  ];
  for (const [place, why] of cases) {
    const answer = mayLayFiles({ ...machine, ...place });
    assertEquals(answer.ok, false);
    assertStringIncludes(answer.ok ? "" : answer.why, why);
    assertStringIncludes(answer.ok ? "" : answer.why, "over /app");
  }
});

Deno.test("gitAbove() finds the nearest folder with a .git, up to the very top", () => {
  const there = (...paths: string[]) => (path: string) => paths.includes(path);
  assertEquals(gitAbove("/a/b", there("/a/b/.git", "/a/.git")), "/a/b");
  assertEquals(gitAbove("/a/b", there("/a/.git")), "/a");
  assertEquals(gitAbove("/a/b", there("/.git")), "/");
  assertEquals(gitAbove("/", there("/.git")), "/");
  assertEquals(gitAbove("/a/b", there("/a/b/c/.git", "/a/git")), null);
});

Deno.test("mayLayPath() leaves out what Deno and Fly read at start, in any folder", () => {
  const never = [
    "deno.json",
    "deno.jsonc",
    "deno.lock",
    "package.json",
    "import_map.json",
    "import-map.json",
    "importmap.json",
    "Dockerfile",
    "Dockerfile.prod",
    "web.Dockerfile",
    "fly.toml",
    "fly.staging.toml",
  ];
  for (const name of never) {
    assertEquals(mayLayPath(name), false, name);
    assertEquals(mayLayPath(`packages/api/${name}`), false, name);
  }
  for (
    const path of [".git/HEAD", "a/node_modules/b/x.js", ".flyhot/releases/x"]
  ) {
    assertEquals(mayLayPath(path), false, path);
  }
  for (
    const path of [
      "index.html",
      "static/app.css",
      "data/deno.json.txt",
      "my-package.json",
      "butterfly.toml",
      "worker.ts",
      "git/x",
      "deno.json/page.html",
    ]
  ) assertEquals(mayLayPath(path), true, path);
});

Deno.test("mayLayPath() leaves out the import maps that are named, and only those", () => {
  const maps = new Set(["config/paths.json"]);
  assertEquals(mayLayPath("config/paths.json", maps), false);
  assertEquals(mayLayPath("paths.json", maps), true);
});

Deno.test("cannotLay() names the file, the user and the remedy", () => {
  const message = cannotLay(
    "static/a.html",
    "/app/static/a.html",
    { name: "deno", uid: 1993 },
    "Permission denied",
  );
  for (
    const said of [
      "Cannot lay static/a.html over /app/static/a.html",
      "as user deno (uid 1993)",
      "Permission denied",
      "COPY --chown=deno",
    ]
  ) assertStringIncludes(message, said);
  assertStringIncludes(
    cannotLay("a", "/a", { name: null, uid: 7 }, "no"),
    "COPY --chown=7",
  );
});
