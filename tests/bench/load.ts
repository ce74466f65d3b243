/** What upgrades do to those who use an app meanwhile: an upgrade every two seconds under HTTP and WebSockets, beside the
 * same app without upgrades, which gets the same load in turns.
 * @module
 */
import { join } from "@std/path";
import type { Bench, BenchSize } from "./figure.ts";
import { LoadClients } from "./load_clients.ts";
import { UpgradedApp } from "./loaded_app.ts";
import { quantile, withFolder } from "./measuring.ts";

const EVERY_MS = 2_000;
const TURN_MS = 3 * EVERY_MS;
const SOCKETS = 1_000;
const CONNECTIONS = 8;

async function* figures({ tiny, seconds }: BenchSize) {
  const sockets = tiny ? 10 : SOCKETS;
  const everyMs = tiny ? 300 : EVERY_MS;
  const turnMs = tiny ? 300 : TURN_MS;
  const turns = tiny ? 1 : Math.max(1, Math.round(seconds * 1000 / turnMs));
  yield* await withFolder(async (folder) => {
    await using calm = await UpgradedApp.start(join(folder, "calm"));
    await using upgraded = await UpgradedApp.start(join(folder, "upgraded"));
    await using still = new LoadClients(calm.port);
    await using under = new LoadClients(upgraded.port);
    await still.open(sockets);
    await under.open(sockets);
    // What is compiled when it is first used is not what is compared.
    await still.load(turnMs / 3, CONNECTIONS);
    await under.load(turnMs / 3, CONNECTIONS);
    still.latencies.length = under.latencies.length = 0;
    still.loadedMs = under.loadedMs = 0;
    let upgrades = 0;
    for (let turn = 0; turn < turns; turn++) {
      await still.load(turnMs, CONNECTIONS);
      const load = under.load(turnMs, CONNECTIONS);
      const from = performance.now();
      for (let at = 0; at < turnMs; at += everyMs) {
        const early = from + at - performance.now();
        if (early > 0) await new Promise((done) => setTimeout(done, early));
        await upgraded.upgrade();
        upgrades++;
      }
      await load;
    }
    // What was sent last is answered.
    await new Promise((done) => setTimeout(done, 500));
    const p99 = (clients: LoadClients) => quantile(clients.latencies, 0.99);
    const rate = ({ latencies, loadedMs }: LoadClients) =>
      latencies.length / loadedMs * 1000;
    const during = `${upgrades} upgrades`;
    return [
      {
        name: "requests without an answer",
        value: under.failed + still.failed,
        unit: `of ${under.latencies.length}`,
        goal: { atMost: 0 },
        note: during,
      },
      {
        name: "WebSockets dropped",
        value: under.dropped + still.dropped,
        unit: `of ${sockets}`,
        goal: { atMost: 0 },
        note: `${under.sent - under.answered} of ${under.sent} messages lost`,
      },
      {
        name: "99th percentile of latency",
        value: p99(under) / p99(still),
        unit: "x",
        goal: { atMost: 1.3 },
        note: `${p99(under).toFixed(2)} ms beside ${p99(still).toFixed(2)} ms`,
      },
      {
        name: "throughput",
        value: rate(under) / rate(still),
        unit: "x",
        goal: { atLeast: 0.97 },
        note: `${rate(under).toFixed(0)} requests a second beside ${
          rate(still).toFixed(0)
        }`,
      },
      {
        name: "longest wait of a request",
        value: quantile(under.latencies, 1),
        unit: "ms",
        note: `${quantile(still.latencies, 1).toFixed(1)} ms without upgrades`,
      },
    ];
  });
}

/** What upgrades do to those who use an app. */
export const bench: Bench = {
  about: "an upgrade every 2 s under HTTP and 1,000 WebSockets",
  run: figures,
};
