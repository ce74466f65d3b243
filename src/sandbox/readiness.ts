/** Waiting until a machine serves, or until it is over.
 * @module
 */
import { FlyhotError } from "../errors.ts";
import { pollUntilAnswered } from "./health_checks.ts";
import type { Machine } from "./machine.ts";
import { waitFor } from "./wait_for.ts";

/** Options of everything that waits. */
export interface WaitLimits {
  /** How long, in milliseconds. */
  readonly timeoutMs: number;
  /** Gives up early. */
  readonly signal?: AbortSignal;
}

/**
 * Asks a machine over HTTP until it answers anything below 500.
 *
 * @param machine the machine
 * @param path what to ask for
 * @param limits how long
 * @throws {FlyhotError} `incomplete` if its process ends meanwhile, or the time is over
 */
export async function waitUntilAnswering(
  machine: Machine,
  path: string,
  limits: WaitLimits,
): Promise<void> {
  const over = new AbortController();
  const signal = limits.signal
    ? AbortSignal.any([over.signal, limits.signal])
    : over.signal;
  const { pid } = machine;
  const watch = machine.changes.add(() => {
    if (machine.pid !== pid) over.abort();
  });
  if (pid === null) over.abort();
  const timer = setTimeout(() => over.abort(), limits.timeoutMs);
  try {
    const url = new URL(path, machine.url).href;
    const met = await pollUntilAnswered(url, signal);
    limits.signal?.throwIfAborted();
    if (met === null) return;
    const why = machine.pid !== pid || pid === null
      ? `its process ended (${ending(machine)})`
      : `within ${limits.timeoutMs} ms ${met}`;
    throw new FlyhotError(
      "incomplete",
      `Cannot reach machine ${machine.place.id} at ${url}: ${why}`,
      { hint: lastLines(machine) },
    );
  } finally {
    clearTimeout(timer);
    watch();
  }
}

const COMMAND_MS_MAX = 300_000;

/**
 * Waits until a machine that destroys itself is destroyed.
 *
 * @param machine the machine
 * @param signal gives up early
 * @throws {FlyhotError} `incomplete` if its process did not exit with 0, or not within 5 minutes
 */
export async function waitUntilOver(
  machine: Machine,
  signal: AbortSignal,
): Promise<void> {
  const limits = { timeoutMs: COMMAND_MS_MAX, signal };
  const isOver = () => machine.state === "destroyed" || undefined;
  const over = await waitFor(machine.changes, isOver, limits);
  const { exit_code } = exitEvent(machine) ?? {};
  if (over && exit_code === 0) return;
  throw new FlyhotError(
    "incomplete",
    `Cannot run the command of machine ${machine.place.id}: ${
      over ? ending(machine) : "it did not end within 5 minutes"
    }`,
    { hint: lastLines(machine) },
  );
}

function ending(machine: Machine): string {
  const exit = exitEvent(machine);
  return exit === undefined
    ? `it is ${machine.state}`
    : `exit code ${exit.exit_code}`;
}

function exitEvent(machine: Machine) {
  return machine.history.events.find(({ type }) => type === "exit")?.request
    ?.exit_event;
}

function lastLines(machine: Machine): string {
  const lines = machine.log.lines().slice(-8)
    .map(({ from, text }) => `[${from}] ${text}`);
  return ["its last lines were:", ...lines].join("\n  ");
}
