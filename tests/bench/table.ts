/** The figures of benches as one table, for people and for programs.
 * @module
 */
import { type Figure, goalText, isMet, numberText } from "./figure.ts";

/** The figures of one bench; why it ended early, where it did. */
export interface Measured {
  readonly bench: string;
  readonly figures: readonly Figure[];
  readonly seconds: number;
  readonly error?: string;
}

const VERDICTS = new Map([[true, "met"], [false, "MISSED"], [null, ""]]);

/** The table as Markdown, which a terminal shows as well. */
export function tableText(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ bench, figures, error }) => [
    ...figures.map((figure) => [
      bench,
      figure.name,
      numberText(figure.value),
      figure.unit,
      goalText(figure.goal),
      VERDICTS.get(isMet(figure))!,
      figure.note ?? "",
    ]),
    ...(error === undefined
      ? []
      : [[bench, "ended early", "-", "", "", "FAILED", error.split("\n")[0]!]]),
  ]);
  const all = [
    ["bench", "figure", "value", "unit", "goal", "", "beside it"],
    ...rows,
  ];
  const widths = all[0]!.map((_, column) =>
    Math.max(3, ...all.map((row) => row[column]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, column) =>
        column === 2
          ? cell.padStart(widths[column]!)
          : cell.padEnd(widths[column]!)
      ).join(" | ")
    } |`;
  const [head, ...body] = all;
  return [
    line(head!),
    line(widths.map((width) => "-".repeat(width))),
    ...body.map(line),
  ].join("\n");
}

/** The same for programs. */
export function tableJson(measured: readonly Measured[]): unknown {
  return measured.map(({ bench, figures, seconds, error }) => ({
    bench,
    seconds: Math.round(seconds * 10) / 10,
    ...(error === undefined ? {} : { error }),
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  }));
}

/** In one line, how it went. */
export function verdictText(measured: readonly Measured[]): string {
  const figures = measured.flatMap(({ figures }) => figures);
  const withGoal = figures.filter((it) => isMet(it) !== null);
  const met = withGoal.filter((it) => isMet(it) === true);
  const left = figures.filter(({ value }) => value === null);
  const failed = measured.filter(({ error }) => error !== undefined);
  return [
    `${figures.length - left.length} figures`,
    `${met.length} of ${withGoal.length} goals met`,
    ...(left.length > 0 ? [`${left.length} not measured`] : []),
    ...(failed.length > 0 ? [`${failed.length} benches ended early`] : []),
  ].join(", ");
}
