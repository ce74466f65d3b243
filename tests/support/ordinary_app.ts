/** An ordinary app, not a line of which knows of upgrades, in a process of its own: started by the preload or by `serve`.
 * @module
 */
import { join } from "@std/path";
import type { UpgradeReport } from "../../runtime/testing/mod.ts";
import { startApp, type TestApp } from "../../runtime/testing/mod.ts";
import type { Files } from "./driven_app.ts";

/** How it is started. */
export interface OrdinaryStart {
  /** By which module of the runtime, or by a main module that calls `reapply()`. Default `preload`. */
  readonly by?: "preload" | "serve" | "boot shell";
  /** More flags of `deno run`. */
  readonly flags?: readonly string[];
  /** Arguments of the program, and of `serve`. */
  readonly args?: readonly string[];
  /** Whether it listens on PORT. Default true. */
  readonly listens?: boolean;
  /** Its image is prepared, as its build would; `then` is a command of the shell that runs behind that. */
  readonly prepared?: { readonly then?: string };
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The runtime's modules, as apps name them. */
export const RUNTIME = "jsr:@flyhot/runtime@0.1.0";

/** The command that starts an app. */
export function startCommand(
  { by = "preload", flags = [], args = [], prepared }: OrdinaryStart,
): string[] {
  const deno = [Deno.execPath(), "run", "-A", "--quiet"];
  const run = [
    ...prepared ? behind(deno, prepared.then) : [],
    ...deno,
    ...flags,
  ];
  return by === "preload"
    ? [...run, "--preload", `${RUNTIME}/preload`, "main.ts", ...args]
    : by === "serve"
    ? [...run, `${RUNTIME}/serve`, "main.ts", ...args]
    : [...run, "main.ts", ...args];
}

/** What prepares the image first, and is the app then. */
function behind(deno: readonly string[], then = "true"): string[] {
  const prepare = [...deno, "--no-lock", `${RUNTIME}/prepare`, "main.ts"];
  return [
    "sh",
    "-c",
    `${prepare.join(" ")} > prepared.log && ${then} && exec "$@"`,
    "sh",
  ];
}

/** A running app. */
export class OrdinaryApp implements AsyncDisposable {
  /** The process, its bucket and its log. */
  readonly app: TestApp;
  readonly #folder: string;
  #files: Files;
  #versions = 1;

  private constructor(app: TestApp, folder: string, files: Files) {
    this.app = app;
    this.#folder = folder;
    this.#files = files;
  }

  /** Starts an app from its first version. */
  static async start(
    files: Files,
    options: OrdinaryStart = {},
  ): Promise<OrdinaryApp> {
    const folder = await Deno.makeTempDir({ prefix: "flyhot-ordinary-" });
    const all = { "deno.json": "{}", ...files };
    try {
      await writeAll(join(folder, "v1"), all);
      const app = await startApp({
        from: join(folder, "v1"),
        command: startCommand(options),
        listens: options.listens ?? true,
        env: options.env ?? {},
      });
      return new OrdinaryApp(app, folder, all);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** Where it listens. */
  get url(): string {
    return this.app.url;
  }

  /** What it wrote, a line each. */
  get log(): readonly string[] {
    return this.app.log;
  }

  /** Asks it. */
  async ask(path = "/"): Promise<string> {
    const response = await fetch(this.url + path);
    return `${response.status} ${await response.text()}`;
  }

  /** Changes some files and upgrades the process. */
  async upgrade(changes: Files): Promise<UpgradeReport> {
    this.#files = { ...this.#files, ...changes };
    const folder = join(this.#folder, `v${++this.#versions}`);
    await writeAll(folder, this.#files);
    return await this.app.upgrade(folder);
  }

  /** Ends the process and removes its files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Writes the files of a version. */
export async function writeAll(folder: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    if (text === null) continue;
    const target = join(folder, path);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    await Deno.writeTextFile(target, text);
  }
}

/** What a program came to that ends by itself. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that ends by itself, by the preload or by `serve`; `null` for neither. */
export async function runToEnd(
  files: Files,
  options: Omit<OrdinaryStart, "by"> & {
    readonly by?: "preload" | "serve" | null;
    /** Done in the program's folder before it starts. */
    readonly before?: (folder: string) => Promise<void>;
  } = {},
): Promise<Ended> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "flyhot-ends-" }),
  );
  try {
    const app = join(folder, "app");
    await writeAll(app, files);
    await options.before?.(app);
    const { by = "preload", args = [], flags = [] } = options;
    const command = by === null
      ? [Deno.execPath(), "run", "-A", "--quiet", ...flags, "main.ts", ...args]
      : startCommand({ by, args, flags });
    const child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      cwd: app,
      env: {
        NO_COLOR: "1",
        TMPDIR: folder,
        FLYHOT_SOCKET: join(folder, "socket"),
        ...options.env,
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const { code, stdout, stderr } = await child.output();
    clearTimeout(late);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
