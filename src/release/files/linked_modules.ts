/** Modules behind links: Deno calls them by the path with the link in it, so a release holds them there, as files.
 * @module
 */

/** What lies behind links. */
interface LinkedModules {
  /** Length in bytes of each module, by path. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The links that lead to them. */
  readonly followed: ReadonlySet<string>;
}

/** Finds the modules of an app that lie behind links. */
export async function modulesBehindLinks(
  missing: Iterable<string>,
  links: ReadonlySet<string>,
  sizeOf: (path: string) => Promise<number | null>,
): Promise<LinkedModules> {
  const sizes = new Map<string, number>();
  const followed = new Set<string>();
  for (const path of missing) {
    const link = linkIn(path, links);
    if (link === null) continue;
    const size = await sizeOf(path);
    if (size === null) continue;
    sizes.set(path, size);
    followed.add(link);
  }
  return { sizes, followed };
}

/** The first link on the way to a path. */
function linkIn(path: string, links: ReadonlySet<string>): string | null {
  for (
    let end = path.indexOf("/");
    end !== -1;
    end = path.indexOf("/", end + 1)
  ) {
    if (links.has(path.slice(0, end))) return path.slice(0, end);
  }
  return links.has(path) ? path : null;
}

const NOTES_MAX = 5;

/** Says which links are left out. */
export function linkNotes(
  links: Iterable<string>,
  { sizes, followed }: LinkedModules = {
    sizes: new Map(),
    followed: new Set(),
  },
): string[] {
  const left = [...links].filter((link) => !sizes.has(link)).sort();
  const notes = left.slice(0, NOTES_MAX).map((link) =>
    followed.has(link)
      ? `${link} is a link: of what it leads to, a release holds the modules that the app imports`
      : `${link} is left out: a release holds regular files only, and this is a link`
  );
  return left.length > NOTES_MAX
    ? [...notes, `${left.length - NOTES_MAX} more links are left out`]
    : notes;
}
