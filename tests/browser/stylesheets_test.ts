import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import {
  browserTest,
  linksOf,
  openPage,
  recordingOf,
  until,
  untilItLooks,
} from "./browser.ts";
import { sampleApp } from "../support/driven_app.ts";
import { Site, STREAM } from "./site.ts";

const RED_ON_PINK = "rgb(255, 230, 230) rgb(150, 0, 0)";
const RED_ON_BLUE = "rgb(220, 235, 255) rgb(150, 0, 0)";
const GREEN_ON_PINK = "rgb(255, 230, 230) rgb(0, 110, 0)";
const GREEN_ON_BLUE = "rgb(220, 235, 255) rgb(0, 110, 0)";

const APP = "static/app.css";
const BLUE =
  "body { background-color: rgb(220, 235, 255); min-height: 5000px; }";
const YELLOW =
  "body { background-color: rgb(255, 255, 220); min-height: 5000px; }";
const THEME = "static/theme.3f9a2c1d.css";
const NEW_THEME = "static/theme.77b0e54a.css";
const GREEN = "h1 { color: rgb(0, 110, 0); }";
const RENAMED = {
  [THEME]: null,
  [NEW_THEME]: GREEN,
  "names.ts": `export const theme = "theme.77b0e54a.css";`,
};

/** Types, scrolls and leaves a mark: what a reload would lose. */
async function use(page: Page): Promise<void> {
  await page.fill("input", "half a sentence");
  await page.evaluate("scrollTo(0, 1234); globalThis.mark = 1;");
}

/** What is left of the use. */
async function traces(page: Page): Promise<unknown> {
  return await page.evaluate(
    `({ mark: globalThis.mark, scrolled: scrollY, typed: document.querySelector("input").value })`,
  );
}

const KEPT = { mark: 1, scrolled: 1234, typed: "half a sentence" };

browserTest(
  "a changed stylesheet is swapped in the open page, which keeps everything else",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await use(page);
    await site.askedFor(STREAM);
    await site.app.call("hold", `/${APP}`);
    assertEquals((await site.app.upgrade({ [APP]: BLUE })).state, "applied");

    await site.askedFor(`/${APP}`, 2);
    assertEquals(await linksOf(page), [`/${APP}`, `/${APP}`, `/${THEME}`]);
    assertEquals(
      (await recordingOf(page)).looks,
      [RED_ON_PINK],
      "the old style stays while the new one loads",
    );
    await site.app.call("release", `/${APP}`);
    await untilItLooks(page, RED_ON_BLUE);
    assertEquals(await linksOf(page), [`/${APP}`, `/${THEME}`]);
    assertEquals((await recordingOf(page)).looks, [RED_ON_PINK, RED_ON_BLUE]);
    assertEquals(await traces(page), KEPT);
  },
);

browserTest(
  "a stylesheet with another hash in its name takes the place of the old one, which is still served",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await use(page);
    await site.askedFor(STREAM);
    assertEquals((await site.app.upgrade(RENAMED)).state, "applied");

    await untilItLooks(page, GREEN_ON_PINK);
    assertEquals(await linksOf(page), [`/${APP}`, `/${NEW_THEME}`]);
    assertEquals((await recordingOf(page)).looks, [RED_ON_PINK, GREEN_ON_PINK]);
    assertEquals(await traces(page), KEPT);
    assertStringIncludes(await site.text("/"), `href="/${NEW_THEME}"`);
    assertStringIncludes(await site.text(THEME), "rgb(150, 0, 0)");

    // Now from release to release, and back to a name that was there before.
    await site.app.upgrade({
      [NEW_THEME]: null,
      [THEME]: "h1 { color: rgb(150, 0, 0); }",
      "names.ts": `export const theme = "theme.3f9a2c1d.css";`,
    });
    await untilItLooks(page, RED_ON_PINK);
    assertEquals(await linksOf(page), [`/${APP}`, `/${THEME}`]);
    assertStringIncludes(await site.text(NEW_THEME), "rgb(0, 110, 0)");
    assertEquals(await traces(page), KEPT);
  },
);

browserTest(
  "an upgrade while a stylesheet still loads leaves the newest one, once",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    await site.app.call("hold", `/${APP}`);
    await site.app.upgrade({ [APP]: YELLOW });
    await site.askedFor(`/${APP}`, 2);
    await site.app.upgrade({ [APP]: BLUE });
    await site.askedFor(`/${APP}`, 3);
    await site.app.call("release", `/${APP}`);
    await untilItLooks(page, RED_ON_BLUE);
    assertEquals(await linksOf(page), [`/${APP}`, `/${THEME}`]);
    assertEquals((await recordingOf(page)).looks, [RED_ON_PINK, RED_ON_BLUE]);
  },
);

browserTest(
  "a stylesheet that cannot be had leaves the old one, and is asked for again",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    await site.app.call("refuse", `/${NEW_THEME}`, 404);
    await site.app.upgrade(RENAMED);
    await site.askedFor(`/${NEW_THEME}`, 1);
    await until(page, `recording.versions.length === 1`);
    assertEquals((await recordingOf(page)).looks, [RED_ON_PINK]);
    await site.app.call("allow", `/${NEW_THEME}`);
    await untilItLooks(page, GREEN_ON_PINK);
    assertEquals(await linksOf(page), [`/${APP}`, `/${NEW_THEME}`]);
    assertEquals((await recordingOf(page)).looks, [RED_ON_PINK, GREEN_ON_PINK]);
  },
);

browserTest(
  "a page with a strict content security policy and a nonce follows upgrades too",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, new URL("/strict", site.url).href);
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    await use(page);
    await site.askedFor(STREAM);
    await site.app.upgrade({ ...RENAMED, [APP]: BLUE });
    await untilItLooks(page, GREEN_ON_BLUE);
    assertEquals(await linksOf(page), [`/${APP}`, `/${NEW_THEME}`]);
    assertEquals(await traces(page), KEPT);
    assertEquals(complaints, []);
  },
);

browserTest(
  "a stylesheet with an integrity digest is swapped as well",
  async (browser) => {
    const text = await Deno.readTextFile(sampleApp("site") + APP);
    const digest = new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
    );
    const pages = await Deno.readTextFile(sampleApp("site") + "pages.ts");
    await using site = await Site.start({
      "pages.ts": pages.replace(
        `href="/${APP}"`,
        `$& integrity="sha256-${digest.toBase64()}"`,
      ),
    });
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    await site.app.upgrade({ [APP]: BLUE });
    await untilItLooks(page, RED_ON_BLUE);
    assertEquals((await recordingOf(page)).looks, [RED_ON_PINK, RED_ON_BLUE]);
  },
);
