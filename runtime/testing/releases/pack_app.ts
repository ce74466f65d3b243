/** Packs a folder into a release, by the `flyhot` command as a process of its own.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { delimiter, dirname } from "node:path";
import { env } from "node:process";
import config from "../../deno.json" with { type: "json" };
import { TestAppError } from "../test_app_error.ts";

/** A release on disk. */
export interface PackedApp {
  /** The archive. */
  readonly path: string;
  /** The app's version in it. */
  readonly version: string;
  /** What it was packed from. */
  readonly sourceImageRef: string;
  /** SHA-256 of the archive. */
  readonly sha256: string;
  /** Length of the archive in bytes. */
  readonly size: number;
}

/** How the `flyhot` command is run: both packages have the same version. */
export function flyhotCommand(): readonly string[] {
  return [
    Deno.execPath(),
    "run",
    "-A",
    "--no-config",
    "--no-lock",
    "--quiet",
    `jsr:@flyhot/cli@${config.version}`,
  ];
}

/** Packs a folder. */
export async function packApp(
  folder: string,
  options: {
    readonly name: string;
    readonly app: string;
    readonly output: string;
    readonly flyhot: readonly string[];
  },
  signal: AbortSignal,
): Promise<PackedApp> {
  const { name, app, output, flyhot } = options;
  const [program = "", ...args] = flyhot;
  const { stdout, stderr } = await run(program, [
    ...args,
    "pack",
    folder,
    "--app",
    app,
    "--output",
    output,
    "--include-ignored",
    "--json",
  ], signal);
  const answer = parsed(stdout);
  const { error, version, source_image_ref, sha256, size } = answer ?? {};
  if (
    typeof version === "string" && typeof source_image_ref === "string" &&
    typeof sha256 === "string" && typeof size === "number"
  ) {
    const sourceImageRef = source_image_ref;
    return { path: output, version, sourceImageRef, sha256, size };
  }
  const why = error?.message
    ? `${error.message}${error.hint ? ` (${error.hint})` : ""}`
    : `${flyhot.join(" ")} says: ${stderr.trim() || stdout.trim()}`;
  throw new TestAppError(`Cannot pack the version ${name}: ${why}`);
}

interface PackAnswer {
  readonly error?: { readonly message?: string; readonly hint?: string };
  readonly version?: unknown;
  readonly source_image_ref?: unknown;
  readonly sha256?: unknown;
  readonly size?: unknown;
}

function parsed(text: string): PackAnswer | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

async function run(
  program: string,
  args: string[],
  signal: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  try {
    const output = await new Deno.Command(program, {
      args,
      // The command runs deno itself, which need not be on PATH here.
      env: { PATH: `${dirname(Deno.execPath())}${delimiter}${env.PATH ?? ""}` },
      stdin: "null",
      signal,
    }).output();
    signal.throwIfAborted();
    const decoder = new TextDecoder();
    return {
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (cause) {
    const why = errorText(cause);
    throw new TestAppError(`Cannot run ${program}: ${why}`, { cause });
  }
}
