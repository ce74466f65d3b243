// deno-lint-ignore-file no-console -- it reports to the test that runs it
// Unpacks a release and prints by how much memory grew and how long the event loop stood still at the most.

import { unpack } from "../unpack/unpack.ts";

const [tarball, folder] = Deno.args as [string, string];
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
let why: string | null = null;
const from = performance.now();
try {
  await unpack(tarball, folder, new AbortController().signal);
} catch (error) {
  why = (error as Error).message;
}
const ms = performance.now() - from;
clearInterval(timer);
console.log(JSON.stringify({ why, rss, gap, ms }));
