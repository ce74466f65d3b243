import { holder } from "@flyhot/runtime";

/** What the services did. */
export const journal = holder("journal", {
  state: (): string[] => [],
  actions: { write: (lines, line: string) => void lines.push(line) },
});
