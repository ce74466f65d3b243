/** Leads every place of an analysis back to the source as written.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";

/** A column behind all that a line says: its first columns may be indentation, which leads nowhere. */
const LINE_END = 1_000_000;

/** Replaces the places of an analysis. */
export function placed(
  analysis: ModuleAnalysis,
  place: (line: number, column: number) => {
    readonly line: number;
    readonly column: number;
  },
): ModuleAnalysis {
  const lead = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(lead);
    if (typeof value !== "object" || value === null) return value;
    const result: Record<string, unknown> = Object.create(null);
    for (const [key, entry] of Object.entries(value)) result[key] = lead(entry);
    if (typeof result.detail === "string") {
      result.detail = result.detail.replace(
        / at line (\d+)$/,
        (_, line) => ` at line ${place(Number(line), LINE_END).line}`,
      );
    }
    if (typeof result.line === "number") {
      const { line, column } = place(
        result.line,
        typeof result.column === "number" ? result.column : 1,
      );
      result.line = line;
      if (typeof result.column === "number") result.column = column;
    }
    return result;
  };
  return lead(analysis) as ModuleAnalysis;
}
