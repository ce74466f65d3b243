/** What code runs, and which stylesheets it has, for open pages.
 * @module
 */
import { createHash } from "node:crypto";
import { AppFiles } from "../release/app_files.ts";
import {
  type PageNews,
  type PageVersion,
  stylesheets,
  withHash,
} from "./page_events.ts";
import { appProcess } from "../process/process.ts";

const ofBaseImage = new Map<string, Promise<readonly string[]>>();

/** What code runs. Unlike `info()` it answers at once, so that it can be written into a page. */
export function pageVersion(): PageVersion {
  const { release } = appProcess;
  const image = Deno.env.get("FLY_IMAGE_REF") ?? "";
  const digest = createHash("sha256")
    .update(`${image}\n${release?.sha256 ?? "base"}`).digest("hex");
  return {
    version: release?.wanted.version ?? null,
    fingerprint: digest.slice(0, 12),
  };
}

/** What a page needs to bring its stylesheets up to date. */
export async function pageNews(
  assets: readonly string[] | null,
): Promise<PageNews> {
  const { release, root } = appProcess;
  const paths = release
    ? Object.keys(release.manifest.files)
    : root === null
    ? []
    : await baseStylesheets(root);
  return {
    ...pageVersion(),
    hashed: withHash(stylesheets(paths)),
    changed: assets && stylesheets(assets),
  };
}

function baseStylesheets(root: string): Promise<readonly string[]> {
  let known = ofBaseImage.get(root);
  if (!known) {
    known = new AppFiles(root).list().then(stylesheets).catch((error) => {
      appProcess.logger.warn(
        `open pages will not find renamed stylesheets: Cannot list ${root}: ${error}`,
      );
      return [];
    });
    ofBaseImage.set(root, known);
  }
  return known;
}
