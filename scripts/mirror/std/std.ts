/**
 * The standard library for networks that reach npm but not JSR: packages whose
 * modules are one line each, re-exporting the npm republication under types of
 * our own.
 *
 * @module
 */

import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import type { PackageSnapshot, RegistryPackage } from "../package.ts";
import { REPUBLICATION, STD_MODULES, type StdModule } from "./std_table.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const TAR_FILES = [
  "mod.ts",
  "tar_stream.ts",
  "untar_stream.ts",
  "header.ts",
  "limits.ts",
];

/** Reads which JSR packages an import map names. */
export function jsrVersions(
  imports: Readonly<Record<string, string>>,
): Map<string, string> {
  const versions = new Map<string, string>();
  for (const target of Object.values(imports)) {
    if (!target.startsWith("jsr:")) continue;
    const match = /^jsr:\/?(@[^/]+\/[^/@]+)@(\d+\.\d+\.\d+[^/^~]*)$/.exec(
      target,
    );
    const [, name, version] = match ?? [];
    if (!name || !version) {
      throw new Error(
        `Cannot mirror ${target}: it names no exact version; write jsr:@scope/name@1.2.3 in deno.json`,
      );
    }
    versions.set(name, version);
  }
  return versions;
}

/** Makes the packages that stand for those of the standard library. */
export function stdPackages(
  versions: ReadonlyMap<string, string>,
): RegistryPackage[] {
  return [...versions].map(([name, version]) => {
    if (name === "@std/tar") return { name, snapshot: () => tar(version) };
    const modules = STD_MODULES[name];
    if (!modules) {
      throw new Error(
        `Cannot mirror ${name}: no npm republication of it is known; add one to scripts/mirror/std/std_table.ts`,
      );
    }
    return { name, snapshot: () => republish(version, modules) };
  });
}

async function republish(
  version: string,
  modules: readonly StdModule[],
): Promise<PackageSnapshot> {
  const exports: Record<string, string> = {};
  const files = new Map<string, Uint8Array<ArrayBuffer>>();

  for (const { entry, module, types } of modules) {
    const path = module.replace(/\.js$/, ".ts");
    exports[entry] = `./${path}`;
    files.set(types, await Deno.readFile(join(HERE, "types", types)));
    const up = posix.relative(posix.dirname(module), types);
    // A whole module: what npm has, under types of ours.
    const text = `// @ts-types="${up}"
export * from "${REPUBLICATION}/${module}";
`;
    files.set(path, new TextEncoder().encode(text));
  }
  return { version, exports, files };
}

async function tar(version: string): Promise<PackageSnapshot> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of TAR_FILES) {
    files.set(name, await Deno.readFile(join(HERE, "tar", name)));
  }
  const exports = {
    ".": "./mod.ts",
    "./tar-stream": "./tar_stream.ts",
    "./untar-stream": "./untar_stream.ts",
  };
  return { version, exports, files };
}
