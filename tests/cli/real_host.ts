/** The real host, moved to a folder and an environment of its own, with its output kept.
 * @module
 */
import { isAbsolute, join } from "@std/path";
import type { Host, HostFiles } from "../../src/host.ts";
import { denoHost } from "../../src/host_deno.ts";

/** A real host for one command line. */
export interface RealHost extends Host, Disposable {
  /** All of stdout. */
  readonly out: () => string;
  /** All of stderr. */
  readonly err: () => string;
  /** Presses Ctrl-C. */
  interrupt(): void;
}

/** Makes a host that works in `folder` and knows only the variables in `env`. */
export function realHost(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): RealHost {
  const host = denoHost();
  const interrupt = new AbortController();
  const text = { out: "", err: "" };
  const output = (to: "out" | "err") => ({
    isTerminal: false,
    columns: 80,
    write: (it: string) => void (text[to] += it),
  });
  return {
    ...host,
    env: (name) => env[name] || undefined,
    cwd: () => folder,
    files: filesIn(folder, host.files),
    run: (program, args, options) =>
      host.run(program, args, {
        cwd: folder,
        ...options,
        env: { ...env, ...options?.env },
      }),
    stdin: null,
    stdout: output("out"),
    stderr: output("err"),
    interrupted: interrupt.signal,
    out: () => text.out,
    err: () => text.err,
    interrupt: () => interrupt.abort(new Error("interrupted")),
    [Symbol.dispose]: () => host[Symbol.dispose](),
  };
}

function filesIn(folder: string, files: HostFiles): HostFiles {
  const at = (path: string) => isAbsolute(path) ? path : join(folder, path);
  return {
    readText: (path) => files.readText(at(path)),
    open: (path) => files.open(at(path)),
    write: (path, content, options) => files.write(at(path), content, options),
    append: (path, content) => files.append(at(path), content),
    stat: (path) => files.stat(at(path)),
    modified: (path) => files.modified(at(path)),
    walk: (root, enter) => files.walk(at(root), enter),
    makeTempDir: () => files.makeTempDir(),
    remove: (path) => files.remove(at(path)),
  };
}
