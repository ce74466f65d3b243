/** Where a stylesheet link of an open page should lead after an upgrade.
 *
 * The text of the function is sent to browsers.
 *
 * @module
 */
import { URL } from "../base/platform/globals.ts";
import type { PageNews } from "./page_events.ts";

/**
 * Decides where a link should lead. Nothing outside the function may be used in it.
 *
 * A file whose name changed with its content hash is recognized by the rest of its name; where several could take its
 * place, none does. Returns where it should lead, or null if that is right as it is.
 */
export function newHref(
  href: string,
  page: string,
  news: Pick<PageNews, "hashed" | "changed" | "fingerprint">,
  contentHash: RegExp,
): string | null {
  const { hashed, changed, fingerprint } = news;
  const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const folderOf = (path: string) =>
    nameOf(path.slice(0, -nameOf(path).length - 1));
  const decoded = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  const { origin, protocol } = new URL(page);
  // A blob: URL has the origin of its page, too.
  if (url.origin !== origin || url.protocol !== protocol) return null;

  const path = decoded(url.pathname);
  const name = nameOf(path);
  const is = (other: string) => nameOf(other) === name;
  const stem = name.replace(contentHash, "");
  if (stem !== name && !hashed.some(is)) {
    let heirs = hashed.filter((other) =>
      nameOf(other).replace(contentHash, "") === stem
    );
    if (heirs.length > 1) {
      heirs = heirs.filter((other) => folderOf(other) === folderOf(path));
    }
    const [heir] = heirs;
    if (heir !== undefined && heirs.length === 1) {
      const encoded = encodeURIComponent(nameOf(heir));
      url.pathname = url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1) +
        encoded;
      url.searchParams.delete("flyhot");
      return url.href;
    }
  }
  if (changed && !changed.some(is)) return null;
  url.searchParams.set("flyhot", fingerprint);
  return url.href === href ? null : url.href;
}
