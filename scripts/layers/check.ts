/**
 * Proves that the modules keep to the layers of the design: prints one line for
 * each broken rule and ends with 1 if there is any.
 *
 * ```sh
 * deno run -A scripts/jsr.ts run -A scripts/layers/check.ts
 * ```
 *
 * @module
 */

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { checkSources } from "./effects.ts";
import { checkEdges, type Edge, roomOf, type Violation } from "./layers.ts";

/** What `deno info --json` says of a module, as far as it is read here. */
interface InfoModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Reads the imports between the files of a folder out of a module graph. */
export function readEdges(
  modules: readonly InfoModule[],
  root: string,
): Edge[] {
  const edges: Edge[] = [];
  for (const { specifier, dependencies = [] } of modules) {
    const from = pathInside(specifier, root);
    for (const { code, type } of from ? dependencies : []) {
      const target = code?.specifier ?? type?.specifier;
      const to = target && pathInside(target, root);
      if (from && to) edges.push({ from, to });
    }
  }
  return edges;
}

function pathInside(specifier: string, root: string): string | undefined {
  if (!specifier.startsWith("file:")) return undefined;
  const path = relative(root, fileURLToPath(specifier)).replaceAll("\\", "/");
  return path.startsWith("../") ? undefined : path;
}

/** The modules that make up the product, as paths from the root. */
async function productFiles(): Promise<string[]> {
  const files: string[] = [];
  async function walk(folder: string): Promise<void> {
    for await (
      const { name, isDirectory } of Deno.readDir(join(ROOT, folder))
    ) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else if (roomOf(path)) files.push(path);
    }
  }
  for await (const { name, isFile } of Deno.readDir(ROOT)) {
    if (isFile && roomOf(name)) files.push(name);
  }
  for (const folder of ["src", "runtime"]) await walk(folder);
  return files.sort();
}

/** Asks deno for the graph of each file that no earlier graph has. */
async function productEdges(files: readonly string[]): Promise<Edge[]> {
  const found = new Map<string, InfoModule>();
  for (const file of files) {
    if ([...found.keys()].some((url) => pathInside(url, ROOT) === file)) {
      continue;
    }
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      { args: ["info", "--json", file], cwd: ROOT },
    ).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) {
      throw new Error(`Cannot read the imports of ${file}: ${decode(stderr)}`);
    }
    const { modules } = JSON.parse(decode(stdout)) as { modules: InfoModule[] };
    for (const module of modules) found.set(module.specifier, module);
  }
  return readEdges([...found.values()], ROOT);
}

/** Writes a violation as a line. */
export function formatViolation({ from, to, why }: Violation): string {
  return `${from} -> ${to}: ${why}`;
}

async function main(): Promise<number> {
  const files = await productFiles();
  const sources = new Map<string, string>();
  for (const file of files) {
    sources.set(file, await Deno.readTextFile(join(ROOT, file)));
  }
  const edges = await productEdges(files);
  const violations = [...checkEdges(edges), ...checkSources(sources)];
  const lines = violations.map(formatViolation);
  lines.push(
    violations.length === 0
      ? `layers hold: ${files.length} modules, ${edges.length} imports`
      : `layers are broken in ${violations.length} places`,
  );
  // deno-lint-ignore no-console -- the answer of this script
  console.log(lines.join("\n"));
  return violations.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
