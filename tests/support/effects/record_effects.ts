/** Writes down what a process does that is gone afterwards: the programs it starts, with their arguments and environment,
 * and what stood in files that it removes or overwrites.
 *
 * With `--preload`, and `FLYHOT_TEST_EFFECTS` naming a folder, it does so in any Deno program.
 *
 * @module
 */
import { join } from "node:path";
import { patchNodeFs, patchNodeFsImports } from "./record_node_fs.ts";

/** The variable that names the folder that everything is written to. */
export const EFFECTS_VARIABLE = "FLYHOT_TEST_EFFECTS";

/** A program that was started. */
export interface StartedProgram {
  /** What was started. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Begins to write down. */
export function recordEffects(folder: string): Disposable {
  let count = 0;
  const { Command, writeTextFileSync, copyFileSync, mkdirSync } = Deno;
  const { lstatSync, readDirSync } = Deno;
  mkdirSync(folder, { recursive: true });
  const name = (kind: string) => join(folder, `${kind}-${Deno.pid}-${count++}`);
  const isOwn = (path: string) => path.startsWith(folder);

  /** Copies what stands there: it may be gone, or something else, in a moment. */
  const keep = (place: string | URL): void => {
    const path = place instanceof URL ? place.pathname : place;
    if (isOwn(path)) return;
    try {
      const { isFile, isDirectory } = lstatSync(path);
      if (isFile) copyFileSync(path, name("gone"));
      if (!isDirectory) return;
      for (const entry of readDirSync(path)) keep(join(path, entry.name));
    } catch {
      // Nothing stands there.
    }
  };

  const undo: (() => void)[] = [];
  const patch = (
    of: object,
    method: string,
    before: (...args: unknown[]) => void,
  ): void => {
    const original: unknown = Reflect.get(of, method);
    if (typeof original !== "function") throw new Error(`no ${method}`);
    Reflect.set(of, method, (...args: unknown[]): unknown => {
      before(...args);
      return Reflect.apply(original, of, args);
    });
    undo.push(() => Reflect.set(of, method, original));
  };
  const isPath = (it: unknown): it is string | URL =>
    typeof it === "string" || it instanceof URL;
  const first = (path: unknown) => isPath(path) && keep(path);
  const second = (_: unknown, path: unknown) => isPath(path) && keep(path);
  for (const sync of ["", "Sync"]) {
    patch(Deno, `remove${sync}`, first);
    patch(Deno, `writeTextFile${sync}`, first);
    patch(Deno, `writeFile${sync}`, first);
    patch(Deno, `rename${sync}`, second);
    patch(Deno, `copyFile${sync}`, second);
    patch(Deno, `open${sync}`, (path, options) => {
      const isOver = typeof options === "object" && options !== null &&
        "truncate" in options && options.truncate === true;
      if (isOver) first(path);
    });
  }
  patchNodeFs(patch, first);
  Deno.Command = class extends Command {
    constructor(program: string | URL, options: Deno.CommandOptions = {}) {
      super(program, options);
      const started: StartedProgram = {
        program: String(program),
        args: options.args ?? [],
        env: {
          ...(options.clearEnv ? {} : Deno.env.toObject()),
          ...options.env,
        },
      };
      writeTextFileSync(name("started"), JSON.stringify(started));
    }
  };
  undo.push(() => void (Deno.Command = Command));
  return {
    [Symbol.dispose]: () => undo.forEach((back) => back()),
  };
}

const folder = Deno.env.get(EFFECTS_VARIABLE);
if (folder) {
  recordEffects(folder);
  patchNodeFsImports();
}
