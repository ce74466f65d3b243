/** Whether this process may lay files over those of its image: only on a machine, and only one process at a time.
 * @module
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { errorText } from "../base/error_text.ts";

/**
 * Why files cannot be laid over their place here.
 *
 * @param root the app root
 * @param imageRef the base image; empty outside Fly
 * @returns the reason, or null where they can
 */
export function layingRefused(
  root: string,
  imageRef: string,
): string | null {
  if (imageRef === "") return "this is not a machine: FLY_IMAGE_REF is not set";
  for (let folder = root;; folder = dirname(folder)) {
    if (existsSync(join(folder, ".git"))) {
      return `${folder} is a git working tree`;
    }
    if (folder === dirname(folder)) break;
  }
  const probe = join(root, `.flyhot-probe-${crypto.randomUUID()}`);
  try {
    Deno.writeTextFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    return `${root} cannot be written (${errorText(error)})`;
  }
  return null;
}

/**
 * Takes the right to lay files for this process.
 *
 * @param folder the folder for the journal
 * @returns what gives it back; null where another process that is alive has it
 */
export async function takeLayingLock(
  folder: string,
): Promise<Disposable | null> {
  await Deno.mkdir(folder, { recursive: true });
  const file = join(folder, "lock");
  const mine = JSON.stringify({ pid: Deno.pid, started: startedAt(Deno.pid) });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await Deno.writeTextFile(file, mine, { createNew: true });
      return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    if (isHeld(file)) return null;
    await Deno.remove(file).catch(() => {});
  }
  return null;
}

function isHeld(file: string): boolean {
  try {
    const { pid, started } = JSON.parse(readFileSync(file, "utf8"));
    if (pid === Deno.pid) return startedAt(pid) === started;
    process.kill(pid, 0);
    return startedAt(pid) === started;
  } catch {
    return false;
  }
}

/** Process numbers come again; with its start one is told from another. */
function startedAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).split(" ")[20] ?? null;
  } catch {
    return null;
  }
}
