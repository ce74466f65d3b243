import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hotReloadCss, hotReloadResponse } from "./css_reload.ts";
import type { UpgradeEvent } from "../../process/events.ts";
import { pageVersion } from "../../pages/page_news.ts";
import { appProcess } from "../../process/process.ts";
import {
  releaseIn,
  systemState,
} from "../../../tests/support/programs/process_state.ts";

const STREAM = "https://example.com/_flyhot/events";

function emit(event: UpgradeEvent): void {
  appProcess.events.emit(event, (error) => {
    throw error;
  });
}

const completed = (...assets: string[]) =>
  emit({
    type: "completed",
    version: "2.0.0",
    reloaded: [],
    assets,
    suspendMs: null,
  });

/** Reads a stream, message by message. */
function open(options: { readonly signal?: AbortSignal } = {}) {
  const response = hotReloadResponse(new Request(STREAM), options);
  const reader = response!.body!.getReader();
  const decoder = new TextDecoder();
  return {
    async next(): Promise<string | undefined> {
      const { value } = await reader.read();
      return value && decoder.decode(value);
    },
    /** The next message's event and data. */
    async event(): Promise<[string, Record<string, unknown>]> {
      const [, name, data] = /^event: (.*)\ndata: (.*)\n\n$/.exec(
        await this.next() ?? "",
      )!;
      return [name!, JSON.parse(data!)];
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel();
    },
  };
}

/** Counts who listens to upgrades, and lets the test fire intervals. */
function watch() {
  const { events } = appProcess;
  const real = { setInterval, subscribe: events.subscribe };
  const beats = new Map<unknown, { callback: () => void; ms: number }>();
  let listeners = 0;
  events.subscribe = (listener) => {
    listeners++;
    const unsubscribe = real.subscribe.call(events, listener);
    return () => {
      listeners--;
      unsubscribe();
    };
  };
  globalThis.setInterval = ((callback: () => void, ms: number) => {
    const handle = real.setInterval(() => {}, ms);
    beats.set(handle, { callback, ms });
    return handle;
  }) as typeof setInterval;
  return {
    beats,
    get listeners() {
      return listeners;
    },
    [Symbol.dispose]() {
      globalThis.setInterval = real.setInterval;
      Reflect.deleteProperty(events, "subscribe");
    },
  };
}

Deno.test("hotReloadCss() is a script that follows the stream, with a nonce where one is given", () => {
  using _ = systemState({});
  const plain = hotReloadCss();
  assert(plain.startsWith("<script>(") && plain.endsWith(");</script>"));
  assertStringIncludes(plain, `"/_flyhot/events"`);
  assertStringIncludes(plain, `"${pageVersion().fingerprint}"`);
  assertStringIncludes(hotReloadCss({ path: "/my/stream" }), `"/my/stream"`);
  const strict = hotReloadCss({ nonce: "aB3+/-_=" });
  assert(strict.startsWith(`<script nonce="aB3+/-_=">`));
});

Deno.test("hotReloadCss() lets neither nonce nor path break out", () => {
  using _ = systemState({});
  const text = hotReloadCss({
    nonce: `"><img src=x>`,
    path: `"</script><script>alert(1)`,
  });
  assert(text.startsWith(`<script nonce="imgsrc=x">(`), text.slice(0, 80));
  assertEquals(text.match(/<\/?script/g), ["<script", "</script"]);
});

Deno.test("hotReloadResponse() answers its path alone, and GET alone", async () => {
  for (
    const request of [
      new Request("https://example.com/"),
      new Request(`${STREAM}/more`),
      new Request(STREAM, { method: "POST" }),
      new Request(STREAM, { method: "HEAD" }),
    ]
  ) {
    assertEquals(hotReloadResponse(request), null);
  }
  const options = { path: "/my/stream" };
  assertEquals(hotReloadResponse(new Request(STREAM), options), null);
  const response = hotReloadResponse(
    new Request("https://example.com/my/stream?query"),
    options,
  );
  assertEquals(response?.headers.get("content-type"), "text/event-stream");
  assertEquals(
    response?.headers.get("cache-control"),
    "no-store, no-transform",
  );
  await response?.body?.cancel();
});

Deno.test("hotReloadResponse() greets, then tells of each upgrade in order", async () => {
  const release = releaseIn("/app/r/1", "2.0.0", ["app.css", "t.aaaaa1.css"]);
  using _ = systemState({ root: "/app", release });
  await using stream = open();
  assertEquals(await stream.next(), "retry: 1000\n\n");
  const { fingerprint } = pageVersion();
  const news = { version: "2.0.0", fingerprint, hashed: ["t.aaaaa1.css"] };
  assertEquals(await stream.event(), ["hello", { ...news, changed: null }]);
  emit({ type: "started", version: "2.0.0" });
  completed("app.css", "logo.svg");
  emit({ type: "committed", version: "2.0.0" });
  completed();
  assertEquals(await stream.event(), [
    "upgrade",
    { ...news, changed: ["app.css"] },
  ]);
  assertEquals(await stream.event(), ["upgrade", { ...news, changed: [] }]);
});

Deno.test("hotReloadResponse() greets again when new code was taken out, and is silent of upgrades that were refused", async () => {
  using _ = systemState({ root: "/app", release: releaseIn("/app/r/1") });
  await using stream = open();
  await stream.next();
  await stream.event();
  const failure = { version: "2.0.0", phase: "health", message: "no" } as const;
  emit({ type: "failed", ...failure, end: "abort" });
  emit({ type: "rolledBack", ...failure });
  const [name, { changed }] = await stream.event();
  assertEquals([name, changed], ["hello", null]);
});

Deno.test("hotReloadResponse() keeps the connection alive, but not the process", async () => {
  using _ = systemState({});
  using watched = watch();
  await using stream = open();
  await stream.next();
  await stream.event();
  const [[handle, beat]] = [...watched.beats] as [[number, {
    callback(): void;
    ms: number;
  }]];
  assertEquals(beat.ms, 15_000);
  assertEquals(
    (handle as unknown as { hasRef(): boolean }).hasRef(),
    false,
  );
  beat.callback();
  assertEquals(await stream.next(), ": still here\n\n");
});

Deno.test("hotReloadResponse() forgets a page that has gone", async () => {
  using _ = systemState({});
  using watched = watch();
  const stream = open();
  assertEquals(watched.listeners, 1);
  await stream[Symbol.asyncDispose]();
  assertEquals(watched.listeners, 0);
  completed("app.css");
  watched.beats.values().next().value!.callback();
});

Deno.test("hotReloadResponse() ends by its signal, at once where that was given before", async () => {
  using _ = systemState({});
  using watched = watch();
  const controller = new AbortController();
  const stream = open({ signal: controller.signal });
  await stream.next();
  await stream.event();
  controller.abort();
  assertEquals(await stream.next(), undefined);
  assertEquals(watched.listeners, 0);
  assertEquals(await open({ signal: controller.signal }).next(), undefined);
  assertEquals(watched.listeners, 0);
});
