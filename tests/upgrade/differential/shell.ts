/** The boot shell of generated apps: it loads the app behind a boundary, answers over standard streams and over HTTP,
 * and holds the places where bugs are planted.
 * @module
 */

/** The names of the bugs that the shell plants when `FLYHOT_PLANTED` names one. */
export const SHELL_BUGS = [
  "skipped upgrade",
  "lost update",
  "old method on a kept instance",
  "caller before health",
  "old timer runs on",
  "service of a pruned module runs on",
] as const;

/** The `main.ts` of generated apps. */
export const SHELL = `
import { hotUpgrade, live, reapply } from "@flyhot/runtime";
import { TextLineStream } from "@std/streams/text-line-stream";
import { AsyncLocalStorage } from "node:async_hooks";

const planted = Deno.env.get("FLYHOT_PLANTED") ?? "";
const healthKind = Deno.env.get("HEALTH") ?? "none";
const port = Number(Deno.env.get("PORT_main"));
const beats: string[] = [];
(globalThis as any).beat = (text: string) => { beats.push(text); };

const prototypes = new Set<object>();
(globalThis as any).made = (item: object) => { prototypes.add(Object.getPrototypeOf(item)); return item; };

// Planted: what timers of the app did, to go on with it; and clearing that does not clear.
const ticking: (() => void)[] = [];
const nativeInterval = globalThis.setInterval;
if (planted === "old timer runs on") {
  globalThis.setInterval = ((run: () => void, ms: number, ...rest: unknown[]) => { ticking.push(run); return nativeInterval(run, ms, ...rest); }) as typeof setInterval;
}
if (planted === "service of a pruned module runs on") globalThis.clearInterval = () => {};

let app: Record<string, (...args: any[]) => any> | undefined;
let inCheck: (<T>(run: () => T) => T) | undefined;
const check = async () => {
  if (planted === "caller before health") {
    inCheck = AsyncLocalStorage.snapshot() as typeof inCheck;
    await new Promise((done) => setTimeout(done, 30));
  }
  try {
    if (healthKind === "port") return (await fetch("http://127.0.0.1:" + port + "/healthy")).ok;
    return await app!.healthy!();
  } finally {
    inCheck = undefined;
  }
};
await reapply({
  watch: false,
  healthTimeoutMs: 30_000,
  // A server that is gone is waited for that long.
  prepareTimeoutMs: 6_000,
  probationMs: Number(Deno.env.get("PROBATION") ?? 0),
  ...(healthKind === "none" ? {} : { health: check }),
});
app = await live(() => import("./app.ts"));

const call = (name: string, ...args: unknown[]) => {
  const run = () => app![name]!(...args);
  return inCheck ? inCheck(run) : run();
};
const server = Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const name = new URL(request.url).pathname.slice(1);
  try {
    if (name === "healthy") return (await app!.healthy!()) ? new Response("yes") : new Response("no", { status: 500 });
    return Response.json({ value: (await call(name, ...JSON.parse(await request.text()))) ?? null });
  } catch (error) {
    return Response.json({ error: String((error as Error)?.message ?? error) }, { status: 500 });
  }
});
server.unref();

const saved = async () => Object.fromEntries(await Promise.all(Object.keys(app!).filter((name) => name.endsWith("_peek")).map(async (name) => [name, await app![name]!()] as const)));
const methods = () => {
  const found = new Map<object, PropertyDescriptorMap>();
  for (const prototype of prototypes) found.set(prototype, Object.getOwnPropertyDescriptors(prototype));
  return found;
};
async function upgrade(url: string): Promise<unknown> {
  if (planted === "skipped upgrade") return { state: "applied", reloaded: [], holders: [] };
  const before = planted === "lost update" ? await saved() : {};
  const old = planted === "old method on a kept instance" ? methods() : new Map();
  const result = await hotUpgrade(url);
  if (planted === "lost update") {
    for (const [name, value] of Object.entries(before)) {
      if (typeof value === "string") await app![name.replace("_peek", "_restore")]!(JSON.parse(value));
    }
  }
  for (const [prototype, descriptors] of old) Object.defineProperties(prototype, descriptors);
  if (planted === "old timer runs on") for (const run of [...ticking]) nativeInterval(run, 8);
  return result;
}
const operations: Record<string, (...args: any[]) => unknown> = {
  call,
  upgrade,
  beats: async (ms: number) => {
    const from = beats.length;
    await new Promise((done) => setTimeout(done, ms));
    return [...new Set(beats.slice(from))].sort();
  },
};
const encoder = new TextEncoder();
const write = (value: unknown) => Deno.stdout.writeSync(encoder.encode(JSON.stringify(value) + "\\n"));
write({ id: 0, value: "ready" });
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
for await (const line of lines) {
  const { id, operation, args } = JSON.parse(line);
  (async () => await operations[operation]!(...args))().then(
    (value) => write({ id, value: value ?? null }),
    (error) => write({ id, error: String(error?.message ?? error) }),
  );
}
Deno.exit(0);
`;
