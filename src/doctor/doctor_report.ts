/** All that `flyhot doctor` found, as data and for people.
 * @module
 */
import { EXIT_CODES } from "../errors.ts";
import { formatCount, formatTable, oneLine } from "../ui/format.ts";
import type { Check } from "./check.ts";

/** What was found: the answer of `flyhot doctor --json`. */
export interface DoctorReport {
  /** The Fly app, or null where nothing names it. */
  readonly app: string | null;
  /** The worst of all verdicts. */
  readonly verdict: Check["verdict"];
  /** 0, or the exit code of the first failure's kind. */
  readonly exit_code: number;
  /** The checks in the order in which they build on each other. */
  readonly checks: readonly Check[];
}

/** Sums checks up. */
export function doctorReport(
  app: string | null,
  checks: readonly Check[],
): DoctorReport {
  const failed = checks.find(({ verdict }) => verdict === "fail");
  return {
    app,
    verdict: failed
      ? "fail"
      : checks.some(({ verdict }) => verdict === "warn")
      ? "warn"
      : "pass",
    exit_code: EXIT_CODES[failed?.code ?? "ok"],
    checks,
  };
}

const MARKS = { pass: "✓", warn: "!", fail: "✗" } as const;

/** Writes the report for people: a line for each check, below it what to do. */
export function doctorText({ checks }: DoctorReport): string {
  const shown = folded(checks);
  const rows = formatTable(shown.map(({ verdict, name, text }) => [
    `${MARKS[verdict]} ${name}`,
    oneLine(text),
  ]));
  const lines = shown.flatMap(({ remedy }, index) =>
    remedy === null ? [rows[index]!] : [rows[index]!, `    → ${remedy}`]
  );
  return [...lines, "", summary(checks)].join("\n");
}

interface Line extends Pick<Check, "verdict" | "text" | "remedy"> {
  readonly name: string;
}

/** A machine on which all is well is one line, whatever was looked at. */
function folded(checks: readonly Check[]): readonly Line[] {
  const lines: Line[] = [];
  const done = new Set<string>();
  for (const it of checks) {
    if (it.machine === null) {
      lines.push({ ...it, name: it.check.replaceAll("_", " ") });
      continue;
    }
    if (done.has(it.machine)) continue;
    done.add(it.machine);
    const all = checks.filter(({ machine }) => machine === it.machine);
    const passed = all.filter(({ verdict }) => verdict === "pass");
    const name = `machine ${it.machine}`;
    if (passed.length > 0) {
      const text = passed.map((it) => it.text).join("; ");
      lines.push({ name, verdict: "pass", text, remedy: null });
    }
    for (const it of all) {
      if (it.verdict !== "pass") {
        lines.push({ ...it, name, text: `${it.check}: ${it.text}` });
      }
    }
  }
  return lines;
}

function summary(checks: readonly Check[]): string {
  const count = (wanted: Check["verdict"]) =>
    checks.filter(({ verdict }) => verdict === wanted).length;
  const failed = count("fail");
  const warned = count("warn");
  if (failed + warned === 0) return "All is well.";
  const parts = [
    ...(failed > 0 ? [`${formatCount(failed, "check")} failed`] : []),
    ...(warned > 0 ? [formatCount(warned, "warning")] : []),
  ];
  return `${parts.join(", ")}.`;
}
