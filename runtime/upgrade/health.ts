/** The health checks that decide whether new code stays.
 * @module
 */
import { AbortController } from "../base/platform/globals.ts";
import { errorText } from "../base/error_text.ts";
import { within } from "../base/waiting/deadline.ts";
import { natives } from "../base/platform/natives.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import { generations, type Pass } from "../modules/generations.ts";
import type { HealthCheck, HealthContext } from "../process/health_checks.ts";
import type { ServiceCheck } from "../protocol/manifest/manifest.ts";
import { runPassingGates } from "../state/cells/holder_cell.ts";

export type { HealthCheck, HealthContext } from "../process/health_checks.ts";

/** One check, and how messages call it. */
export interface NamedCheck {
  /** Whose check it is, for messages. */
  readonly name: string;
  /** The check. */
  readonly check: HealthCheck;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Runs health checks one after the other; what they call meets the new code, and suspended holders. Throws if one
 * throws, returns false or takes too long.
 */
export async function runChecks(
  checks: readonly NamedCheck[],
  context: Omit<HealthContext, "signal">,
): Promise<void> {
  for (const check of checks) await runCheck(check, context);
}

async function runCheck(
  { name, check, timeoutMs }: NamedCheck,
  context: Omit<HealthContext, "signal">,
): Promise<void> {
  const abort = new AbortController();
  const pass: Pass = { ended: false };
  const over = Promise.withResolvers<void>();
  let verdict: unknown;
  try {
    verdict = await within(
      timeoutMs,
      () =>
        generations.inCheck(pass, () =>
          // Over with the deadline, so that a check which hangs keeps no right to suspended state.
          runPassingGates(() =>
            Promise.race([
              check({ ...context, signal: abort.signal }),
              over.promise,
            ])
          )),
      () => new Error(`it did not answer within ${timeoutMs} ms`),
    );
  } catch (cause) {
    const why = errorText(cause);
    throw failed(name, context.version, why, cause);
  } finally {
    pass.ended = true;
    over.resolve();
    abort.abort();
  }
  if (verdict === false) {
    throw failed(name, context.version, "it returned false");
  }
}

function failed(
  name: string,
  version: string,
  why: string,
  cause?: unknown,
): UpgradeError {
  return new UpgradeError(
    "health",
    `The health check of ${version}${name} failed: ${why}`,
    { cause },
  );
}

/** The HTTP checks of `fly.toml` as health checks: each asks this process's own server. */
export function serviceChecks(
  checks: readonly ServiceCheck[],
  listensOn: (port: number) => boolean,
): NamedCheck[] {
  return checks.filter(({ port }) => listensOn(port)).map((service) => ({
    name:
      ` (${service.method} ${service.path} on port ${service.port}, from fly.toml)`,
    timeoutMs: service.timeoutMs,
    check: ({ signal }) => ask(service, signal),
  }));
}

async function ask(
  { port, path, method, headers }: ServiceCheck,
  signal: AbortSignal,
): Promise<void> {
  // The global one, which knows the check again at the server.
  const response = await globalThis.fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: new natives.Headers({ ...headers }),
    redirect: "manual",
    signal,
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

/** Finds the checks that fail for the code that runs now: what is broken already says nothing about new code. */
export async function passingNow(
  checks: readonly NamedCheck[],
  context: Omit<HealthContext, "signal">,
): Promise<NamedCheck[]> {
  const outcomes = await Promise.all(checks.map(async (named) => {
    const { check, timeoutMs } = named;
    const abort = new AbortController();
    try {
      await within(
        timeoutMs,
        () => check({ ...context, signal: abort.signal }),
        () => new Error("late"),
      );
      return [named];
    } catch {
      return [];
    } finally {
      abort.abort();
    }
  }));
  return outcomes.flat();
}
