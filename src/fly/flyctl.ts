/** The `fly` command, as far as flyhot needs it.
 * @module
 */
import { stripVTControlCharacters as plain } from "node:util";
import { isRecord } from "../base/values.ts";
import { FlyhotError } from "../errors.ts";
import type { Host, RunOptions, RunOutcome } from "../host.ts";
import { type FlyToken, parseFlyToken } from "./token.ts";

/** What to build. */
interface BuildOptions {
  readonly app: string;
  /** The Fly configuration file; null for fly's own default. */
  readonly config: string | null;
  /** `NAME=value` pairs for the Dockerfile. */
  readonly buildArgs: readonly string[];
  /** Switches handed on as they are, for example `--no-cache`. */
  readonly switches?: readonly string[];
  /** The tag of the image. */
  readonly label: string;
  /** Called for every line of output. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const LOG_LINES_MAX = 20;
const PROGRAMS = ["fly", "flyctl"];

/** Looks for `fly` or `flyctl` on PATH; null if neither is installed. */
export async function findFlyctl(
  host: Pick<Host, "run">,
  signal?: AbortSignal,
): Promise<Flyctl | null> {
  for (const program of PROGRAMS) {
    try {
      const { stdout } = await host.run(
        program,
        ["version"],
        { signal },
      );
      return new Flyctl(host, program, plain(stdout).trim().split("\n")[0]);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "NotFound") throw error;
    }
  }
  return null;
}

/** Lets `fly` or `flyctl` do something, without a process of its own to learn which is installed; null if neither is. */
export async function withFlyctl<T>(
  host: Pick<Host, "run">,
  act: (flyctl: Flyctl) => Promise<T>,
): Promise<T | null> {
  for (const program of PROGRAMS) {
    try {
      return await act(new Flyctl(host, program));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "NotFound") throw error;
    }
  }
  return null;
}

/** The error for a missing `fly`. */
export function flyctlMissing(what: string): FlyhotError {
  return new FlyhotError(
    "not_found",
    `Cannot ${what}: neither fly nor flyctl is on PATH`,
    {
      hint:
        "install it from https://fly.io/docs/flyctl/install, or use --local, which needs no image",
    },
  );
}

/** The `fly` command. */
export class Flyctl {
  /** Its name on PATH. */
  readonly program: string;
  /** What it says of its version; empty where it says nothing. */
  readonly version: string;
  readonly #host: Pick<Host, "run">;

  constructor(host: Pick<Host, "run">, program: string, version = "") {
    this.#host = host;
    this.program = program;
    this.version = version;
  }

  /** Asks who is logged in. */
  async whoami(signal?: AbortSignal): Promise<string> {
    const { code, stdout, stderr } = await this.#run(
      ["auth", "whoami"],
      { signal },
    );
    const name = stdout.trim().split("\n").at(-1)?.trim() ?? "";
    if (code === 0 && name !== "") return name;
    throw new FlyhotError(
      "auth",
      `Cannot tell who deploys: ${this.program} auth whoami ended with ${code}${
        said(stderr)
      }`,
      { hint: "log in with: fly auth login" },
    );
  }

  /** Asks for the token that it is logged in with. */
  async token(signal?: AbortSignal): Promise<FlyToken> {
    const from = `${this.program} auth token`;
    const { code, stdout, stderr } = await this.#run(
      ["auth", "token", "--json"],
      { signal },
    );
    const text = code === 0 ? tokenIn(stdout) : "";
    if (text !== "") return parseFlyToken(text, from);
    throw new FlyhotError(
      "auth",
      `Cannot talk to the Machines API: FLY_API_TOKEN is not set, and ${from} ended with ${code}${
        said(stderr)
      }`,
      {
        hint:
          'log in with: fly auth login, or export FLY_API_TOKEN="$(fly tokens create deploy)"',
      },
    );
  }

  /** Builds an image and pushes it, without deploying it. */
  async build(options: BuildOptions): Promise<string> {
    const args = [
      "deploy",
      "--build-only",
      "--push",
      "--app",
      options.app,
      ...(options.config === null ? [] : ["--config", options.config]),
      "--image-label",
      options.label,
      ...options.buildArgs.flatMap((it) => ["--build-arg", it]),
      ...options.switches ?? [],
    ];
    const { code, stdout, stderr } = await this.#run(args, {
      onLine: (line) => options.onLine?.(plain(line)),
      signal: options.signal,
    });
    if (code !== 0) {
      throw new FlyhotError(
        "unexpected",
        `Cannot build the image: ${this.program} deploy --build-only ended with ${code}${
          said(stderr)
        }`,
        { hint: "its output above says why; an ordinary fly deploy must work" },
      );
    }
    const image = imageIn(`${stderr}\n${stdout}`);
    if (image !== null) return image;
    throw new FlyhotError(
      "unexpected",
      `Cannot tell which image ${this.program} built: its output has no line "image: ..."`,
      {
        hint:
          "name the image yourself: flyhot hot --skip-build --image <reference>",
      },
    );
  }

  /** Reads the newest words that a machine logged; none where they cannot be had. */
  async logs(
    app: string,
    machineId: string,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const { code, lines } = await this.#logs(app, machineId, signal);
    if (code !== 0) return [];
    return lines.map((line) =>
      line.replace(/^\S+\s+\S+\[[^\]]*\]\s+\S+\s+\[\w+\]\s?/, "")
    ).slice(-LOG_LINES_MAX);
  }

  /** Reads the lines that one machine logged, or all of them, as `fly` writes them. */
  async logLines(
    app: string,
    machineId: string | null,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const { code, lines, stderr } = await this.#logs(app, machineId, signal);
    if (code === 0) return lines;
    throw new FlyhotError(
      "unexpected",
      `Cannot read the logs of ${
        machineId === null ? app : `machine ${machineId} of ${app}`
      }: ${this.program} logs ended with ${code}${said(stderr)}`,
      { hint: "check the app's name and who is logged in: fly auth whoami" },
    );
  }

  async #logs(
    app: string,
    machineId: string | null,
    signal?: AbortSignal,
  ): Promise<RunOutcome & { readonly lines: readonly string[] }> {
    const machine = machineId === null ? [] : ["--machine", machineId];
    const outcome = await this.#run(
      ["logs", "--no-tail", "--app", app, ...machine],
      { signal },
    );
    const lines = plain(outcome.stdout).split("\n")
      .filter((line) => line.trim() !== "");
    return { ...outcome, lines };
  }

  async #run(
    args: readonly string[],
    options: RunOptions,
  ): Promise<RunOutcome> {
    return await this.#host.run(this.program, args, {
      ...options,
      env: { NO_COLOR: "1" },
      withCredentials: true,
    });
  }
}

/** Finds the image reference in what `fly deploy --build-only` writes; null if no line names one. */
export function imageIn(output: string): string | null {
  const found = plain(output).matchAll(/^\s*image: (\S+)\s*$/gm);
  return [...found].at(-1)?.[1] ?? null;
}

function tokenIn(stdout: string): string {
  try {
    const value: unknown = JSON.parse(stdout);
    return isRecord(value) && typeof value.token === "string"
      ? value.token
      : "";
  } catch {
    return stdout.trim();
  }
}

function said(stderr: string): string {
  const last = plain(stderr).trim().split("\n").at(-1)?.trim() ?? "";
  return last === "" ? "" : ` (${last.slice(0, 300)})`;
}
