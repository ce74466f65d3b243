import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import {
  browserTest,
  linksOf,
  openPage,
  recordingOf,
  until,
  untilItLooks,
} from "./browser.ts";
import { Site, STREAM } from "./site.ts";

const BLUE = {
  "static/app.css":
    "body { background-color: rgb(220, 235, 255); min-height: 5000px; }",
};
const GREEN = {
  "static/theme.3f9a2c1d.css": null,
  "static/theme.77b0e54a.css": "h1 { color: rgb(0, 110, 0); }",
  "names.ts": `export const theme = "theme.77b0e54a.css";`,
};
const OLD_LINKS = ["/static/app.css", "/static/theme.3f9a2c1d.css"];
const NEW_LINKS = ["/static/app.css", "/static/theme.77b0e54a.css"];
const OLD_LOOK = "rgb(255, 230, 230) rgb(150, 0, 0)";
const NEW_LOOK = "rgb(220, 235, 255) rgb(0, 110, 0)";

const words = (text: string) => ({
  "words.ts": `export const words = "${text}";`,
});

/** What the page should be told of the code that runs now. */
async function now({ app }: Site): Promise<unknown> {
  const { fingerprint } = await app.info();
  return { version: "direct", fingerprint };
}

/** Upgrades once, so that the page is known to have been greeted; returns what it was told. */
async function aVersionLater(site: Site, page: Page): Promise<unknown> {
  await site.app.upgrade(words("Other words"));
  await until(page, `recording.versions.length === 1`);
  return await now(site);
}

browserTest(
  "an upgrade of modules alone swaps no stylesheet, and tells the window of the version",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    const result = await site.app.upgrade(words("Other words"));
    assert(result.state === "applied");
    await until(page, `recording.versions.length === 1`);
    assertEquals((await recordingOf(page)).versions, [await now(site)]);
    assertEquals(await linksOf(page), OLD_LINKS);
    for (const path of OLD_LINKS) assertEquals(await site.count(path), 1);
  },
);

browserTest(
  "an upgrade that is refused changes nothing on the page",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    const before = await page.innerHTML("body");
    const refused = await site.app.upgrade({
      ...BLUE,
      "words.ts": `throw new Error("this does not load");`,
    });
    assertEquals(refused.state, "failed");
    // Messages come in order: with the next one, all before it have been here.
    await site.app.upgrade({
      "static/app.css": "body { min-height: 5000px; }",
      ...words("Other words"),
    });
    const after = "rgba(0, 0, 0, 0) rgb(150, 0, 0)";
    await untilItLooks(page, after);
    const { versions, looks } = await recordingOf(page);
    assertEquals(versions, [await now(site)]);
    assertEquals(looks, [OLD_LOOK, after]);
    assertEquals(await site.count("/static/app.css"), 2);
    assertEquals(await page.innerHTML("body"), before);
  },
);

browserTest(
  "a page whose stream was cut during an upgrade catches up when it connects again",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    const before = await aVersionLater(site, page);
    await site.app.call("hold", STREAM);
    await site.app.call("cut");
    await site.askedFor(STREAM, 2);
    await site.app.upgrade({ ...GREEN, ...BLUE });
    assertEquals((await recordingOf(page)).looks, [OLD_LOOK]);
    await site.app.call("release", STREAM);
    await untilItLooks(page, NEW_LOOK);
    assertEquals(await linksOf(page), NEW_LINKS);
    assertEquals((await recordingOf(page)).versions, [
      before,
      await now(site),
    ]);
  },
);

browserTest(
  "a page whose stream was refused for a while connects again, too",
  async (browser) => {
    await using site = await Site.start();
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    const before = await aVersionLater(site, page);
    await site.app.call("refuse", STREAM, 503);
    await site.app.call("cut");
    await site.askedFor(STREAM, 2);
    await site.app.upgrade({ ...GREEN, ...BLUE });
    await site.app.call("allow", STREAM);
    await untilItLooks(page, NEW_LOOK);
    assertEquals(await linksOf(page), NEW_LINKS);
    assertEquals((await recordingOf(page)).versions, [
      before,
      await now(site),
    ]);
  },
);

browserTest(
  "a page made before an upgrade that connects after it gets the new stylesheets",
  async (browser) => {
    await using site = await Site.start();
    await site.app.call("hold", STREAM);
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    await site.app.upgrade({ ...GREEN, ...BLUE });
    await site.app.call("release", STREAM);
    await untilItLooks(page, NEW_LOOK);
    assertEquals(await linksOf(page), NEW_LINKS);
    assertEquals(
      (await recordingOf(page)).versions,
      [],
      "for what was there before it connected it need not be told",
    );
  },
);

browserTest(
  "a page that is opened while code is on trial is made by the old code, and looks like it when that is taken out",
  async (browser) => {
    await using site = await Site.start({
      "settings.ts": `
export const started = Promise.withResolvers<void>();
export const trial = Promise.withResolvers<boolean>();
export const settings = {
  health: () => {
    started.resolve();
    return trial.promise;
  },
};
`,
      "app.ts": `
import { started, trial } from "./settings.ts";
export * from "./server.ts";
export const untilTried = () => started.promise;
export const fail = () => trial.resolve(false);
`,
    });
    const upgrade = site.app.upgrade({ ...GREEN, ...BLUE });
    upgrade.catch(() => {});
    await site.app.call("untilTried");
    const page = await openPage(browser, site.url);
    await site.askedFor(STREAM);
    // Until health has passed, nobody from outside meets the new code.
    assertEquals(await linksOf(page), OLD_LINKS);
    await site.app.call("fail");
    assertEquals((await upgrade).state, "failed");
    await untilItLooks(page, OLD_LOOK);
  },
);
