import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageScript } from "./page_script.ts";
import type { PageNews } from "./page_events.ts";
import { FakeTimers } from "../../tests/support/fake_timers.ts";

const ORIGIN = "https://example.com";

/** A stylesheet link, in a document or not. */
class FakeLink {
  disabled = false;
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly attributes = new Set(["rel", "integrity"]);
  href: string;
  readonly #document: FakeLink[];

  constructor(href: string, document: FakeLink[]) {
    this.href = new URL(href, ORIGIN).href;
    this.#document = document;
  }

  get isConnected(): boolean {
    return this.#document.includes(this);
  }
  cloneNode = () => new FakeLink(this.href, this.#document);
  removeAttribute = (name: string) => void this.attributes.delete(name);
  after = (next: FakeLink) =>
    void this.#document.splice(this.#document.indexOf(this) + 1, 0, next);
  remove = () => {
    const at = this.#document.indexOf(this);
    if (at !== -1) this.#document.splice(at, 1);
  };
}

/** An event stream that the test writes. */
class FakeStream {
  static opened: FakeStream[] = [];
  readyState = 1;
  onerror: (() => void) | null = null;
  readonly url: string;
  readonly #listeners = new Map<string, (event: { data: string }) => void>();

  constructor(url: string) {
    this.url = url;
    FakeStream.opened.push(this);
  }

  addEventListener = (
    name: string,
    listener: (event: { data: string }) => void,
  ) => void this.#listeners.set(name, listener);

  say(event: "hello" | "upgrade", news: Partial<PageNews>): void {
    const data = JSON.stringify({ hashed: [], changed: [], ...news });
    this.#listeners.get(event)?.({ data });
  }

  /** What becomes of it when the server answers with something else. */
  close(): void {
    this.readyState = 2;
    this.onerror?.();
  }
}

let pages = 0;

/** Runs the script in a page with these links, as if the code with fingerprint `f0` had made it. */
async function open(...hrefs: string[]) {
  const links: FakeLink[] = [];
  for (const href of hrefs) links.push(new FakeLink(href, links));
  const versions: unknown[] = [];
  const hear = (event: Event) =>
    void versions.push((event as CustomEvent).detail);
  const fakes = {
    EventSource: FakeStream,
    document: { querySelectorAll: () => links },
    location: { href: `${ORIGIN}/page` },
  };
  const real = Object.fromEntries(
    Object.keys(fakes).map((name) => [
      name,
      Object.getOwnPropertyDescriptor(globalThis, name),
    ]),
  );
  for (const [name, value] of Object.entries(fakes)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  const timers = new FakeTimers();
  FakeStream.opened = [];
  addEventListener("flyhot:version", hear);
  const script = `// ${pages++}\n${pageScript("/stream", "f0")}`;
  await import(`data:text/javascript,${encodeURIComponent(script)}`);
  return {
    links,
    versions,
    timers,
    stream: FakeStream.opened[0]!,
    hrefs: () => links.map(({ href }) => href.replace(ORIGIN, "")),
    [Symbol.dispose]() {
      timers[Symbol.dispose]();
      removeEventListener("flyhot:version", hear);
      for (const [name, descriptor] of Object.entries(real)) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else Reflect.deleteProperty(globalThis, name);
      }
    },
  };
}

const CHANGED = { changed: ["app.css"], fingerprint: "f1", version: "2.0.0" };

Deno.test("pageScript() cannot end its script element, whatever it is told", () => {
  const text = pageScript("/</script><!--", "</SCRIPT>");
  assert(!/<(?:!--|\/?script)/i.test(text), text);
  assert(!/^\s*\/\//m.test(text), "comments are for developers");
});

Deno.test("pageScript() swaps what changed, keeps the old link until the new one has loaded, and announces", async () => {
  using page = await open("/app.css", "/print.css");
  assertEquals(page.stream.url, "/stream");
  page.stream.say("hello", { fingerprint: "f0", version: null });
  assertEquals(page.versions, []);
  page.stream.say("upgrade", CHANGED);
  assertEquals(page.hrefs(), ["/app.css", "/app.css?flyhot=f1", "/print.css"]);
  assertEquals(page.links[1]!.attributes.has("integrity"), false);
  page.links[1]!.onload!();
  assertEquals(page.hrefs(), ["/app.css?flyhot=f1", "/print.css"]);
  assertEquals(page.versions, [{ version: "2.0.0", fingerprint: "f1" }]);
});

Deno.test("pageScript() says nothing of a version that was there before the stream", async () => {
  using page = await open("/app.css");
  page.stream.say("hello", { ...CHANGED, changed: null });
  assertEquals(page.hrefs(), ["/app.css", "/app.css?flyhot=f1"]);
  assertEquals(page.versions, []);
  page.stream.say("hello", { fingerprint: "f2", version: "3.0.0" });
  assertEquals(page.versions, [{ version: "3.0.0", fingerprint: "f2" }]);
  page.stream.say("hello", { fingerprint: "f2", version: "3.0.0" });
  assertEquals(page.versions.length, 1);
});

Deno.test("pageScript() leaves the newest stylesheet alone, whichever loads first", async () => {
  for (const newestFirst of [true, false]) {
    using page = await open("/app.css");
    page.stream.say("upgrade", CHANGED);
    const first = page.links[1]!;
    page.stream.say("upgrade", { ...CHANGED, fingerprint: "f2" });
    const second = page.links[1]!;
    assertEquals(page.hrefs(), ["/app.css", "/app.css?flyhot=f2"]);
    for (const link of newestFirst ? [second, first] : [first, second]) {
      link.onload!();
    }
    assertEquals(page.hrefs(), ["/app.css?flyhot=f2"]);
  }
});

Deno.test("pageScript() follows a link through two names while the first still loads", async () => {
  using page = await open("/app.aaaaa1.css");
  page.stream.say("upgrade", { hashed: ["app.bbbbb2.css"], fingerprint: "f1" });
  page.stream.say("upgrade", { hashed: ["app.ccccc3.css"], fingerprint: "f2" });
  assertEquals(page.hrefs(), ["/app.aaaaa1.css", "/app.ccccc3.css"]);
});

Deno.test("pageScript() points a disabled link to the new file, as it would never load", async () => {
  using page = await open("/app.css");
  page.links[0]!.disabled = true;
  page.stream.say("upgrade", CHANGED);
  assertEquals(page.hrefs(), ["/app.css?flyhot=f1"]);
});

Deno.test("pageScript() takes a stylesheet back that the page no longer wants when it has loaded", async () => {
  using page = await open("/app.css");
  page.stream.say("upgrade", CHANGED);
  const [old, next] = page.links;
  old!.remove();
  next!.onload!();
  assertEquals(page.hrefs(), []);
});

Deno.test("pageScript() asks again and again for a stylesheet that does not load, then keeps the old one", async () => {
  using page = await open("/app.css");
  page.stream.say("upgrade", CHANGED);
  for (let failures = 0; failures < 6; failures++) {
    page.links[1]!.onerror!();
    assertEquals(page.hrefs(), ["/app.css"]);
    page.timers.pending[0]!.fire();
    assertEquals(page.hrefs(), ["/app.css", "/app.css?flyhot=f1"]);
  }
  page.links[1]!.onerror!();
  assertEquals(page.hrefs(), ["/app.css"]);
  assertEquals(page.timers.delays, [1000, 2000, 4000, 8000, 16000, 32000]);
  assertEquals(page.timers.pending, []);
});

Deno.test("pageScript() does not ask again for what a newer version has replaced", async () => {
  using page = await open("/app.css");
  page.stream.say("upgrade", CHANGED);
  page.links[1]!.onerror!();
  page.stream.say("upgrade", { ...CHANGED, fingerprint: "f2" });
  page.timers.pending[0]!.fire();
  assertEquals(page.hrefs(), ["/app.css", "/app.css?flyhot=f2"]);
});

Deno.test("pageScript() connects again after an answer that is not a stream, more slowly each time", async () => {
  using page = await open("/app.css");
  page.stream.readyState = 0;
  page.stream.onerror!();
  assertEquals(page.timers.delays, [], "the browser connects by itself");
  for (let times = 1; times <= 7; times++) {
    FakeStream.opened.at(-1)!.close();
    page.timers.pending[0]!.fire();
    assertEquals(FakeStream.opened.length, times + 1);
  }
  for (const [at, delay] of page.timers.delays.entries()) {
    const least = Math.min(1000 * 2 ** at, 30_000);
    assert(least <= delay && delay < 2 * least, `${delay} after ${at}`);
  }
  FakeStream.opened.at(-1)!.say("hello", { fingerprint: "f0" });
  FakeStream.opened.at(-1)!.close();
  assert(page.timers.delays.at(-1)! < 2000, "a greeting starts it over");
});

Deno.test("pageScript() needs nothing but what it is given", () => {
  const text = pageScript("/stream", "f0");
  assertMatch(text, /^\(function followUpgrades\(/);
  assertMatch(text, /function newHref\(/);
  assert(!text.includes("import"), "it is not a module");
});
