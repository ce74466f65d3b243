/** Apps on disk, for tests.
 * @module
 */

/** Writes files to a new folder, lends it, and removes it. */
export async function withApp<T>(
  files: Readonly<Record<string, string>>,
  use: (root: string) => Promise<T>,
): Promise<T> {
  const root = await Deno.makeTempDir({ prefix: "flyhot-app-" });
  try {
    for (const [path, content] of Object.entries(files)) {
      const target = `${root}/${path}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), {
        recursive: true,
      });
      if (path.endsWith("@")) await Deno.symlink(content, target.slice(0, -1));
      else await Deno.writeTextFile(target, content);
    }
    return await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
