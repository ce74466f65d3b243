// Serves the pages, and lets the test hold, cut and refuse what they ask for. No upgrade changes this module.
import { asset, hotReloadResponse, live } from "@flyhot/runtime";

const pages = await live(() => import("./pages.ts"));

const WAIT_MS_MAX = 10_000;

const asked: string[] = [];
const held = new Map<string, PromiseWithResolvers<void>>();
const refused = new Map<string, number>();
const waiting = new Set<() => void>();
let streams = new AbortController();

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    for (const look of waiting) look();
    await held.get(pathname)?.promise;
    const status = refused.get(pathname);
    if (status !== undefined) return new Response(null, { status });
    return stream(request) ?? await file(pathname) ?? pages.answer(request);
  },
);

/** The port that the appProcess chose. */
export const port = (): number => server.addr.port;

/** Waits until a path has been asked for so many times. */
export async function askedFor(path: string, times = 1): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => count(path) >= times && resolve();
  const timer = setTimeout(
    () => reject(new Error(`${path} was asked for ${count(path)} times`)),
    WAIT_MS_MAX,
  );
  waiting.add(look);
  look();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    waiting.delete(look);
  }
}

/** How many times a path has been asked for. */
export const count = (path: string): number =>
  asked.filter((other) => other === path).length;

/** Lets whoever asks for a path wait. */
export const hold = (path: string): void =>
  void held.set(path, Promise.withResolvers());

/** Lets them have it. */
export function release(path: string): void {
  held.get(path)?.resolve();
  held.delete(path);
}

/** Answers a path with a status alone. */
export const refuse = (path: string, status: number): void =>
  void refused.set(path, status);

/** Answers it again. */
export const allow = (path: string): void => void refused.delete(path);

/** Breaks the connections of all event streams. */
export function cut(): void {
  streams.abort();
  streams = new AbortController();
}

function stream(request: Request): Response | null {
  const response = hotReloadResponse(request);
  if (!response) return null;
  const { headers, body } = response;
  const { signal } = streams;
  return new Response(body!.pipeThrough(new TransformStream(), { signal }), {
    headers,
  });
}

async function file(pathname: string): Promise<Response | null> {
  const path = decodeURIComponent(pathname.slice(1));
  if (!path.startsWith("static/")) return null;
  try {
    return new Response(await Deno.readFile(asset(path)), {
      headers: {
        "content-type": "text/css",
        // A page gets a changed stylesheet all the same.
        "cache-control": "max-age=3600",
      },
    });
  } catch {
    return new Response("there is no such file\n", { status: 404 });
  }
}
