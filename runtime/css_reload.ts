/** Open pages swap changed stylesheets without a reload, and hear of a new version.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { assetRoot } from "./assets.ts";
import type { UpgradeEvent } from "./events.ts";
import { eventText, stylesheetSwaps } from "./page_events.ts";
import { pageScript } from "./page_script.ts";
import { info } from "./reapply.ts";
import { system } from "./system.ts";

/** Where the event stream is when nothing else is said. */
const STREAM_PATH = "/_flyhot/events";
const HEARTBEAT_MS = 15_000;

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
}

/**
 * The HTML that makes a page follow upgrades: put it in the page's head, and answer its stream with
 * `hotReloadResponse()`.
 *
 * When an upgrade changes a stylesheet that the page links, the page swaps it and keeps everything else, what the
 * user has typed included. After every upgrade the page's window gets a `flyhot:version` event, whose `detail` has
 * `version` and `fingerprint`.
 *
 * @param options the stream's path, and a nonce
 * @returns a `script` element
 *
 * @example
 * ```ts
 * import { hotReloadCss } from "@flyhot/runtime";
 *
 * const page = `<!DOCTYPE html><head>${hotReloadCss()}</head>`;
 * ```
 */
export function hotReloadCss(options: HotReloadCssOptions = {}): string {
  const { path = STREAM_PATH, nonce } = options;
  const attribute = nonce === undefined
    ? ""
    : ` nonce="${nonce.replaceAll(/[^\w+/=-]/g, "")}"`;
  return `<script${attribute}>${pageScript(path)}</script>`;
}

/**
 * Answers the event stream behind `hotReloadCss()`.
 *
 * @param request any request
 * @param options the stream's path
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
  const { path = STREAM_PATH } = options;
  if (request.method !== "GET" || new URL(request.url).pathname !== path) {
    return null;
  }
  return new Response(upgradeStream().pipeThrough(new TextEncoderStream()), {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    },
  });
}

function upgradeStream(): ReadableStream<string> {
  let end = () => {};
  return new ReadableStream<string>({
    async start(controller) {
      const send = (text: string) => controller.enqueue(text);
      const unsubscribe = system.events.subscribe((event) => {
        if (event.type === "completed") tell(event, send).catch(end);
        if (event.type === "rolledBack") sayHello(send).catch(end);
      });
      const heartbeat = setInterval(
        () => send(": still here\n\n"),
        HEARTBEAT_MS,
      );
      // A page that stays open must not keep a program from ending.
      heartbeat.unref();
      end = () => {
        unsubscribe();
        clearInterval(heartbeat);
      };
      await sayHello(send);
    },
    cancel: () => end(),
  });
}

async function sayHello(send: (text: string) => void): Promise<void> {
  const { fingerprint } = await info();
  const version = system.release?.wanted.version ?? null;
  send(eventText("hello", { fingerprint, version }));
}

async function tell(
  { version, assets }: Extract<UpgradeEvent, { type: "completed" }>,
  send: (text: string) => void,
): Promise<void> {
  const root = assetRoot();
  const { fingerprint } = await info();
  const swaps = stylesheetSwaps(assets, (path) => existsSync(join(root, path)));
  if (swaps.length > 0) send(eventText("css", { swaps, fingerprint }));
  send(eventText("version", { version, fingerprint }));
}
