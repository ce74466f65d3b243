/** The files that belong to a release.
 * @module
 */
import { isReleasePath, MANIFEST_PATH } from "@flyhot/runtime/protocol";
import { assertValidPath } from "@std/tar";
import { joinPath } from "../../base/values.ts";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { isForDevelopment, isSecretLike } from "@flyhot/runtime/plan";
import { ignoreLines, ignoreTest } from "../../config/ignore.ts";

/** How many files a release may have. */
export const FILES_MAX = 10_000;
/** How large all its files together may be, in bytes. */
export const BYTES_MAX = 512 * 1024 * 1024;
/** How large one of them may be, in bytes; machines refuse larger ones. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Options of {@linkcode collectFiles}. */
export interface CollectOptions {
  /** The app's folder. */
  readonly root: string;
  /** Patterns of files that belong to it whatever else leaves them out. */
  readonly include?: readonly string[];
  /** Patterns of files that do not. */
  readonly exclude?: readonly string[];
  /** Leave out what git ignores. Default false. */
  readonly gitIgnored?: boolean;
}

/** The files found. */
export interface Collected {
  /** Length in bytes by path, in path order. */
  readonly files: ReadonlyMap<string, number>;
  /** The same of files that no release needs or that look like secrets; what a module imports belongs to the app all the same. */
  readonly aside: ReadonlyMap<string, number>;
  /** The same of files that only git ignores: generated ones, of which the app needs what it imports. */
  readonly generated: ReadonlyMap<string, number>;
  /** The links; none was followed. */
  readonly links: readonly string[];
  /** What else was left out that somebody may miss, one sentence each. */
  readonly notes: readonly string[];
}

// Made by tools on every machine again; never part of an app.
const FOLDERS_OUT = new Set([".git", ".flyhot", "node_modules"]);

/** Finds the regular files of an app, without what `.dockerignore` and the options leave out. */
export async function collectFiles(
  options: CollectOptions,
  host: Host,
  signal?: AbortSignal,
): Promise<Collected> {
  const { root } = options;
  const notes: string[] = [];
  const ignored = await readIgnoreTest(options, host);
  const included = testOf(options.include ?? []);
  const tracked = options.gitIgnored
    ? await gitFiles(root, host, notes, signal)
    : null;
  const files: [path: string, size: number][] = [];
  const aside = new Map<string, number>();
  const generated = new Map<string, number>();
  const names = new Map<string, string>();
  let bytes = 0;
  const links: string[] = [];
  const enter = (path: string) =>
    !FOLDERS_OUT.has(path.split("/").at(-1) ?? "");
  for await (const entry of host.files.walk(root, enter)) {
    signal?.throwIfAborted();
    const { path, kind, size } = entry;
    if (kind === "directory" || !enter(path) || ignored(path)) continue;
    if (tracked && !tracked(path) && !included(path)) {
      if (kind === "file") generated.set(path, size);
      continue;
    }
    if (kind !== "file") {
      if (kind === "link") links.push(path);
      else {
        notes.push(
          `${path} is left out: a release holds regular files only, and this is something else`,
        );
      }
      continue;
    }
    if (!included(path) && isAside(path)) {
      aside.set(path, size);
      continue;
    }
    checkName(path, names);
    files.push([path, size]);
    bytes += size;
    const tooMuch = size > FILE_BYTES_MAX
      ? `${path} is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`
      : bytes > BYTES_MAX
      ? `it is larger than ${BYTES_MAX / 1024 / 1024} MiB`
      : files.length > FILES_MAX
      ? `it has more than ${FILES_MAX} files`
      : null;
    if (tooMuch !== null) {
      throw new FlyhotError("usage", `Cannot pack ${root}: ${tooMuch}`, {
        hint: "leave files out with .dockerignore or exclude",
      });
    }
  }
  files.sort(([a], [b]) => a < b ? -1 : 1);
  return { files: new Map(files), aside, generated, links, notes };
}

/** Secrets and databases do not belong into a bucket; tests and editor settings are not part of what runs. */
export function isAside(path: string): boolean {
  return isSecretLike(path) ||
    isForDevelopment(path) && !/\.d\.[cm]?ts$/.test(path);
}

/** Says once what was left out of a release for its name. */
export function asideNotes(paths: Iterable<string>): string[] {
  const secret: string[] = [];
  const other: string[] = [];
  for (const path of paths) (isSecretLike(path) ? secret : other).push(path);
  return [
    ...(secret.length > 0
      ? [
        `left out, because they look like secrets or databases: ${
          some(secret)
        } ("include" takes them in)`,
      ]
      : []),
    ...(other.length > 0
      ? [
        `left out, because only those who work on the app need them: ${
          some(other)
        } ("include" takes them in)`,
      ]
      : []),
  ];
}

function some(paths: readonly string[]): string {
  const sorted = paths.toSorted();
  const shown = sorted.slice(0, 5).join(", ");
  return sorted.length > 5 ? `${shown} and ${sorted.length - 5} more` : shown;
}

async function readIgnoreTest(
  { root, include = [], exclude = [] }: CollectOptions,
  host: Host,
): Promise<(path: string) => boolean> {
  const dockerIgnore = await host.files.readText(
    joinPath(root, ".dockerignore"),
  );
  return testOf([
    ...ignoreLines(dockerIgnore ?? ""),
    ...exclude,
    ...include.map((pattern) => `!${pattern}`),
  ]);
}

function testOf(patterns: readonly string[]): (path: string) => boolean {
  try {
    return ignoreTest(patterns);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FlyhotError("usage", cause.message, {
      hint: "correct it in .dockerignore, include or exclude",
      cause,
    });
  }
}

function checkName(path: string, names: Map<string, string>): void {
  const hint = "rename it, or leave it out with .dockerignore or exclude";
  if (path === MANIFEST_PATH) {
    throw new FlyhotError(
      "usage",
      `Cannot pack ${path}: a release keeps its manifest under this name`,
      { hint },
    );
  }
  let refusal = isReleasePath(path)
    ? null
    : "its name cannot be used on every platform";
  try {
    assertValidPath(path);
  } catch {
    refusal ??= "its name is too long for a tar archive";
  }
  const folded = path.normalize("NFC").toLowerCase();
  const twin = names.get(folded);
  if (twin !== undefined) refusal ??= `it differs from ${twin} only in case`;
  names.set(folded, path);
  if (refusal !== null) {
    throw new FlyhotError("usage", `Cannot pack ${path}: ${refusal}`, { hint });
  }
}

async function gitFiles(
  root: string,
  host: Host,
  notes: string[],
  signal?: AbortSignal,
): Promise<((path: string) => boolean) | null> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  try {
    const { code, stdout } = await host.run("git", args, {
      cwd: root,
      signal,
    });
    if (code === 0) {
      const listed = new Set(stdout.split("\0"));
      // Of a submodule only the folder is listed.
      return (path) => {
        const parts = path.split("/");
        return parts.some((_, index) =>
          listed.has(parts.slice(0, index + 1).join("/"))
        );
      };
    }
    notes.push(
      `git-ignored files are not left out: ${root || "."} is not a git tree`,
    );
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NotFound") throw error;
    notes.push("git-ignored files are not left out: there is no git on PATH");
  }
  return null;
}
