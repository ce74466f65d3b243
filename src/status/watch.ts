/** `flyhot status --watch`: what the machines run, again and again until Ctrl-C.
 * @module
 */
import { retainedWords } from "../ui/memory_words.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { formatTable } from "../ui/format.ts";
import { type FrameLine, frameWriter } from "../ui/reporters/frames.ts";
import type { Reporter } from "../ui/reporter.ts";
import { paintFor } from "../ui/style.ts";
import type { StatusReader } from "./read.ts";
import type { MachineStatus, StatusReport } from "./status.ts";
import { abandonedWords, mendingWords, verdictWords } from "./text.ts";

/** Shows the status again and again. */
export async function watchStatus(
  open: () => Promise<StatusReader>,
  everyMs: number,
  host: Host,
  signal: AbortSignal,
): Promise<void> {
  const frames = frameWriter(host.stdout, paintFor(host, host.stdout));
  let last: StatusReport | null = null;
  try {
    const read = await open();
    for (;;) {
      const warnings: string[] = [];
      try {
        last = await read(warningsTo(warnings), signal);
      } catch (error) {
        signal.throwIfAborted();
        // A network that is down for a moment is what one watches for.
        if (last === null || !isPassing(error)) throw error;
        warnings.push(error.message);
      }
      frames.show(statusFrame(last, warnings, everyMs, host.now()));
      await host.sleep(everyMs, signal);
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}

function isPassing(error: unknown): error is FlyhotError {
  return error instanceof FlyhotError && error.code === "network";
}

function warningsTo(texts: string[]): Reporter {
  return {
    emit(event): void {
      if (event.type === "warning") texts.push(event.text);
    },
  };
}

/** Draws the status: a machine a line. */
function statusFrame(
  report: StatusReport,
  warnings: readonly string[],
  everyMs: number,
  now: number,
): readonly FrameLine[] {
  const { app, machines, abandoned } = report;
  const current = machines.filter(({ verdict }) =>
    verdict === "up_to_date" || verdict === "base_image"
  );
  const time = new Date(now).toISOString().slice(11, 19);
  const texts = formatTable(machines.map(row));
  return [
    `${app}: ${current.length} of ${machines.length} run what they should (${
      comparedWith(report)
    })`,
    `${time} UTC, every ${everyMs / 1000} s, Ctrl-C ends`,
    "",
    ...machines.map((it, index) => {
      const { mark, tone } = verdictWords(it);
      return { mark, tone, text: texts[index]! };
    }),
    ...abandoned.map((it) => ({
      mark: "✗",
      tone: "bad" as const,
      text: abandonedWords(it),
    })),
    ...mendingWords(report).map((text) => ({
      mark: "→",
      tone: "info" as const,
      text,
    })),
    ...warnings.map((text) => ({ mark: "!", tone: "warn" as const, text })),
  ];
}

function row(it: MachineStatus): readonly string[] {
  const known = it.fingerprint !== null;
  return [
    it.id,
    it.region,
    it.group === "app" ? "" : it.group,
    !known ? "" : it.hot_upgrade ? `v${it.hot_upgrade.version}` : "base image",
    it.fingerprint ?? "",
    verdictWords(it).words,
    retainedWords(it) +
    (it.retained_budget_exceeded ? ", past the budget" : ""),
  ];
}

function comparedWith(report: StatusReport): string {
  if (report.compared_with === "each other") return "compared with each other";
  return report.pointer_revision === null
    ? "nothing was released yet"
    : `revision ${report.pointer_revision}`;
}
