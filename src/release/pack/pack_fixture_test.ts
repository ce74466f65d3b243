/** An app that is packed, and what lies in its archive.
 * @module
 */

import { UntarStream } from "@std/tar";
import { withApp } from "../../../tests/support/temp_app.ts";
import { denoHost } from "../../host_deno.ts";
import { type PackedRelease, type PackOptions, packRelease } from "./pack.ts";

/** The files of a small app. */
export const APP = {
  "deno.json": `{ "version": "1.2.3", "imports": { "#lib/": "./lib/" } }`,
  "fly.toml":
    `app = "shop"\n[processes]\n  web = "deno run -A main.ts"\n  work = "deno run -A work.ts"\n`,
  "Dockerfile": "FROM denoland/deno\nCMD deno run -A main.ts\n",
  "main.ts": `import "#lib/a.ts"; await import("./app.ts");`,
  "work.ts": `import "#lib/a.ts";`,
  "app.ts":
    `import text from "./page.html" with { type: "text" }; export default text;`,
  "page.html": "<p>hello</p>",
  "lib/a.ts": "export {};",
  "static/app.css": "p { color: red }",
};

/** A file as it comes out of an archive. */
export interface Extracted {
  readonly path: string;
  readonly text: string;
  readonly header: {
    mode: number;
    uid: number;
    gid: number;
    mtime: number;
    typeflag: string;
  };
}

/** Unpacks an archive. */
export async function extract(path: string): Promise<Extracted[]> {
  const found: Extracted[] = [];
  const file = await Deno.open(path);
  const entries = file.readable.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new UntarStream());
  for await (const { path, readable, header } of entries) {
    found.push({ path, header, text: await new Response(readable).text() });
  }
  return found;
}

/** Packs an app and uses what came of it. */
export async function withRelease<T>(
  files: Readonly<Record<string, string>>,
  options: Partial<PackOptions>,
  use: (release: PackedRelease, root: string) => Promise<T>,
): Promise<T> {
  return await withApp(files, async (root) => {
    using host = denoHost();
    const release = await packRelease({ root, app: "shop", ...options }, host);
    try {
      return await use(release, root);
    } finally {
      await release.dispose();
    }
  });
}
