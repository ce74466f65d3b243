/** What upgrades do to those who use an app meanwhile: an upgrade every two seconds under HTTP and WebSockets, beside the
 * same app without upgrades, which gets the same load in turns.
 * @module
 */
import { join } from "@std/path";
import type { Bench, BenchSize } from "../figure.ts";
import { LoadClients } from "./load_clients.ts";
import { UpgradedApp } from "./loaded_app.ts";
import { median, quantile, withFolder } from "../measuring.ts";

const EVERY_MS = 2_000;
const SOCKETS = 1_000;
const CONNECTIONS = 8;

async function* figures({ tiny, seconds }: BenchSize) {
  const sockets = tiny ? 10 : SOCKETS;
  // One upgrade a turn, and turns as short as that: other work on the computer meets both alike.
  const turnMs = tiny ? 300 : EVERY_MS;
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
    const pairs: { readonly p99: number; readonly rate: number }[] = [];
    const [calmCpu, upgradedCpu] = [calm.cpuMs, upgraded.cpuMs];
    for (let turn = 0; turn < turns; turn++) {
      const seen: Record<string, Seen> = {};
      const sides = {
        calm: () => loaded(still, turnMs),
        upgraded: () => loaded(under, turnMs, () => upgraded.upgrade()),
      };
      const order = turn % 2 === 0
        ? ["calm", "upgraded"] as const
        : ["upgraded", "calm"] as const;
      for (const side of order) seen[side] = await sides[side]();
      pairs.push({
        p99: seen.upgraded!.p99 / seen.calm!.p99,
        rate: seen.upgraded!.rate / seen.calm!.rate,
      });
    }
    // What was sent last is answered.
    await new Promise((done) => setTimeout(done, 500));
    const perRequest = (cpuMs: number, { latencies }: LoadClients) =>
      cpuMs / latencies.length * 1000;
    const computed = {
      still: perRequest(calm.cpuMs - calmCpu, still),
      under: perRequest(upgraded.cpuMs - upgradedCpu, under),
    };
    const alone = await aloneCost(upgraded, tiny ? 1 : 10);
    const p99 = (clients: LoadClients) => quantile(clients.latencies, 0.99);
    const rate = ({ latencies, loadedMs }: LoadClients) =>
      latencies.length / loadedMs * 1000;
    const during = `${turns} upgrades`;
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
        value: median(pairs.map((pair) => pair.p99)),
        unit: "x",
        goal: { atMost: 1.3 },
        note: `the middle of ${turns} pairs of turns; of all, ${
          p99(under).toFixed(2)
        } ms beside ${p99(still).toFixed(2)} ms`,
      },
      {
        name: "throughput",
        value: median(pairs.map((pair) => pair.rate)),
        unit: "x",
        goal: { atLeast: 0.97 },
        note: `likewise; of all, ${
          rate(under).toFixed(0)
        } requests a second beside ${rate(still).toFixed(0)}`,
      },
      {
        name: "computed for a request, upgrades included",
        value: computed.under / computed.still,
        unit: "x",
        note: `${computed.under.toFixed(1)} µs beside ${
          computed.still.toFixed(1)
        } µs, of the app's process alone`,
      },
      {
        name: "computed for an upgrade, without load",
        value: alone.cpuMs,
        unit: "ms",
        note: `${
          (alone.cpuMs / EVERY_MS * 100).toFixed(1)
        } % of a core every 2 s; the longest wait for a turn ${
          alone.longestMs.toFixed(1)
        } ms, ${alone.calmMs.toFixed(1)} ms without upgrades`,
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

interface Seen {
  readonly p99: number;
  /** Requests a second. */
  readonly rate: number;
}

/** Loads an app for a turn, while something else is done. */
async function loaded(
  clients: LoadClients,
  ms: number,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<Seen> {
  const { latencies, loadedMs } = clients;
  const asked = latencies.length;
  await Promise.all([clients.load(ms, CONNECTIONS), meanwhile()]);
  const own = latencies.slice(asked);
  return {
    p99: quantile(own, 0.99),
    rate: own.length / (clients.loadedMs - loadedMs) * 1000,
  };
}

/** What an upgrade costs an app of which nobody asks anything. */
async function aloneCost(app: UpgradedApp, rounds: number) {
  const calm: number[] = [];
  const during: number[] = [];
  let cpuMs = 0;
  for (let round = 0; round < rounds; round++) {
    await app.longestTurn();
    await new Promise((done) => setTimeout(done, 300));
    calm.push(await app.longestTurn());
    const before = app.cpuMs;
    await app.upgrade();
    cpuMs += app.cpuMs - before;
    during.push(await app.longestTurn());
  }
  return {
    cpuMs: cpuMs / rounds,
    calmMs: median(calm),
    longestMs: median(during),
  };
}

/** What upgrades do to those who use an app. */
export const bench: Bench = {
  about: "an upgrade every 2 s under HTTP and 1,000 WebSockets",
  run: figures,
};
