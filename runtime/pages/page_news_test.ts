import { assertEquals } from "@std/assert";
import { pageNews, pageVersion } from "./page_news.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import { appProcess } from "../process/process.ts";
import {
  environmentWith,
  releaseIn,
  systemState,
} from "../../tests/support/programs/process_state.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";

const IMAGE = "registry.fly.io/site:deployment-1";

Deno.test("pageVersion() has the fingerprint that info() has", async () => {
  using _ = environmentWith("FLY_IMAGE_REF", IMAGE);
  {
    using _ = systemState({ root: "/app" });
    assertEquals(pageVersion(), {
      version: null,
      fingerprint: await fingerprint(IMAGE, null),
    });
  }
  const release = releaseIn("/app/r/1", "2.0.0");
  using _state = systemState({ root: "/app", release });
  assertEquals(pageVersion(), {
    version: "2.0.0",
    fingerprint: await fingerprint(IMAGE, release.sha256),
  });
});

Deno.test("pageNews() names the hashed stylesheets of the release, and those that changed", async () => {
  const release = releaseIn("/app/r/1", "2.0.0", [
    "static/app.css",
    "static/theme.3f9a2c1d.css",
    "static/code.3f9a2c1d.js",
  ]);
  using _ = systemState({ root: "/app", release });
  const { hashed, changed } = await pageNews(["static/app.css", "logo.png"]);
  assertEquals(hashed, ["static/theme.3f9a2c1d.css"]);
  assertEquals(changed, ["static/app.css"]);
  assertEquals((await pageNews(null)).changed, null);
});

Deno.test("pageNews() looks into the base image where no release is in", async () => {
  await using folder = await tempFolder();
  for (const path of ["app.3f9a2c1d.css", "app.css", "app.3f9a2c1d.js"]) {
    await Deno.writeTextFile(folder.join(path), "");
  }
  using _ = systemState({ root: folder.path });
  assertEquals((await pageNews(null)).hashed, ["app.3f9a2c1d.css"]);
});

Deno.test("pageNews() looks nowhere where there will be no upgrade", async () => {
  using _ = systemState({});
  assertEquals((await pageNews(null)).hashed, []);
});

Deno.test("pageNews() has none of a base image that cannot be read, and says so once", async () => {
  await using folder = await tempFolder();
  const warnings: string[] = [];
  using _ = systemState({ root: folder.join("not here") });
  appProcess.logger = {
    info: () => {},
    warn: (text) => void warnings.push(text),
    error: () => {},
  };
  for (const _ of [1, 2]) assertEquals((await pageNews(null)).hashed, []);
  assertEquals(warnings.length, 1);
  assertEquals(
    warnings[0]?.startsWith(
      `open pages will not find renamed stylesheets: Cannot list ${appProcess.root}: `,
    ),
    true,
    warnings[0],
  );
});
