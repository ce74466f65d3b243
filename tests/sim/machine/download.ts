/** Downloading and checking a release in a simulated machine, as the runtime does it.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import {
  type Manifest,
  MANIFEST_PATH,
  parseManifest,
} from "@flyhot/runtime/protocol";
import { UntarStream } from "@std/tar";
import { UpgradeError } from "../../../runtime/base/upgrade_error.ts";
import type { WantedRelease } from "../../../runtime/release/wanted.ts";
import { digestOf } from "../../../src/release/digest.ts";

/** Downloads a release; throws where it is not what the pointer says. */
export async function download(
  wanted: WantedRelease,
  bucket: Bucket | null,
): Promise<{ sha256: string; manifest: Manifest }> {
  const key = bucket?.keyOf(wanted.tarballUrl ?? "") ?? null;
  if (!bucket || key === null) {
    throw new UpgradeError(
      "fetch",
      `${wanted.tarballUrl} is not in the bucket`,
    );
  }
  let found: Awaited<ReturnType<Bucket["get"]>>;
  try {
    found = await bucket.get(key);
  } catch (error) {
    throw new UpgradeError("fetch", String(error), { transient: true });
  }
  if (found.status !== "found") {
    throw new UpgradeError("fetch", `${key} is not there`, { transient: true });
  }
  const [one, two] = found.body.tee();
  const [digest, manifest] = await Promise.all([
    digestOf(one),
    manifestOf(two),
  ]);
  if (digest.sha256 !== wanted.sha256 || digest.size !== wanted.size) {
    throw new UpgradeError("verify", `${key} is not what the pointer says`);
  }
  return { sha256: digest.sha256, manifest };
}

async function manifestOf(
  tarball: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Manifest> {
  const entries = tarball.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new UntarStream());
  for await (const { path, readable } of entries) {
    if (path !== MANIFEST_PATH) break;
    return parseManifest(await new Response(readable).json());
  }
  throw new TypeError("a release begins with its manifest");
}
