/** Health checks of a machine, asked over HTTP.
 * @module
 */
import { withDeadline } from "../../../base/deadline.ts";
import { sleep } from "../../../base/sleep.ts";
import { isListening } from "../../computer/ports.ts";
import { durationMs } from "../../durations.ts";
import type {
  CheckConfig,
  CheckStatus,
  MachineConfig,
} from "../records/machine_types.ts";

/** One check, ready to be asked. */
interface Check {
  readonly name: string;
  /** What to ask for; null to only connect. */
  readonly path: string | null;
  /** How to ask. */
  readonly method: string;
  /** The pause after a good answer, in milliseconds. */
  readonly intervalMs: number;
}

const INTERVAL_MS = 15_000;
const INTERVAL_MS_MIN = 1_000;
// A machine that comes up is asked more often than Fly would, because nobody likes to wait for a rehearsal.
const INTERVAL_MS_FAILING = 100;
const ANSWER_MS_MAX = 2_000;

/** The checks that a configuration names: those of its services, then its own. */
export function checksOf(config: MachineConfig): Check[] {
  const ofServices = (config.services ?? []).flatMap((service) =>
    (service.checks ?? []).map((check, i) =>
      toCheck(
        `servicecheck-${String(i).padStart(2, "0")}-${check.type ?? "tcp"}-${
          service.internal_port ?? check.port ?? 0
        }`,
        check,
      )
    )
  );
  const own = Object.entries(config.checks ?? {}).map(([name, check]) =>
    toCheck(name, check)
  );
  return [...ofServices, ...own];
}

function toCheck(name: string, check: CheckConfig): Check {
  const interval = durationMs(check.interval, "ns") ?? INTERVAL_MS;
  return {
    name,
    path: check.type === "http" ? check.path ?? "/" : null,
    method: (check.method ?? "GET").toUpperCase(),
    intervalMs: Math.max(interval, INTERVAL_MS_MIN),
  };
}

/** Asks all checks again and again until it is told to end. */
export async function watchChecks(
  checks: readonly Check[],
  base: string,
  report: (status: CheckStatus) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(checks.map(async (check) => {
    while (!signal.aborted) {
      const { passing, output } = await ask(check, base, signal);
      if (signal.aborted) return;
      report({
        name: check.name,
        status: passing ? "passing" : "critical",
        output,
        updated_at: new Date().toISOString(),
      });
      const pause = passing ? check.intervalMs : INTERVAL_MS_FAILING;
      await sleep(pause, signal).catch(() => {});
    }
  }));
}

async function ask(
  check: Check,
  base: string,
  signal: AbortSignal,
): Promise<{ passing: boolean; output: string }> {
  if (check.path === null) return await connect(base);
  const late = () => new Error(`no answer within ${ANSWER_MS_MAX} ms`);
  const url = new URL(check.path, base);
  const statusOf = async (signal: AbortSignal) => {
    const response = await fetch(url, {
      method: check.method,
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
    return response.status;
  };
  try {
    const status = await withDeadline(ANSWER_MS_MAX, late, statusOf, signal);
    return {
      passing: status >= 200 && status < 300,
      output: `HTTP ${check.method} ${check.path}: ${status}`,
    };
  } catch {
    return { passing: false, output: "connect: connection refused" };
  }
}

async function connect(
  base: string,
): Promise<{ passing: boolean; output: string }> {
  const { hostname, port } = new URL(base);
  return await isListening(hostname, Number(port))
    ? { passing: true, output: "Success" }
    : { passing: false, output: "connect: connection refused" };
}

/** Asks a machine again and again until the answer is good; null once the answer was good, else what the last try met. */
export async function pollUntilGood(
  base: string,
  path: string | null,
  isGood: (status: number) => boolean,
  signal: AbortSignal,
): Promise<string | null> {
  let met = "nothing answers";
  while (!signal.aborted) {
    try {
      if (path === null) {
        if ((await connect(base)).passing) return null;
        throw new Error("connection refused");
      }
      const url = new URL(path, base);
      const response = await fetch(url, { redirect: "manual", signal });
      await response.body?.cancel();
      if (isGood(response.status)) return null;
      met = `it answers ${response.status}`;
    } catch (error) {
      if (!signal.aborted && error instanceof Error) {
        met = `it cannot be reached (${error.message})`;
      }
    }
    await sleep(POLL_MS, signal).catch(() => {});
  }
  return met;
}

const POLL_MS = 20;
