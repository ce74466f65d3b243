/** Waiting until a machine serves, or until it is over.
 * @module
 */
import { FlyhotError } from "../../../errors.ts";
import { pollUntilGood } from "./health_checks.ts";
import type { Machine } from "../machine.ts";
import { waitFor } from "../../wait_for.ts";

/** Options of everything that waits. */
interface WaitLimits {
  /** How long, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What an answer has to be like. */
interface Question {
  /** What to ask for over HTTP, or null to only connect. */
  readonly path: string | null;
  /** Judges the status of an answer. Default anything below 500. */
  readonly isGood?: (status: number) => boolean;
}

/** Asks a machine until it gives a good answer. */
export async function waitUntilAnswering(
  machine: Machine,
  question: Question,
  limits: WaitLimits,
): Promise<void> {
  const { path, isGood = (status) => status < 500 } = question;
  const over = new AbortController();
  const signal = limits.signal
    ? AbortSignal.any([over.signal, limits.signal])
    : over.signal;
  const { pid } = machine;
  const hasEnded = () => pid === null || machine.pid !== pid;
  const unwatch = machine.changes.add(() => {
    if (hasEnded()) over.abort();
  });
  if (hasEnded()) over.abort();
  const timer = setTimeout(() => over.abort(), limits.timeoutMs);
  try {
    const met = await pollUntilGood(machine.place.url, path, isGood, signal);
    if (met === null) return;
    limits.signal?.throwIfAborted();
    const why = hasEnded()
      ? `its process ended (${ending(machine)})`
      : `after ${limits.timeoutMs} ms ${met}`;
    throw new FlyhotError(
      "incomplete",
      `Cannot reach machine ${machine.place.id} at ${machine.place.url}${
        path ?? ""
      }: ${why}`,
      { hint: otherPort(machine) ?? lastLines(machine) },
    );
  } finally {
    clearTimeout(timer);
    unwatch();
  }
}

const COMMAND_MS_MAX = 300_000;

/** Waits until a machine that destroys itself is destroyed. */
export async function waitUntilOver(
  machine: Machine,
  signal?: AbortSignal,
): Promise<void> {
  const limits = {
    timeoutMs: COMMAND_MS_MAX,
    signal,
  };
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

/** What to do where the program says that it listens somewhere else. */
function otherPort({ log, place }: Machine): string | null {
  for (const { text } of log.lines()) {
    const port = /\blisten\w*\b.*?:(\d{2,5})\b/i.exec(text)?.[1];
    if (port === undefined || Number(port) === place.port) continue;
    return `it says that it listens on port ${port}; machines of the sandbox are processes of one computer, so each has to listen on its own: Deno.serve({ port: Number(Deno.env.get("PORT") ?? ${port}) }, …)`;
  }
  return null;
}

function lastLines(machine: Machine): string {
  const lines = machine.log.lines().slice(-8)
    .map(({ from, text }) => `[${from}] ${text}`);
  return ["its last lines were:", ...lines].join("\n  ");
}
