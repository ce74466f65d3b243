/** Does the app in this folder hand itself over to the runtime? Hints only: it may do so in ways that are not seen here.
 * @module
 */
import type { ResolvedConfig } from "../config/resolve.ts";
import type { Host } from "../host.ts";
import { findSpecifiers, maskText } from "../source_text.ts";
import { isRecord } from "../values.ts";
import { type ProjectFiles, readProject } from "../release/project_files.ts";
import { type Check, fail, pass, warn } from "./check.ts";

const RUNTIME = "@flyhot/runtime";
const REMEDY = "see what to add with: flyhot init";

/**
 * Looks at the app's folder: its import of the runtime, and its main modules.
 *
 * @param config the values
 * @param host the disk
 * @returns what was found; nothing where the folder holds no app
 */
export async function checkProject(
  config: ResolvedConfig,
  host: Pick<Host, "files" | "cwd">,
): Promise<readonly Check[]> {
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
  return [
    judgeImport(project, sources),
    ...sources.map(({ path, source }) => judgeMain(path, source)),
  ];
}

function judgeImport(
  { config }: ProjectFiles,
  sources: readonly { readonly source: string | null }[],
): Check {
  const { imports, importMap } = config.denoJson;
  const isNamed = (isRecord(imports) && Object.hasOwn(imports, RUNTIME)) ||
    config.packages.has(RUNTIME);
  if (isNamed) return pass("import", `deno.json names ${RUNTIME}`);
  const isImported = sources.some(({ source }) =>
    findSpecifiers(source ?? "").some(({ specifier }) =>
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

/**
 * Judges a main module.
 *
 * @param path its path
 * @param source its text, or null if it is not there
 * @returns the check
 */
export function judgeMain(path: string, source: string | null): Check {
  if (source === null) {
    return warn(
      "main_module",
      `${path} is not there`,
      `name the main module under "flyhot".entry in deno.json`,
    );
  }
  return /(?<![\w$.])reapply\s*\(/.test(maskText(source))
    ? pass("main_module", `${path} calls reapply()`)
    : warn("main_module", `${path} does not call reapply()`, REMEDY);
}
