// P59, P65, T1: what the image holds besides the release, and releases that fail at their top level, while it is asked.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DrivenApp } from "../../support/driven_app.ts";

const MB = 1e6;
const plugin = (word: string, more = "") =>
  `import { plugins } from "./plugins.ts"; plugins.set("p", "${word}");${more}`;

/** Data of all kinds that no release holds. */
async function fill(root: string): Promise<void> {
  const geo = join(root, "data", "deep");
  await Deno.mkdir(geo, { recursive: true });
  const line = `{"type":"Feature","url":"npm:left-pad@1"},${
    "1.23456,".repeat(120)
  }\n`;
  const chunk = new TextEncoder().encode(line.repeat(1_000));
  for (
    const [path, size] of [
      ["map.geojson", 135 * MB],
      ["import_map.geo.json", 30 * MB],
      ["bundle.js", 30 * MB],
      ["rows.ts", 10 * MB],
    ] as const
  ) {
    using file = await Deno.create(join(geo, path));
    if (/s$/.test(path)) {
      await file.write(new TextEncoder().encode("export default `"));
    }
    for (let at = 0; at < size; at += chunk.byteLength) await file.write(chunk);
    if (/s$/.test(path)) await file.write(new TextEncoder().encode("`;\n"));
  }
  await Deno.symlink(join(geo, "map.geojson"), join(root, "link.json"));
  await Deno.symlink(root, join(geo, "loop"));
  const { success } = await new Deno.Command("mkfifo", {
    args: [join(root, "data", "pipe.ts")],
  }).output();
  assert(success);
  await Deno.writeTextFile(join(root, "notes.txt"), "of the image");
}

Deno.test("P59, P65, T1: data of the image is neither read as text nor missed, and a plugin that throws is never seen", async () => {
  await using app = await DrivenApp.start({
    "settings.ts": `
let last = performance.now();
let gap = 0;
let rss = 0;
setInterval(() => {
  const now = performance.now();
  gap = Math.max(gap, now - last);
  last = now;
  rss = Math.max(rss, Deno.memoryUsage().rss);
}, 1);
const measured = () => {
  const found = [gap, rss, Deno.memoryUsage().rss];
  gap = rss = 0;
  return found;
};
Object.assign(globalThis, { measured });
export const settings = {};`,
    "plugins.ts": `export const plugins = new Map<string, string>();`,
    "plugin.ts": plugin("one"),
    "app.ts": `
import "./plugin.ts";
import { plugins } from "./plugins.ts";
export const read = () => plugins.get("p");
export const measured = () => (globalThis as unknown as { measured(): number[] }).measured();`,
  }, fill);
  const seen = new Set<unknown>();
  let going = true;
  const load = (async () => {
    while (going) {
      seen.add(await app.call("read"));
      await new Promise((done) => setTimeout(done, 1));
    }
  })();
  try {
    await app.call("measured");
    const [, , before] = await app.call("measured") as number[];
    assertEquals((await app.upgrade({})).state, "nothing_to_do");
    for (
      const thrown of [
        `throw new Error();`,
        `await new Promise((done) => setTimeout(done, 50)); throw new Error();`,
        `queueMicrotask(() => { throw new Error("later"); }); await new Promise((done) => setTimeout(done, 5));`,
      ]
    ) {
      const result = await app.upgrade({
        "plugin.ts": plugin("broken", thrown),
      });
      assert(result.state === "failed", thrown);
      assertEquals(result.phase, "load", JSON.stringify(result));
      assertEquals(await app.call("read"), "one");
    }
    const [gap, rss] = await app.call("measured") as [number, number];
    assertEquals([...seen], ["one"]);
    // Read as text it stood still for 3,100 ms and took 172 MB.
    assert(gap < 1_000, `${gap} ms`);
    assert(rss - before! < 130 * MB, `${rss - before!} bytes`);
    const applied = await app.upgrade({ "plugin.ts": plugin("two") });
    assert(applied.state === "applied", JSON.stringify(applied));
    assertEquals(applied.reloaded, ["app.ts", "plugin.ts", "plugins.ts"]);
    assertEquals(await app.call("read"), "two");
    assertEquals((await app.upgrade({})).state, "nothing_to_do");
  } finally {
    going = false;
    await load;
  }
});
