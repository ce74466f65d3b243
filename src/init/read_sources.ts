/** Reading what a plan for an app is made from.
 * @module
 */
import type { Host } from "../host.ts";
import { joinPath } from "../values.ts";
import { type ProjectFiles, readProject } from "../release/project_files.ts";
import type { InitSources } from "./init_plan.ts";

const MODULES_MAX = 2000;

/**
 * Reads an app's folder.
 *
 * @param folder the folder
 * @param host the disk
 * @returns its files, as far as a plan needs them
 * @throws {FlyhotError} `usage` if a configuration file is no JSON
 */
export async function readInitSources(
  folder: string,
  host: Pick<Host, "files" | "cwd">,
): Promise<InitSources> {
  const project = await readProject(folder, host);
  const { read, paths, config } = project;
  const entries = project.entries?.entries ?? [];
  const modules = new Map<string, string>();
  const isModule = (path: string) => /\.[cm]?[jt]sx?$/.test(path);
  const wanted = [...entries, ...[...paths].filter(isModule)];
  for (const path of wanted.slice(0, MODULES_MAX)) {
    const source = await read(path);
    if (source !== null) modules.set(path, source);
  }
  return {
    paths,
    modules,
    entries,
    denoJson: await denoJsonOf(project),
    packages: config.packages,
    dockerfile: config.dockerfile,
    flyToml: config.flyToml,
    dockerignore: await read(".dockerignore"),
    gitignore: await read(".gitignore"),
    isRepository: await host.files.stat(joinPath(folder, ".git")) !== null,
  };
}

async function denoJsonOf(
  { read, config }: ProjectFiles,
): Promise<InitSources["denoJson"]> {
  for (const path of ["deno.json", "deno.jsonc"]) {
    const text = await read(path);
    if (text !== null) return { path, text, value: config.denoJson };
  }
  return null;
}
