/** What the sandbox reads of a Dockerfile: how the image starts. Its `RUN` and `COPY` lines are not carried out.
 * @module
 */

/** How an image starts. */
export interface ImageStart {
  /** What runs, before `cmd`. */
  readonly entrypoint: readonly string[];
  /** Its arguments, or what runs where there is no entrypoint. */
  readonly cmd: readonly string[];
  /** Its variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Its working folder. */
  readonly workdir: string;
  /** Whether it is made from Deno's own image, which puts `deno` before a bare subcommand. */
  readonly onDeno: boolean;
}

/** How an image starts that has no Dockerfile. */
export const DEFAULT_START: ImageStart = {
  entrypoint: [],
  cmd: ["deno", "run", "-A", "main.ts"],
  env: {},
  workdir: "/app",
  onDeno: false,
};

/**
 * Reads how the last stage of a Dockerfile starts.
 *
 * @param text the Dockerfile
 * @param buildArgs values of its `ARG`s; others have their defaults
 * @returns how the image starts; `deno run -A main.ts` in `/app` where the Dockerfile does not say
 */
export function parseDockerfile(
  text: string,
  buildArgs: Readonly<Record<string, string>> = {},
): ImageStart {
  const stages = new Map<string, ImageStart>();
  let args: Record<string, string> = {};
  let stage: ImageStart = DEFAULT_START;
  let name = "";
  for (const [instruction, rest] of instructionsOf(text)) {
    const known = { ...args, ...stage.env };
    const value = expand(rest, known);
    switch (instruction) {
      case "FROM": {
        const words = value.split(/\s+/).filter((word) =>
          !word.startsWith("--")
        );
        const [base = "", , alias = ""] = words;
        const onDeno = /(^|\/)denoland\/deno(:|@|$)/.test(base) ||
          /^deno(:|$)/.test(base);
        stage = stages.get(base) ?? { ...DEFAULT_START, onDeno };
        name = alias;
        break;
      }
      case "ARG":
        args = { ...args, ...argOf(value, buildArgs) };
        break;
      case "ENV":
        stage = { ...stage, env: { ...stage.env, ...pairsOf(value) } };
        break;
      case "WORKDIR":
        stage = { ...stage, workdir: resolvePath(stage.workdir, value) };
        break;
      case "ENTRYPOINT":
        // Docker drops an inherited CMD with a new ENTRYPOINT.
        stage = { ...stage, entrypoint: commandOf(rest), cmd: [] };
        break;
      case "CMD":
        stage = { ...stage, cmd: commandOf(rest) };
        break;
    }
    if (name !== "") stages.set(name, stage);
  }
  return stage;
}

/**
 * Puts together what a machine runs, in the order that Fly's init gives: `exec` beats everything, `entrypoint` and `cmd`
 * replace those of the image.
 *
 * @param start how the image starts
 * @param init what the machine's configuration says
 * @returns the command
 */
export function startCommand(
  start: ImageStart,
  init: {
    readonly exec?: readonly string[];
    readonly entrypoint?: readonly string[];
    readonly cmd?: readonly string[];
  } = {},
): readonly string[] {
  if (init.exec && init.exec.length > 0) return init.exec;
  const entrypoint = init.entrypoint && init.entrypoint.length > 0
    ? init.entrypoint
    : start.entrypoint;
  const cmd = init.cmd && init.cmd.length > 0 ? init.cmd : start.cmd;
  const command = [...entrypoint, ...cmd];
  const [first = ""] = command;
  const bare = start.onDeno && entrypoint.length === 0 &&
    (first.startsWith("-") || SUBCOMMANDS.has(first));
  return bare ? ["deno", ...command] : command;
}

const SUBCOMMANDS = new Set([
  "bench",
  "bundle",
  "cache",
  "check",
  "eval",
  "install",
  "repl",
  "run",
  "serve",
  "task",
  "test",
]);

function* instructionsOf(text: string): Generator<[string, string]> {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*#/.test(line));
  for (
    const line of lines.join("\n").replaceAll(/\\[ \t]*\n/g, " ").split("\n")
  ) {
    const match = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(line);
    if (match) yield [match[1]!.toUpperCase(), match[2]!];
  }
}

function commandOf(text: string): readonly string[] {
  if (text.startsWith("[")) {
    try {
      const words: unknown = JSON.parse(text);
      if (
        Array.isArray(words) && words.every((word) => typeof word === "string")
      ) {
        return words;
      }
    } catch {
      // Docker reads what is no JSON list as the shell form.
    }
  }
  return ["/bin/sh", "-c", text];
}

function argOf(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
): Record<string, string> {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  const given = buildArgs[name];
  if (given !== undefined) return { [name]: given };
  return equals === -1 ? {} : { [name]: unquote(text.slice(equals + 1)) };
}

function pairsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(
    /([A-Za-z_]\w*)=("(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|[^\s\\])*)/g,
  )];
  if (pairs.length === 0) {
    const [name = "", ...words] = text.split(/\s+/);
    return { [name]: words.join(" ") };
  }
  return Object.fromEntries(
    pairs.map(([, name = "", value = ""]) => [name, unquote(value)]),
  );
}

function unquote(text: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  return (quoted?.[2] ?? text).replaceAll(/\\(.)/g, "$1");
}

function expand(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\\?\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
    (whole, braced?: string, fallback?: string, bare?: string) =>
      whole.startsWith("\\")
        ? whole.slice(1)
        : known[braced ?? bare ?? ""] ?? fallback ?? "",
  );
}

function resolvePath(from: string, to: string): string {
  return new URL(to, `file://${from}/`).pathname.replace(/(.)\/+$/, "$1");
}
