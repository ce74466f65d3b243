import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { editToVersion2, writeVersion1 } from "../../scripts/demo/versions.ts";
import { runCli } from "../support/programs/run_cli.ts";
import { browserTest, openPage, until } from "./browser.ts";

browserTest(
  "the counter goes on counting over the same WebSocket when flyhot brings the next version",
  async (browser) => {
    const folder = await Deno.makeTempDir({ prefix: "flyhot-counter-" });
    await using sandbox = await startSandbox({
      secrets: { FLYHOT_PROBATION_MS: "200" },
      app: "counter",
      regions: ["iad"],
    });
    try {
      const app = join(folder, "counter");
      await writeVersion1(app);
      const { machines: [machine] } = await sandbox.deploy(app);
      const page = await openPage(browser, machine!.url);
      await until(page, `document.title === "Counter"`);
      const shows = (count: number) =>
        until(
          page,
          `document.querySelector("#count").textContent === "${count}"`,
        );
      await shows(0);
      for (const count of [1, 2, 3]) {
        await page.click("#more");
        await shows(count);
      }
      await page.evaluate(`
        globalThis.mark = socket;
        globalThis.losses = 0;
        socket.addEventListener("close", () => losses++);
      `);

      await editToVersion2(app);
      const hot = await runCli(["hot", "--local"], sandbox.env, app);
      assertEquals(hot.code, 0, hot.stderr);
      await until(
        page,
        `document.querySelector("#said").textContent === "Welcome, SOCKET"`,
      );
      await page.click("#more");
      await shows(4);
      assertEquals(
        await page.evaluate(`[mark === socket, socket.readyState, losses]`),
        [true, 1, 0],
        "the page and its socket are those of before",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
