/** Open pages swap changed stylesheets without a reload, and hear of a new version.
 * @module
 */
import { eventText } from "../../pages/page_events.ts";
import { pageNews, pageVersion } from "../../pages/page_news.ts";
import { pageScript } from "../../pages/page_script.ts";
import { appProcess } from "../../process/process.ts";

/** Where the event stream is when nothing else is said. */
const STREAM_PATH = "/_flyhot/events";
const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 1000;

/** Options of `hotReloadCss()`. */
export interface HotReloadCssOptions {
  /** The path of the event stream. Default `/_flyhot/events`. */
  readonly path?: string;
  /** The nonce that the page's content security policy asks of scripts. Default none. */
  readonly nonce?: string;
}

/** Options of `hotReloadResponse()`. */
export interface HotReloadResponseOptions {
  /** The path of the event stream. Default `/_flyhot/events`. */
  readonly path?: string;
  /** Ends the stream, for an orderly shutdown of the server. Default never. */
  readonly signal?: AbortSignal;
}

/**
 * The HTML that makes a page follow upgrades: put it in the page's head, and answer its stream with
 * `hotReloadResponse()`.
 *
 * When an upgrade changes a stylesheet that the page links from its own origin, the page swaps it and keeps
 * everything else, what the user has typed included; a file whose name has a content hash (`app.3f9a2c1d.css`) is
 * recognized under its new name. Stylesheets that are only imported by others are not followed. After every upgrade
 * the page's window gets a `flyhot:version` event, whose `detail` has `version` (null on the base image) and
 * `fingerprint`.
 *
 * A content security policy has to allow the script (see `nonce`), and the stream by `connect-src 'self'`.
 *
 * @param options the stream's path, and a nonce
 * @returns a `script` element
 *
 * @example
 * ```ts
 * import { hotReloadCss } from "@flyhot/runtime";
 *
 * const page = () => `<!DOCTYPE html><head>${hotReloadCss()}</head>`;
 * ```
 */
export function hotReloadCss(options: HotReloadCssOptions = {}): string {
  const { path = STREAM_PATH, nonce } = options;
  const attribute = nonce === undefined
    ? ""
    : ` nonce="${nonce.replaceAll(/[^\w+/=-]/g, "")}"`;
  const { fingerprint } = pageVersion();
  return `<script${attribute}>${pageScript(path, fingerprint)}</script>`;
}

/**
 * Answers the event stream behind `hotReloadCss()`.
 *
 * The stream stays open for as long as the page does, so it has to be ended by `signal` where a server waits for its
 * responses before it shuts down.
 *
 * @param request any request
 * @param options the stream's path, and what ends it
 * @returns the stream, or null if the request asks for something else
 *
 * @example
 * ```ts ignore
 * import { hotReloadResponse } from "@flyhot/runtime";
 *
 * Deno.serve((request) => hotReloadResponse(request) ?? new Response("the app"));
 * ```
 */
export function hotReloadResponse(
  request: Request,
  options: HotReloadResponseOptions = {},
): Response | null {
  const { path = STREAM_PATH, signal } = options;
  if (request.method !== "GET" || new URL(request.url).pathname !== path) {
    return null;
  }
  return new Response(upgradeStream(signal), {
    headers: {
      "content-type": "text/event-stream",
      // Compression would hold messages back.
      "cache-control": "no-store, no-transform",
    },
  });
}

function upgradeStream(
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let end = () => {};
  return new ReadableStream({
    start(controller) {
      let ended = false;
      let turn: Promise<void> = Promise.resolve();
      const send = (text: string) => {
        if (!ended) controller.enqueue(encoder.encode(text));
      };
      const close = () => {
        if (!ended) controller.close();
        end();
      };
      const tell = (event: string, assets: readonly string[] | null) => {
        // One after the other, in the order in which things happened. If it fails, the page connects again.
        turn = turn
          .then(async () => send(eventText(event, await pageNews(assets))))
          .catch(close);
      };
      const unsubscribe = appProcess.events.subscribe((event) => {
        if (event.type === "completed") tell("upgrade", event.assets);
        // Who came while the new code was on trial has met that.
        if (event.type === "rolledBack") tell("hello", null);
      });
      const heartbeat = setInterval(
        () => send(": still here\n\n"),
        HEARTBEAT_MS,
      );
      // A page that stays open must not keep a program from ending.
      heartbeat.unref();
      end = () => {
        ended = true;
        unsubscribe();
        clearInterval(heartbeat);
        signal?.removeEventListener("abort", close);
      };
      signal?.addEventListener("abort", close, { once: true });
      if (signal?.aborted) return close();
      send(`retry: ${RECONNECT_MS}\n\n`);
      tell("hello", null);
    },
    cancel: () => end(),
  });
}
