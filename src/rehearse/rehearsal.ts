/** One rehearsal between two versions of a repository, on this computer.
 * @module
 */
import {
  type PackedApp,
  type RehearsalReport,
  rehearse,
  TestAppError,
} from "@flyhot/runtime/testing";
import { configIn, filesChosen } from "../config/load.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { denoProgram } from "../release/graph/deno_program.ts";
import { packRelease } from "../release/pack/pack.ts";
import { type AppStart, appStart } from "./app_start.ts";
import type { GivenRequests } from "./requests_given.ts";
import type { Repository, Version } from "./versions.ts";

const APP = "rehearsal";
const LINES_SHOWN_MAX = 10;

/** What a rehearsal works with. */
export interface RehearsalWorld {
  readonly host: Host;
  /** The versions. */
  readonly repository: Repository;
  /** What is asked. */
  readonly given: GivenRequests;
  /** What is consented to for the upgrade, besides what deno.json says. */
  readonly consent: readonly string[];
  /** The process group of fly.toml that is rehearsed; null for that which serves. */
  readonly group: string | null;
  /** The port that the app listens on; null to find it out. */
  readonly port: number | null;
  readonly signal: AbortSignal;
}

/** Rehearses one upgrade. */
export async function rehearseBetween(
  from: Version,
  to: Version,
  world: RehearsalWorld,
): Promise<RehearsalReport> {
  const { host, repository, given, consent, port, signal } = world;
  const [before, after] = await Promise.all([
    startOf(from, world),
    startOf(to, world),
  ]);
  const settings = (start: AppStart) => {
    const at = port ?? start.port;
    return {
      command: start.command,
      env: start.env,
      ...(at === null ? {} : { port: at }),
    };
  };
  const { root: path, appFolder: folder } = repository;
  try {
    return await rehearse({
      ...settings(before),
      app: APP,
      folder,
      consent,
      from: { git: from.id, path },
      to: { git: to.id, path },
      fresh: settings(after),
      requests: given.requests,
      masks: given.masks,
      signal,
      pack: (folder, options) => pack(folder, options, host),
    });
  } catch (error) {
    // The app may have ended by the same Ctrl-C.
    signal.throwIfAborted();
    if (!(error instanceof TestAppError)) throw error;
    const listens = /Listening on https?:\/\/\S+?:(\d+)/.exec(error.message);
    throw new FlyhotError("usage", oneSentence(error.message), {
      hint: listens
        ? `name the port that it listens on: --port ${listens[1]}`
        : "fly.toml, the Dockerfile or the task start of deno.json say how it is started; flyhot doctor tells more",
      cause: error,
    });
  }
}

/** With the last lines that the app wrote, as one. */
function oneSentence(message: string): string {
  const [what = "", ...wrote] = message.split("\n").map((line) => line.trim());
  const lines = wrote.filter((line) => !/^(?:Download|Check) /.test(line));
  return [what, lines.slice(-LINES_SHOWN_MAX).join(" | ")].join(" ").trim();
}

async function startOf(
  version: Version,
  { repository, host, group }: RehearsalWorld,
): Promise<AppStart> {
  const read = (path: string) => repository.readText(version, path);
  return await appStart(
    {
      flyToml: await read("fly.toml"),
      dockerfile: await read("Dockerfile"),
      denoJson: await read("deno.json") ?? await read("deno.jsonc"),
      packageJson: await read("package.json"),
      readsPort: await repository.says(version, "PORT"),
      module: read,
    },
    denoProgram(host),
    group,
  );
}

/** In this process: the files are those of a commit, so that nothing of them is ignored. */
async function pack(
  folder: string,
  { output, signal }: { readonly output: string; readonly signal: AbortSignal },
  host: Host,
): Promise<PackedApp> {
  const release = await packRelease(
    {
      root: folder,
      app: APP,
      ...filesChosen(await configIn(host, folder)),
      gitIgnored: false,
    },
    host,
    signal,
  );
  try {
    await host.files.write(output, await host.files.open(release.path));
    const { manifest, sha256, size } = release;
    return {
      path: output,
      version: manifest.version,
      sourceImageRef: manifest.source_image_ref,
      sha256,
      size,
    };
  } finally {
    await release.dispose();
  }
}
