/** From a failing program to the smallest that still fails, written to a folder.
 * @module
 */
import { dirname, join } from "@std/path";
import type { Program } from "./program/model.ts";
import { type ProgramReport, runPrograms } from "./oracle.ts";
import type { PlantedBug } from "./planted.ts";
import { renderVersion } from "./program/render.ts";
import { SHELL } from "./shell.ts";
import { healthOf, membersOf } from "./program/together.ts";

/** How many smaller programs are tried at most: shrinking helps a reader, and must not hold up a test for long. */
const MOST_TRIES = 60;

/** Makes a failing program smaller while it still fails in the same way. */
export async function shrink(
  report: ProgramReport,
  planted?: PlantedBug,
): Promise<ProgramReport> {
  const kind = kindOf(report);
  let smallest = report;
  let again = true;
  let tries = 0;
  while (again) {
    again = false;
    for (const candidate of fewerOrSmaller(smallest.programs)) {
      if (++tries > MOST_TRIES) return smallest;
      // What callers meet is a matter of timing: such a failure gets a second chance to show.
      let tried = await runPrograms(candidate, planted);
      if (kindOf(tried) !== kind && kind.startsWith("caller")) {
        tried = await runPrograms(candidate, planted);
      }
      if (kindOf(tried) !== kind) continue;
      smallest = tried;
      again = true;
      break;
    }
  }
  return smallest;
}

/** Shrinks a failure, writes its versions to a folder and says all about it. */
export async function describeFailure(
  report: ProgramReport,
  planted?: PlantedBug,
): Promise<string> {
  const small = await shrink(report, planted);
  const folder = await Deno.makeTempDir({ prefix: "flyhot-shrunk-" });
  for (const { program, versions } of membersOf(small.programs)) {
    for (const [index, version] of versions.entries()) {
      const { files } = renderVersion(version, healthOf(small.programs));
      const own = { "main.ts": SHELL, ...files };
      for (const [path, text] of Object.entries(own)) {
        const target = join(
          folder,
          `seed${program.seed}`,
          `v${index + 1}`,
          path,
        );
        await Deno.mkdir(dirname(target), { recursive: true });
        await Deno.writeTextFile(target, text);
      }
    }
  }
  const seeds = report.programs.map(({ seed }) => seed);
  const count = seeds.length;
  return [
    `seed ${seeds.join(", ")} fails${
      count > 1 ? " in one process, not alone" : ""
    }; replay: deno task prove --from ${seeds[0]} --seeds ${count}${
      count > 1 ? ` --together ${count}` : ""
    }`,
    ...small.programs.map((program) =>
      `  shrunk to ${
        program.pieces.map(({ kind }) => kind).join(", ")
      }; edits ${
        program.steps.map((edits) =>
          edits.map(({ piece, name }) => `${piece} ${name}`).join(", ")
        ).join(" | ")
      }; path ${program.path.map((to) => to + 1).join(", ")}`
    ),
    `  in ${folder}`,
    ...small.violations.map((text) => `  ${text}`),
  ].join("\n");
}

/** What kind of failure it is: the words before the first name or value, and how the upgrade ended. */
function kindOf(report: ProgramReport): string {
  const first = report.violations[0]?.replace(
    /^((seed \d+: )?\d+ -> \d+(, |: ))+/,
    "",
  );
  if (first === undefined) return "";
  return `${first.split(/\b[m-t]\d|:/)[0]}, ${
    report.upgrades.at(-1)?.end ?? ""
  }`;
}

/** The same programs without one of them, or with one of them smaller. */
function* fewerOrSmaller(
  programs: readonly Program[],
): Generator<readonly Program[]> {
  for (const [index, program] of programs.entries()) {
    if (programs.length > 1) yield programs.toSpliced(index, 1);
    for (const smaller of smallerThan(program)) {
      yield programs.with(index, smaller);
    }
  }
}

/** Programs with one thing less. */
function* smallerThan(program: Program): Generator<Program> {
  if (program.path.length > 1) {
    yield { ...program, path: program.path.slice(0, -1) };
  }
  const last = Math.max(...program.path);
  if (program.steps.length > last) {
    yield { ...program, steps: program.steps.slice(0, last) };
  }
  for (const { id } of program.pieces) {
    if (program.pieces.length === 1) break;
    yield {
      ...program,
      pieces: program.pieces.filter((piece) => piece.id !== id),
      steps: program.steps.map((edits) =>
        edits.filter(({ piece }) => piece !== id)
      ),
    };
  }
  for (const [at, edits] of program.steps.entries()) {
    for (const edit of edits) {
      yield {
        ...program,
        steps: program.steps.with(at, edits.filter((other) => other !== edit)),
      };
    }
  }
  if (program.health !== "none") yield { ...program, health: "none" };
}
