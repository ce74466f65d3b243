/** The script that open pages run: swaps stylesheets, and tells the page of a new version.
 *
 * It is a function only to be checked and formatted; its text is sent to browsers.
 *
 * @module
 */
import { newHref } from "./new_href.ts";
import { CONTENT_HASH, type PageNews } from "./page_events.ts";

// The few members of the browser's document that are used; this package has no other use for its types.
interface Link {
  href: string;
  readonly disabled: boolean;
  readonly isConnected: boolean;
  cloneNode(): Link;
  removeAttribute(name: string): void;
  after(link: Link): void;
  remove(): void;
  onload: (() => void) | null;
  onerror: (() => void) | null;
}

interface Stream {
  readonly readyState: number;
  onerror: (() => void) | null;
  addEventListener(
    name: string,
    listener: (event: { readonly data: string }) => void,
  ): void;
}

interface Page {
  readonly document: { querySelectorAll(selector: string): Iterable<Link> };
  readonly EventSource: new (url: string) => Stream;
}

/** Follows the event stream. Nothing outside the function may be used in it. */
function followUpgrades(
  streamUrl: string,
  rendered: string,
  decide: typeof newHref,
  contentHash: RegExp,
): void {
  const page = globalThis as unknown as Page;
  const secondMs = 1000;
  /** The links that shall take the place of others, by those. */
  const coming = new Map<Link, Link>();
  let known = rendered;
  let greeted = false;
  let pauseMs = secondMs;

  const swap = (link: Link, href: string, failures: number) => {
    coming.get(link)?.remove();
    coming.delete(link);
    if (link.disabled) {
      // It has no style that could be missed, and a copy of it would not load.
      link.href = href;
      return;
    }
    const next = link.cloneNode();
    // The digest is that of the old content.
    next.removeAttribute("integrity");
    next.href = href;
    coming.set(link, next);
    const isCurrent = () => coming.get(link) === next;
    // The old sheet stays until the new one has loaded, so that the page never stands without style.
    next.onload = () => {
      if (!isCurrent()) return;
      coming.delete(link);
      (link.isConnected ? link : next).remove();
    };
    next.onerror = () => {
      next.remove();
      if (failures === 6) return;
      // A machine that does not have the release yet may have answered.
      setTimeout(() => {
        if (isCurrent() && link.isConnected) swap(link, href, failures + 1);
      }, secondMs * 2 ** failures);
    };
    link.after(next);
  };

  const swapAll = (news: PageNews) => {
    const arriving = new Set(coming.values());
    const links = page.document.querySelectorAll('link[rel~="stylesheet" i]');
    for (const link of [...links]) {
      if (arriving.has(link)) continue;
      const { href } = coming.get(link) ?? link;
      const wanted = decide(href, location.href, news, contentHash);
      if (wanted !== null) swap(link, wanted, 0);
    }
  };

  const announce = ({ version, fingerprint }: PageNews) =>
    dispatchEvent(
      new CustomEvent("flyhot:version", { detail: { version, fingerprint } }),
    );

  const open = () => {
    const stream = new page.EventSource(streamUrl);
    stream.addEventListener("hello", ({ data }) => {
      const news: PageNews = JSON.parse(data);
      pauseMs = secondMs;
      const missed = known !== news.fingerprint;
      const first = !greeted;
      known = news.fingerprint;
      greeted = true;
      if (!missed) return;
      swapAll(news);
      // A page that came out of a cache is not told: it might load itself again, from the cache, forever.
      if (!first) announce(news);
    });
    stream.addEventListener("upgrade", ({ data }) => {
      const news: PageNews = JSON.parse(data);
      known = news.fingerprint;
      swapAll(news);
      announce(news);
    });
    stream.onerror = () => {
      // After an answer that is not a stream the browser does not try again.
      if (stream.readyState !== 2) return;
      setTimeout(open, pauseMs * (1 + Math.random()));
      pauseMs = Math.min(pauseMs * 2, 30 * secondMs);
    };
  };
  open();
}

/** The script's text. */
export function pageScript(streamUrl: string, fingerprint: string): string {
  const [url, rendered] = [streamUrl, fingerprint].map((text) =>
    JSON.stringify(text).replaceAll("<", "\\u003c")
  );
  return smaller(
    `(${followUpgrades})(${url}, ${rendered}, ${newHref}, ${CONTENT_HASH});`,
  );
}

/** Leaves comments and indentation out. */
function smaller(script: string): string {
  return script.replaceAll(/^\s+(?:\/\/.*\s+)*/gm, "");
}
