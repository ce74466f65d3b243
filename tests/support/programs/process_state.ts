/** The state of the runtime of this process, lent to a test.
 * @module
 */
import type { CurrentRelease } from "../../../runtime/release/wanted.ts";
import { appProcess } from "../../../runtime/process/process.ts";

/** What a test wants the runtime to believe. */
export interface SystemState {
  /** The app root. Default not known. */
  readonly root?: string;
  /** The release that is in. Default none. */
  readonly release?: CurrentRelease;
  /** The folders of earlier releases. Default none. */
  readonly earlierFolders?: readonly string[];
}

/** Puts the runtime of this process into a state, until it is disposed. */
export function systemState(state: SystemState): Disposable {
  const { root, release, earlierFolders, logger } = appProcess;
  appProcess.root = state.root ?? null;
  appProcess.release = state.release ?? null;
  appProcess.earlierFolders = [...state.earlierFolders ?? []];
  return {
    [Symbol.dispose]() {
      Object.assign(appProcess, { root, release, earlierFolders, logger });
    },
  };
}

/** A release that is in. */
export function releaseIn(
  folder: string,
  version = "1.0.0",
  paths: readonly string[] = [],
): CurrentRelease {
  const sha256 = "0".repeat(64);
  const file = { sha256, size: 1, kind: "asset" } as const;
  return {
    wanted: {
      id: "01K94R",
      version,
      sourceImageRef: "registry.fly.io/site:deployment-2",
      deployedAt: "2024-01-15T10:30:00Z",
      tarballUrl: "https://example.com/release.tar.gz",
      sha256,
      size: 1,
    },
    sha256,
    manifest: {
      protocol: 1,
      app: "site",
      version,
      source_image_ref: "registry.fly.io/site:deployment-2",
      entries: [],
      files: Object.fromEntries(paths.map((path) => [path, file])),
      modules: {},
      config: {},
      locked: {},
    },
    folder,
    appliedAt: "2024-01-15T10:31:00Z",
  };
}

/** Sets an environment variable until it is disposed. */
export function environmentWith(name: string, value: string): Disposable {
  const before = Deno.env.get(name);
  Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      if (before === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before);
    },
  };
}
