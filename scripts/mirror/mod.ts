/**
 * The loopback registry as a whole: our own packages from the working tree, and
 * everything else from JSR or from the npm republication.
 *
 * @module
 */

import { join } from "node:path";
import { type DenoCache, forgetHost } from "./deno_cache.ts";
import {
  registryHandler,
  type RunningRegistry,
  serveRegistry,
} from "./registry.ts";
import { jsrVersions, stdPackages } from "./std/std.ts";
import { JSR, passThrough, type Upstream } from "./upstream.ts";
import { readConfig, workspacePackages } from "./workspace.ts";

/** What {@linkcode startMirror} needs. */
export interface MirrorOptions {
  /** The folder of the workspace. */
  readonly root: string;
  /** Where packages that are not our own come from. */
  readonly upstream: Upstream;
  /** Where `deno` keeps what it downloads. */
  readonly cache: DenoCache;
  /** The registry behind the upstream "jsr". */
  readonly upstreamUrl?: string;
}

/** Reads which JSR packages a workspace needs. */
export async function neededVersions(
  root: string,
): Promise<Map<string, string>> {
  const { imports = {}, workspace = [] } = await readConfig(root);
  const versions = jsrVersions(imports);
  for (const member of workspace) {
    const { imports: own = {} } = await readConfig(join(root, member));
    for (const [name, version] of jsrVersions(own)) versions.set(name, version);
  }
  return versions;
}

/** Starts the loopback registry. */
export async function startMirror(
  { root, upstream, cache, upstreamUrl = JSR }: MirrorOptions,
): Promise<RunningRegistry> {
  const packages = await workspacePackages(root);
  if (upstream === "npm") {
    packages.push(...stdPackages(await neededVersions(root)));
  }
  const fallback = upstream === "jsr"
    ? passThrough(cache, upstreamUrl)
    : undefined;
  const registry = serveRegistry(registryHandler(packages, fallback));
  return {
    ...registry,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await forgetHost(cache, registry.url);
    },
  };
}
