/** Whether packages that the process did not start with can come in, by the way it was started.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { join } from "node:path";
import { parseJsonc } from "../protocol/json/jsonc.ts";
import type { Manifest } from "../protocol/manifest/manifest.ts";

/** Whether packages can come in, and why not. */
export interface PackageAccess {
  /** True if so. */
  readonly possible: boolean;
  /** Why not, as the end of "this process ...". */
  readonly why?: string;
}

/** What decides on it. */
export interface StartedAs {
  /** The command line of the process. */
  readonly args: readonly string[];
  /** The text of the app's `deno.json`; null where there is none. */
  readonly denoJson: string | null;
  /** Whether the app has a `package.json`. */
  readonly hasPackageJson: boolean;
  /** A folder that packages go to and that cannot be written; null where all can. */
  readonly readOnly: string | null;
}

/** Options of `deno run` whose value is the next word. */
const WITH_VALUE =
  /^(?:-c|-L|--(?:config|preload|import|require|import-map|lock|cert|env-file|location|seed|log-level|conditions|port|host|ext))$/;

/** Decides whether packages can come in. */
export function judgePackageAccess(started: StartedAs): PackageAccess {
  const { hasPackageJson, readOnly } = started;
  const options = denoOptions(started.args);
  const said = parsed(started.denoJson);
  const no = (why: string) => ({ possible: false, why });
  const frozen = options.get("--frozen");
  if (frozen !== undefined && frozen !== "false") {
    return no("was started with --frozen");
  }
  if (options.has("--cached-only")) return no("was started with --cached-only");
  for (const option of ["--no-remote", "--no-npm"]) {
    if (options.has(option)) return no(`was started with ${option}`);
  }
  const { lock } = said;
  if (
    frozen === undefined && !options.has("--no-lock") &&
    typeof lock === "object" && lock !== null &&
    (lock as { frozen?: unknown }).frozen === true
  ) return no(`runs with "lock": { "frozen": true } in deno.json`);
  const folder = options.get("--node-modules-dir") ?? said.nodeModulesDir;
  if (folder === "manual") return no(`runs with "nodeModulesDir": "manual"`);
  // What Deno does where nobody says.
  if (folder === undefined && hasPackageJson) {
    return no(
      `runs with a package.json, for which Deno takes packages from node_modules only ("nodeModulesDir": "none" or "auto" in deno.json lets them in)`,
    );
  }
  return readOnly === null
    ? { possible: true }
    : no(`cannot write ${readOnly}, where packages go`);
}

/** The options of `deno` itself, without those of the app. */
function denoOptions(args: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 1; at < args.length; at++) {
    const arg = args[at]!;
    if (WITH_VALUE.test(arg)) at++;
    else if (arg.startsWith("-")) {
      const [name, value = ""] = arg.split("=", 2);
      options.set(
        name!,
        name === "--node-modules-dir" && value === "" ? "auto" : value,
      );
    } else if (arg !== "run" && arg !== "serve") break;
  }
  return options;
}

function parsed(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {};
  try {
    const value: unknown = parseJsonc(text);
    return typeof value === "object" && value !== null
      ? value as Readonly<Record<string, unknown>>
      : {};
  } catch {
    // Deno would not have started with it.
    return {};
  }
}

/** Asks how this process was started. */
export async function packageAccess(
  files: { appText(name: string): Promise<string | null> },
  root: string | null,
): Promise<PackageAccess> {
  return judgePackageAccess({
    args: await commandLine(),
    denoJson: await files.appText("deno.json") ??
      await files.appText("deno.jsonc"),
    hasPackageJson: await files.appText("package.json") !== null,
    readOnly: await readOnlyFolder(root),
  });
}

/** The last answer, for as long as nothing depends on another. */
export class KnownAccess {
  #known: { readonly packages: string; readonly access: PackageAccess } | null =
    null;

  /**
   * Asks how this process was started, unless that was asked for the same packages and they could come in: they are
   * there since, or their import says what has changed.
   */
  async ask(
    files: { appText(name: string): Promise<string | null> },
    root: string | null,
    packages: Manifest["packages"] | null,
  ): Promise<PackageAccess> {
    const text = packages === null ? null : JSON.stringify(packages ?? {});
    if (text !== null && this.#known?.packages === text) {
      return this.#known.access;
    }
    const access = await packageAccess(files, root);
    this.#known = text !== null && access.possible
      ? { packages: text, access }
      : null;
    return access;
  }
}

async function commandLine(): Promise<string[]> {
  try {
    const text = await nativeFiles.readTextFile("/proc/self/cmdline");
    return text.split("\0").slice(0, -1);
  } catch {
    // Not Linux, or not permitted: nothing is known against it.
    return [];
  }
}

async function readOnlyFolder(root: string | null): Promise<string | null> {
  const cache = cacheFolder();
  const folders = [
    ...cache === null ? [] : [cache],
    ...root !== null && await exists(join(root, "node_modules"))
      ? [join(root, "node_modules")]
      : [],
  ];
  for (const folder of folders) {
    try {
      await Deno.remove(
        await Deno.makeTempFile({ dir: folder, prefix: ".flyhot-" }),
      );
    } catch (error) {
      // Deno makes its folder when it first needs one, and may write where the app may not.
      if (
        !(error instanceof Deno.errors.NotFound ||
          error instanceof Deno.errors.NotCapable)
      ) return folder;
    }
  }
  return null;
}

function cacheFolder(): string | null {
  try {
    const own = Deno.env.get("DENO_DIR");
    if (own) return own;
    const caches = Deno.env.get("XDG_CACHE_HOME");
    if (caches) return join(caches, "deno");
    const home = Deno.env.get("HOME");
    return home ? join(home, ".cache", "deno") : null;
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await nativeFiles.stat(path);
    return true;
  } catch {
    return false;
  }
}
