/** An upgrade asked for by the app itself.
 * @module
 */
import { crypto } from "../base/platform/globals.ts";
import { withoutQuery } from "../release/unpack/download/download.ts";
import { runningMachine } from "./reapply.ts";
import type { UpgradeOutcome } from "../upgrade/context.ts";
import { upgradeError } from "../base/upgrade_error.ts";

/** Options of `hotUpgrade()`. */
export interface HotUpgradeOptions {
  /** The digest that the tarball must have. Default: what the bucket holds is believed. */
  readonly sha256?: string;
  /** The version to report. Default the one in the release's manifest is not read before it is applied: `direct`. */
  readonly version?: string;
  /** What is consented to by name for this upgrade: `holder:docs` gives up the state of `docs`. */
  readonly consent?: readonly string[];
}

/** What `hotUpgrade()` did. */
export type HotUpgradeResult =
  | UpgradeOutcome
  | {
    /** It was refused; the old code and state are as they were. */
    readonly state: "failed";
    /** In which step. */
    readonly phase: string;
    /** What was tried, on what, and why it failed. */
    readonly message: string;
  };

/**
 * Performs a hot upgrade of this process with a release named by its URL.
 *
 * Usually `flyhot hot` does this through the pointer; this is the single step beneath it. It never throws.
 *
 * @param tarballUrl where the release is: a URL in the app's bucket (read with its keys), or any `https:` or `file:` URL
 * @param options the digest to insist on, and a version to report
 * @returns what was done, or why it was refused
 *
 * @example
 * ```ts ignore
 * import { hotUpgrade } from "@flyhot/runtime";
 *
 * const result = await hotUpgrade("https://fly.storage.tigris.dev/bucket/releases/my-app-1.2.3-3f9a2c1d77aa.tar.gz");
 * console.log(result.state); // "applied"
 * ```
 */
export async function hotUpgrade(
  tarballUrl: string,
  options: HotUpgradeOptions = {},
): Promise<HotUpgradeResult> {
  try {
    const machine = await runningMachine();
    return await machine.bringInDirectly({
      id: crypto.randomUUID(),
      version: options.version ?? "direct",
      sourceImageRef: withoutQuery(tarballUrl),
      deployedAt: new Date().toISOString(),
      tarballUrl,
      sha256: options.sha256 ?? null,
      size: null,
      consent: options.consent ?? [],
    });
  } catch (thrown) {
    const { phase, message } = upgradeError("check", null, thrown);
    return { state: "failed", phase, message };
  }
}
