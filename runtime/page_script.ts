/** The script that open pages run: swaps stylesheets, and tells the page of a new version.
 *
 * It is a function only to be checked and formatted; its text is sent to browsers.
 *
 * @module
 */

// The few members of the browser's document that are used; this package has no other use for its types.
interface Link {
  href: string;
  cloneNode(): Link;
  after(link: Link): void;
  remove(): void;
  onload: (() => void) | null;
  onerror: (() => void) | null;
}

interface Page {
  readonly document: { querySelectorAll(selector: string): Iterable<Link> };
  readonly EventSource: new (url: string) => {
    addEventListener(
      name: string,
      listener: (event: { readonly data: string }) => void,
    ): void;
  };
}

/**
 * Follows the event stream. Nothing outside the function may be used in it.
 *
 * @param streamUrl where the stream is
 */
function followUpgrades(streamUrl: string): void {
  const page = globalThis as unknown as Page;
  let known: string | null = null;

  const swap = (link: Link, url: URL) => {
    const next = link.cloneNode();
    next.href = url.href;
    // The old sheet stays until the new one has loaded, so that the page never stands without style.
    next.onload = () => link.remove();
    next.onerror = () => next.remove();
    link.after(next);
  };

  const swapAll = (
    swaps: readonly { readonly from: string; readonly to: string }[] | null,
    fingerprint: string,
  ) => {
    for (
      const link of [
        ...page.document.querySelectorAll('link[rel~="stylesheet"]'),
      ]
    ) {
      const url = new URL(link.href);
      if (url.origin !== location.origin) continue;
      const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
      const found = swaps?.find(({ from }) => from === name);
      if (swaps && !found) continue;
      if (found) url.pathname = url.pathname.slice(0, -name.length) + found.to;
      url.searchParams.set("flyhot", fingerprint);
      swap(link, url);
    }
  };

  const announce = (detail: { readonly fingerprint: string }) => {
    known = detail.fingerprint;
    dispatchEvent(new CustomEvent("flyhot:version", { detail }));
  };

  const stream = new page.EventSource(streamUrl);
  stream.addEventListener("hello", ({ data }) => {
    const hello = JSON.parse(data);
    const missed = known !== null && known !== hello.fingerprint;
    known = hello.fingerprint;
    if (!missed) return;
    // The connection was away during an upgrade; what changed is not known any more.
    swapAll(null, hello.fingerprint);
    announce(hello);
  });
  stream.addEventListener("css", ({ data }) => {
    const { swaps, fingerprint } = JSON.parse(data);
    swapAll(swaps, fingerprint);
  });
  stream.addEventListener("version", ({ data }) => announce(JSON.parse(data)));
}

/**
 * The script's text.
 *
 * @param streamUrl where the stream is
 * @returns JavaScript that can stand inside a `script` element
 */
export function pageScript(streamUrl: string): string {
  const url = JSON.stringify(streamUrl).replaceAll("<", "\\u003c");
  return `(${followUpgrades})(${url});`;
}
