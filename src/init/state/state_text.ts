/** What happens to each piece of an app when its module is replaced, for people.
 * @module
 */
import type { StateRow } from "./state_table.ts";
import { formatTable } from "../../ui/format.ts";

const ROWS_MAX = 30;

/** Writes what happens to each piece of an app. */
export function stateLines(rows: readonly StateRow[]): readonly string[] {
  if (rows.length === 0) return [];
  const order = [
    "undecided",
    "starts new",
    "per connection",
    "kept",
    "ends",
    "handed over",
    "migrated",
  ];
  const sorted = rows.toSorted((a, b) =>
    order.indexOf(a.fate) - order.indexOf(b.fate)
  );
  const lines = formatTable(
    sorted.slice(0, ROWS_MAX).map(({ path, line, name, fate, why }) => [
      `  ${path}${line > 0 ? `:${line}` : ""}`,
      name,
      fate === "migrated" ? "stays" : fate,
      why,
    ]),
  );
  return [
    "When their modules are replaced:",
    ...lines,
    ...(sorted.length > ROWS_MAX
      ? [`  and ${sorted.length - ROWS_MAX} more`]
      : []),
  ];
}
