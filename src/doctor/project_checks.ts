/** Does the app in this folder hand itself over to the runtime? Hints only: it may do so in ways that are not seen here.
 * @module
 */
import { hotSurface } from "@flyhot/runtime/plan";
import { processesOf } from "../config/files/processes.ts";
import {
  type ImageStart,
  imageStart,
  lastStage,
  processStart,
} from "../config/files/image_start.ts";
import { type ShellLookups, shellTextOf } from "../config/files/shell_texts.ts";
import { isManual } from "../config/files/node_modules.ts";
import { ignoreLines, ignoreTest } from "../config/ignore.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { analyzeScript } from "../release/graph/analysis/analyze.ts";
import { requireDeno } from "../release/graph/deno_program.ts";
import { describeRelease } from "../release/pack/describe.ts";
import {
  type ProjectFiles,
  readProject,
} from "../release/files/project_files.ts";
import { surfaceLines } from "../ui/surface_text.ts";
import { isRecord } from "../base/values.ts";
import { VERSION } from "../version.ts";
import { type Check, fail, pass, warn } from "./check.ts";

const RUNTIME = "@flyhot/runtime";
const REMEDY = "see what to add with: flyhot init";

/** Looks at the app's folder: how it is started, its import of the runtime, its main modules, and what of it is hot. */
export async function checkProject(
  config: ResolvedConfig,
  host: Host,
  signal?: AbortSignal,
): Promise<readonly Check[]> {
  try {
    // Only the compiled command can be without.
    await requireDeno(host, "Cannot read what the app imports", signal);
  } catch (error) {
    return [fail("deno", error)];
  }
  let project: ProjectFiles;
  try {
    project = await readProject("", host, config.entries.value);
  } catch (error) {
    return [fail("import", error)];
  }
  const entries = project.entries?.entries ?? [];
  if (entries.length === 0) return [];
  const sources = await Promise.all(
    entries.map(async (path) => ({ path, source: await project.read(path) })),
  );
  const starts = startsOf(project);
  const isPreloaded = starts.length > 0 &&
    starts.every(({ command }) => command?.runtime);
  return [
    ...judgeStart(project, starts),
    ...await checkImage(project, host),
    ...(isPreloaded ? [] : [judgeImport(project, sources)]),
    ...sources.map(({ path, source }) =>
      isPreloaded && source !== null
        ? pass("main_module", `${path} starts behind the runtime`)
        : judgeMain(path, source)
    ),
    ...await checkSurface(entries, isPreloaded, host, signal),
  ];
}

/** One command that starts the app, and where it stands. */
interface Start {
  readonly at: string;
  readonly words: readonly string[];
  readonly command: ImageStart["command"];
}

/** What starts the app: the processes of `fly.toml`, else the image. */
function startsOf({ config }: ProjectFiles): readonly Start[] {
  const { starts, dockerfilePath } = config;
  const dockerfile = config.dockerfile ?? "";
  const processes = processesOf(config.flyToml);
  if (processes.length > 0) {
    return processes.flatMap(([group, said]) => {
      const at = `fly.toml [processes] ${group}`;
      const start = processStart(dockerfile, said, starts.task);
      return start
        ? startsIn(start, starts, at)
        : [{ at, words: [], command: null }];
    });
  }
  const start = imageStart(dockerfile, starts.task);
  return start
    ? startsIn(start, starts, `${dockerfilePath}:${start.instruction.line}`)
    : [];
}

function startsIn(
  start: ImageStart,
  lookups: ShellLookups,
  at: string,
): readonly Start[] {
  const inShell = start.command ? null : shellTextOf(start, lookups);
  return inShell && inShell.starts.length > 0
    ? inShell.starts.map(({ words, command }) => ({
      at: inShell.path ?? at,
      words,
      command,
    }))
    : [{ at, words: start.words, command: start.command }];
}

/** Whether the image takes the repository in: over that nothing is laid, it may be somebody's work. */
async function checkImage(
  { config, read }: ProjectFiles,
  host: Host,
): Promise<readonly Check[]> {
  const copiesAll = lastStage(config.dockerfile ?? "").some(({ name, rest }) =>
    (name === "COPY" || name === "ADD") && !rest.includes("--from=") &&
    /^(?:--\S+\s+)*(?:\.\/?|\[\s*"\.\/?")[\s,]/.test(rest)
  );
  if (!copiesAll || await host.files.stat(".git") === null) return [];
  const ignored = ignoreTest(ignoreLines(await read(".dockerignore") ?? ""));
  return ignored(".git/HEAD") ? [] : [
    warn(
      "start",
      "the image holds .git, and where a repository is no changed file can be laid over its place",
      "write .git into .dockerignore, and run fly deploy once",
    ),
  ];
}

function judgeStart(
  { config }: ProjectFiles,
  starts: readonly Start[],
): readonly Check[] {
  const found: Check[] = [];
  for (const { at, words, command } of starts) {
    if (!command) continue;
    if (words.includes("--parallel")) {
      found.push(
        warn(
          "start",
          `${at} has --parallel: each of those processes has state of its own`,
          "start one process to a machine",
        ),
      );
    }
    if (command.kind === "serve" && command.runtime !== null) {
      found.push(
        warn(
          "start",
          `${at} starts deno serve with --preload, which deno serve ignores: nothing goes hot`,
          `start deno run -A jsr:${RUNTIME}@${VERSION}/serve ${
            words[command.script]
          }`,
        ),
      );
    } else if (command.runtime !== null) {
      const { runtime } = command;
      found.push(
        runtime.includes(`@${VERSION}/`)
          ? pass("start", `${at} starts with ${runtime}`)
          : warn(
            "start",
            `${at} starts with ${runtime}, and this is flyhot ${VERSION}`,
            REMEDY,
          ),
      );
      const isCached = lastStage(config.dockerfile ?? "").some((it) =>
        it.name === "RUN" && it.rest.includes(runtime)
      );
      if (!isCached) {
        found.push(
          warn(
            "start",
            `the Dockerfile does not fetch ${runtime} while the image is built: every machine does when it starts, if it can`,
            `add to the Dockerfile: RUN deno cache --no-lock ${runtime}`,
          ),
        );
      }
      if (isManual(config.denoJson, config.packageJson !== null)) {
        found.push(
          warn(
            "start",
            `Deno loads packages only from node_modules here (a package.json, and no other "nodeModulesDir" in deno.json), and the runtime cannot start`,
            `add to deno.json: "nodeModulesDir": "auto"`,
          ),
        );
      }
    }
  }
  return found;
}

/** What of the app can be replaced; nothing where it cannot be packed as it is, which packing says better. */
async function checkSurface(
  entries: readonly string[],
  preload: boolean,
  host: Host,
  signal?: AbortSignal,
): Promise<readonly Check[]> {
  try {
    const { manifest } = await describeRelease(
      { root: host.cwd(), app: "doctor", entries, gitIgnored: false },
      host,
      signal,
    );
    return manifest.entries.map((main) => {
      const surface = hotSurface(manifest, main, { preload });
      const [head = "", ...rest] = surfaceLines(surface);
      return rest.length === 0 ? pass("hot_surface", head) : warn(
        "hot_surface",
        `${head} ${rest.map((line) => line.trim()).join(", and ")}`,
        "see what happens to each piece with: flyhot init --dry-run",
      );
    });
  } catch (error) {
    if (!(error instanceof FlyhotError)) throw error;
    return [];
  }
}

function judgeImport(
  { config }: ProjectFiles,
  sources: readonly { readonly path: string; readonly source: string | null }[],
): Check {
  const { imports, importMap } = config.denoJson;
  const isNamed = (isRecord(imports) && Object.hasOwn(imports, RUNTIME)) ||
    config.packages.has(RUNTIME);
  if (isNamed) return pass("import", `deno.json names ${RUNTIME}`);
  const isImported = sources.some(({ path, source }) =>
    importsIn(path, source).some(({ specifier }) =>
      specifier.includes(`:${RUNTIME}`)
    )
  );
  if (isImported) return pass("import", `the main module names ${RUNTIME}`);
  return typeof importMap === "string"
    ? warn(
      "import",
      `deno.json does not name ${RUNTIME} itself, ${importMap} may`,
      null,
    )
    : warn("import", `deno.json does not name ${RUNTIME}`, REMEDY);
}

/** Judges a main module. */
function judgeMain(path: string, source: string | null): Check {
  if (source === null) {
    return warn(
      "main_module",
      `${path} is not there`,
      `name the main module under "flyhot".entry in deno.json`,
    );
  }
  return importsIn(path, source).some(({ names, specifier }) =>
      names?.includes("reapply") && specifier.includes(RUNTIME)
    )
    ? pass("main_module", `${path} calls reapply()`)
    : warn("main_module", `${path} does not call reapply()`, REMEDY);
}

function importsIn(path: string, source: string | null) {
  if (source === null) return [];
  try {
    return analyzeScript(path, source).imports ?? [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}
