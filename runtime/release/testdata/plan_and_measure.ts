// deno-lint-ignore-file no-console -- it reports to the test that runs it
// Reads the image's files as a plan does and prints memory and the longest stall.
import { AppFiles } from "../app_files.ts";

const files = new AppFiles(Deno.args[0]!);
const before = Deno.memoryUsage().rss;
let rss = 0;
let gap = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  gap = Math.max(gap, now - last);
  last = now;
  rss = Math.max(rss, Deno.memoryUsage().rss - before);
}, 1);
const packages = [...await files.packages()];
const paths = await files.list();
const digests: (string | null)[] = [];
for (const path of paths) digests.push(await files.digest(path));
clearInterval(timer);
console.log(
  JSON.stringify({
    packages,
    count: paths.length,
    last: digests.at(-1),
    rss,
    gap,
  }),
);
