/** The difference between two texts, line by line.
 * @module
 */

/** One line of a difference. */
export interface DiffLine {
  /** What became of it; `skip` stands for lines left out. */
  readonly kind: "same" | "removed" | "added" | "skip";
  /** The line. */
  readonly text: string;
}

const CONTEXT = 3;
// The table of a larger pair would cost more than it tells.
const CELLS_MAX = 4_000_000;

/** Compares two texts: what changed, with three lines around each change; empty if nothing did. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = linesOf(before);
  const fresh = linesOf(after);
  const all = compare(old, fresh);
  const near = all.map((_, index) =>
    all.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1)
      .some(({ kind }) => kind !== "same")
  );
  const shown: DiffLine[] = [];
  for (const [index, line] of all.entries()) {
    if (near[index]) shown.push(line);
    else if (shown.length > 0 && shown.at(-1)!.kind !== "skip") {
      shown.push({ kind: "skip", text: "" });
    }
  }
  if (shown.at(-1)?.kind === "skip") shown.pop();
  return shown;
}

const SIGNS = { same: " ", removed: "-", added: "+", skip: "…" } as const;

/** Writes a line of a difference. */
export function diffText({ kind, text }: DiffLine): string {
  return `${SIGNS[kind]} ${text}`.trimEnd();
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function compare(
  old: readonly string[],
  fresh: readonly string[],
): readonly DiffLine[] {
  const line = (kind: DiffLine["kind"]) => (text: string) => ({ kind, text });
  let head = 0;
  while (head < old.length && old[head] === fresh[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head && tail < fresh.length - head &&
    old.at(-1 - tail) === fresh.at(-1 - tail)
  ) tail++;
  return [
    ...old.slice(0, head).map(line("same")),
    ...compareMiddle(
      old.slice(head, old.length - tail),
      fresh.slice(head, fresh.length - tail),
    ),
    ...old.slice(old.length - tail).map(line("same")),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(
  old: readonly string[],
  fresh: readonly string[],
): readonly DiffLine[] {
  const removed = (text: string) => ({ kind: "removed", text }) as const;
  const added = (text: string) => ({ kind: "added", text }) as const;
  if (old.length * fresh.length > CELLS_MAX) {
    return [...old.map(removed), ...fresh.map(added)];
  }
  const width = fresh.length + 1;
  // How many lines the rests of both texts have in common.
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      common[i * width + j] = old[i] === fresh[j]
        ? common[(i + 1) * width + j + 1]! + 1
        : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push({ kind: "same", text: old[i]! });
      i++;
      j++;
    } else if (
      j === fresh.length ||
      (i < old.length &&
        common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    ) {
      lines.push(removed(old[i++]!));
    } else {
      lines.push(added(fresh[j++]!));
    }
  }
  return lines;
}
