/** Compares what a process that lives through the versions of a program has done with what the start of each would have done.
 * @module
 */
import { Clients } from "../../support/net/clients.ts";
import type { Files } from "../../support/driven_app.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { startProgram } from "./start_program.ts";

/** What became of one program. */
export interface Compared {
  /** What the process has done otherwise than a fresh one of that version; empty if nothing. */
  readonly problems: readonly string[];
  /** The modules that each upgrade evaluated. */
  readonly reloaded: readonly (readonly string[])[];
}

/** So many versions each program has. */
export const VERSIONS = 5;

/** A bug that a runtime could have. */
export type PlantedBug = "what the start has done stays";

/** What a start begins is done by then. */
const SOON_MS = 150;

/** Runs a program through its versions, under load and used in between. */
export async function compareStarts(
  seed: number,
  versions: number,
  planted?: PlantedBug,
): Promise<Compared> {
  const [first, ...later] = startProgram(seed, versions);
  const marks = await Deno.makeTempDir({ prefix: "flyhot-marks-" });
  const problems: string[] = [];
  const reloaded: (readonly string[])[] = [];
  try {
    await using hot = await OrdinaryApp.start(first!, {
      env: { MARKS: marks },
    });
    await soon();
    await using clients = new Clients(hot.url);
    for (const [at, files] of later.entries()) {
      await use(hot.url, seed + at);
      const before = await marksIn(marks);
      const report = await hot.upgrade(files);
      await soon();
      if (planted === "what the start has done stays") {
        for (const [key, word] of before) {
          await Deno.writeTextFile(`${marks}/${key}`, word);
        }
      }
      const told = `seed ${seed}, version ${at + 2}`;
      if (report.state !== "applied" && report.state !== "nothing_to_do") {
        problems.push(`${told}: ${report.state}: ${report.failure?.message}`);
        break;
      }
      reloaded.push([...report.reloaded].sort());
      const has = await marksIn(marks);
      for (const [key, word] of await freshMarks(files)) {
        if (has.get(key) === word) continue;
        problems.push(
          `${told}: ${key} is ${
            has.get(key)
          }, a start makes it ${word}; evaluated ${report.reloaded}`,
        );
      }
    }
    problems.push(...await clients.end());
  } finally {
    await Deno.remove(marks, { recursive: true });
  }
  return { problems, reloaded };
}

/** What requests run is none of what the start has run. */
async function use(url: string, seed: number): Promise<void> {
  const acts = ["run", "inner", "make", "through"];
  const act = acts[seed % acts.length];
  await (await fetch(`${url}/${seed % 2}/${act}/asked`)).text();
}

/** What the start of a version does, in a process that knows of no upgrades. */
async function freshMarks(files: Files): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-fresh-" });
  const marks = `${folder}/marks`;
  await Deno.mkdir(marks);
  for (const [path, text] of Object.entries(files)) {
    if (text !== null) await Deno.writeTextFile(`${folder}/${path}`, text);
  }
  // It serves when it has begun, and says so where nobody else writes.
  const begun =
    `globalThis.addEventListener("load", () => setTimeout(() => Deno.writeTextFileSync("begun", ""), ${SOON_MS}));`;
  await Deno.writeTextFile(`${folder}/begun.ts`, begun);
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      "--no-lock",
      "--preload",
      "./begun.ts",
      "main.ts",
    ],
    cwd: folder,
    env: { MARKS: marks, PORT: "0" },
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    while (!await isThere(`${folder}/begun`)) await soon();
    return await marksIn(marks);
  } finally {
    process.kill();
    await process.status;
    await Deno.remove(folder, { recursive: true });
  }
}

async function isThere(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}

async function marksIn(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    found.set(name, await Deno.readTextFile(`${folder}/${name}`));
  }
  return found;
}

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SOON_MS));
}
