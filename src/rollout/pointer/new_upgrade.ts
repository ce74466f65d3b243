/** What the pointer says of an upgrade when its rollout begins.
 * @module
 */
import { type HotUpgrade, ulid } from "@flyhot/runtime/protocol";
import type { Host } from "../../host.ts";
import type { PublishedRelease } from "../../release/publish.ts";
import type { Prepared } from "../prepare.ts";

/** Who upgrades, and what machines are told besides the release. */
export interface UpgradeOptions {
  /** Who does it. */
  readonly deployedBy: string;
  /** For how long machines watch new code, in milliseconds. Default: what each was started with. */
  readonly probationMs?: number;
  /** What is consented to for this upgrade, besides what deno.json says. */
  readonly consent?: readonly string[];
  /** The commit that the release was packed from, where it is exactly that. */
  readonly commit?: string;
  /** What it is about, for people. */
  readonly message?: string;
}

/** The record of an upgrade on probation that no machine may apply yet. */
export function newUpgrade(
  { deployedBy, probationMs, consent, commit, message }: UpgradeOptions,
  { release: { manifest, sha256, size } }: Pick<Prepared, "release">,
  { key, url, signature }: PublishedRelease,
  host: Pick<Host, "now" | "randomBytes">,
): HotUpgrade {
  return {
    id: ulid(host.now(), host.randomBytes(10)),
    version: manifest.version,
    source_image_ref: manifest.source_image_ref,
    key,
    tarball_url: url,
    sha256,
    size,
    deployed_at: new Date(host.now()).toISOString(),
    deployed_by: deployedBy,
    state: "probation",
    wave: [],
    ...(probationMs === undefined ? {} : { probation_ms: probationMs }),
    ...(commit === undefined ? {} : { commit }),
    ...(message ? { message } : {}),
    ...(consent?.length ? { consent } : {}),
    ...(signature ? { signature } : {}),
  };
}
