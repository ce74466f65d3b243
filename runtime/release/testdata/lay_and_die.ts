// deno-lint-ignore-file no-console -- it reports to the test that runs it
// Lays a change of files and ends, as by kill -9, after so many changes to the disk.
import { kill, pid } from "node:process";
import type { FileChange } from "../laid/file_change.ts";
import { openLaidFiles } from "../laid/open_laid_files.ts";

interface Orders {
  readonly root: string;
  readonly folder: string;
  /** The changes, one after the other. */
  readonly changes: readonly (readonly FileChange[])[];
  /** Whether the last is undone again. */
  readonly undo: boolean;
  /** After which step the process ends; none ends it by itself. */
  readonly dieAt: number;
}

const { root, folder, changes, undo, dieAt }: Orders = JSON.parse(
  Deno.args[0]!,
);
let steps = 0;
const outcome = await openLaidFiles({
  root,
  folder,
  imageRef: "registry.fly.io/app:1",
  startedAt: Date.now() + 60_000,
  onStep: () => {
    if (++steps === dieAt) kill(pid, "SIGKILL");
  },
});
if (outcome.status !== "open") throw new Error(outcome.why);
for (const [at, some] of changes.entries()) {
  const change = await outcome.files.prepare(some);
  const back = change.swap();
  if (undo && at === changes.length - 1) {
    back();
    await change.discard();
  } else await change.finish();
}
console.log(JSON.stringify({ steps, restored: outcome.restored }));
