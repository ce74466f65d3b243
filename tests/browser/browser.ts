/** Tests in a real browser.
 * @module
 */
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WAIT_MS_MAX = 10_000;

/**
 * Looks for a Chromium on the search path.
 *
 * @param path the search path
 * @returns the executable, or null where there is none
 */
export function findBrowser(path: string): string | null {
  for (const folder of path.split(delimiter)) {
    for (const name of NAMES) {
      const file = join(folder, name);
      try {
        if (Deno.statSync(file).isFile) return file;
      } catch {
        continue;
      }
    }
  }
  return null;
}

const executable = findBrowser(Deno.env.get("PATH") ?? "");

/**
 * Registers a test that needs a browser. Where there is none it counts as skipped, and its name says why.
 *
 * @param name what it proves
 * @param test gets a browser of its own, which starts while the test prepares what it needs
 */
export function browserTest(
  name: string,
  test: (browser: Promise<Browser>) => Promise<void>,
): void {
  Deno.test({
    name: executable === null ? `${name} (skipped: no browser)` : name,
    ignore: executable === null,
    async fn() {
      const browser = chromium.launch({
        executablePath: executable!,
        // Browsers refuse to be confined by themselves when root starts them.
        chromiumSandbox: false,
        args: ARGUMENTS,
      });
      // Whoever waits for it is told.
      browser.catch(() => {});
      try {
        await test(browser);
      } finally {
        await (await browser).close();
      }
    },
  });
}

/**
 * Opens a page and begins to record what upgrades do to it.
 *
 * @param browser the browser
 * @param url the page's URL
 * @returns the page
 */
export async function openPage(
  browser: Promise<Browser>,
  url: string,
): Promise<Page> {
  const page = await (await browser).newPage();
  page.setDefaultTimeout(WAIT_MS_MAX);
  await page.addInitScript(RECORDER);
  await page.goto(url);
  return page;
}

/** What a page has recorded since it was opened. */
export interface Recording {
  /** The details of the `flyhot:version` events. */
  readonly versions: readonly unknown[];
  /** Every pair of colors, background and heading, that the page has had, oldest first. */
  readonly looks: readonly string[];
}

/**
 * Waits until an expression holds in the page, looking in every frame.
 *
 * @param page the page
 * @param expression JavaScript
 */
export async function until(page: Page, expression: string): Promise<void> {
  // Not waitForFunction(), which a strict content security policy keeps from polling.
  const held = await page.evaluate(`new Promise((resolve) => {
    const end = performance.now() + ${WAIT_MS_MAX};
    const look = () => {
      if (${expression}) resolve(true);
      else if (performance.now() > end) resolve(false);
      else requestAnimationFrame(look);
    };
    look();
  })`);
  if (held) return;
  const state = JSON.stringify({
    ...await recordingOf(page),
    links: await linksOf(page),
  });
  throw new Error(`The page never came to ${expression}: ${state}`);
}

/**
 * Waits until the page has the colors, and no stylesheet is on its way any more.
 *
 * @param page the page, with two stylesheets
 * @param look the colors, as in {@linkcode Recording}
 */
export async function untilItLooks(page: Page, look: string): Promise<void> {
  await until(
    page,
    `recording.looks.at(-1) === "${look}" && document.querySelectorAll("link[rel=stylesheet]").length === 2`,
  );
}

/** The paths of the stylesheets that the page links. */
export async function linksOf(page: Page): Promise<string[]> {
  return await page.evaluate(
    `[...document.querySelectorAll("link[rel=stylesheet]")].map((link) => new URL(link.href).pathname)`,
  ) as string[];
}

/** What a page has recorded since it was opened; after a reload it has forgotten all of it. */
export async function recordingOf(page: Page): Promise<Recording> {
  return await page.evaluate("recording") as Recording;
}

// Looks at the colors in every frame, and in the turn in which the head has changed.
const RECORDER = `
globalThis.recording = { versions: [], looks: [] };
addEventListener("flyhot:version", ({ detail }) => recording.versions.push(detail));
addEventListener("load", () => {
  const look = () => {
    const now = getComputedStyle(document.body).backgroundColor + " " + getComputedStyle(document.querySelector("h1")).color;
    if (recording.looks.at(-1) !== now) recording.looks.push(now);
  };
  const everyFrame = () => { look(); requestAnimationFrame(everyFrame); };
  everyFrame();
  new MutationObserver(look).observe(document.head, { childList: true, attributes: true, subtree: true });
});
`;
