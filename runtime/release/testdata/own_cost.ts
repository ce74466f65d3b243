/** What work costs the process that does it, whatever else the computer does.
 * @module
 */
import process from "node:process";

/** What was measured. */
export interface OwnCost {
  /** By how much memory grew at the most, in bytes. */
  readonly rss: number;
  /** For how long the event loop stood still at the most, in milliseconds in which the process computed. */
  readonly gap: number;
}

/** Measures from now on. */
export function ownCost(): () => OwnCost {
  const before = Deno.memoryUsage().rss;
  let rss = 0;
  let gap = 0;
  let last = performance.now();
  let used = process.cpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(used);
    // A process that waits for the computer computes nothing.
    gap = Math.max(gap, Math.min(now - last, (user + system) / 1000));
    last = now;
    used = process.cpuUsage();
    rss = Math.max(rss, Deno.memoryUsage().rss - before);
  }, 1);
  return () => {
    clearInterval(timer);
    return { rss, gap };
  };
}
