/** Bringing a release to the bucket.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import { releaseKey, type ReleaseSignature } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { digestOf } from "./digest.ts";
import type { PackedRelease } from "./pack/pack.ts";

/** A release in the bucket. */
export interface PublishedRelease {
  readonly key: string;
  /** Where it is; never signed. */
  readonly url: string;
  /** Whether it was there already. */
  readonly existed: boolean;
  /** Who vouches for it, where somebody does. */
  readonly signature?: ReleaseSignature;
}

const ATTEMPTS_MAX = 4;
const RETRY_MS = 500;

/** Uploads a release and reads it back: afterwards it is there whole, and young enough that nobody prunes it. */
export async function publishRelease(
  release: PackedRelease,
  { host, bucket }: { readonly host: Host; readonly bucket: Bucket },
  signal?: AbortSignal,
): Promise<PublishedRelease> {
  const { manifest, sha256, size } = release;
  const key = releaseKey(manifest.app, manifest.version, sha256);
  const url = bucket.url(key);
  const content = await new Response(await host.files.open(release.path))
    .bytes();
  let existed = false;
  let trouble = "it is not there after it was written";
  // Not `retry`: what became of the write decides less than what is there afterwards.
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (attempt > 1) await host.sleep(RETRY_MS * (attempt - 1), signal);
    const outcome = await bucket.put(key, content, { ifNoneMatch: "*" }, {
      signal,
      contentType: "application/gzip",
    });
    if (outcome.status === "unsupported") {
      throw new FlyhotError(
        "conflict",
        `Cannot publish ${url}: the bucket does not honor conditional writes (${outcome.reason})`,
        { hint: "use a store that does, such as Tigris, AWS S3, R2 or Ceph" },
      );
    }
    if (outcome.status === "unknown") trouble = outcome.reason;
    if (outcome.status === "lost") existed = attempt === 1;
    // What became of the write does not matter, only what is there now.
    const found = await bucket.get(key, { signal });
    if (found.status !== "found") continue;
    const stored = await digestOf(found.body);
    if (stored.sha256 === sha256 && stored.size === size) {
      if (outcome.status !== "lost") return { key, url, existed };
      // Written once more, so that it is young for whoever prunes at this moment.
      const again = await bucket.put(key, content, { ifMatch: found.etag }, {
        signal,
        contentType: "application/gzip",
      });
      if (again.status === "written") return { key, url, existed };
      trouble = again.status === "lost"
        ? "somebody removes it at the same time"
        : again.reason;
      continue;
    }
    if (outcome.status !== "written") {
      throw new FlyhotError(
        "conflict",
        `Cannot publish ${url}: something else is stored under this name (${stored.size} bytes with SHA-256 ${stored.sha256}, where the release has ${size} bytes with ${sha256})`,
        { hint: "remove that object, or change the app's version" },
      );
    }
    throw new FlyhotError(
      "network",
      `Cannot publish ${url}: it came back different (${stored.size} bytes with SHA-256 ${stored.sha256}, where ${size} bytes with ${sha256} were sent)`,
      { hint: "remove that object, then try again" },
    );
  }
  throw new FlyhotError("network", `Cannot publish ${url}: ${trouble}`, {
    hint: "check the network, then try again",
  });
}

/** Uploads a release once more if it is not there any more. */
export async function keepPublished(
  release: PackedRelease,
  key: string,
  deps: { readonly host: Host; readonly bucket: Bucket },
  signal?: AbortSignal,
): Promise<void> {
  const found = await deps.bucket.get(key, { signal });
  if (found.status === "found") return await found.body.cancel();
  await publishRelease(release, deps, signal);
}
