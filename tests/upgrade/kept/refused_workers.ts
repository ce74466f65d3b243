/** Small programs that start workers, which the next version would leave behind: it cannot come in hot.
 * @module
 */
import type { Program } from "./program.ts";

/** Small programs that start workers, which the next version would leave behind: it cannot come in hot. */
export const REFUSED_WORKERS: Readonly<Record<string, Program>> = {
  worker: {
    before: {
      "main.ts":
        `import { ask } from "./ask.ts"; SERVE(async () => new Response(await ask()));`,
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok(e.data); w.terminate(); }; });`,
      "w.ts": `self.postMessage("one");`,
    },
    after: {
      "w.ts": `(self as any).postMessage("two");`,
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok("ask two, worker " + e.data); w.terminate(); }; });`,
    },
    refused: `consent to it: "consent": ["worker:NAME/w.ts"]`,
  },
  worker_of_changed_import: {
    before: {
      "main.ts":
        `import { ask } from "./ask.ts"; SERVE(async () => new Response(await ask()));`,
      "ask.ts":
        `export const ask = () => new Promise<string>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); w.onmessage = (e) => { ok(e.data); w.terminate(); }; });`,
      "w.ts":
        `import { word } from "./word.ts"; (self as any).postMessage(word());`,
      "word.ts":
        `import { one } from "./deep.ts"; export const word = () => one;`,
      "deep.ts": `export const one = "one";`,
    },
    after: { "deep.ts": `export const one = "two";` },
    refused: `which has changed, and a worker that runs it keeps the old code`,
  },
  worker_of_node: {
    before: {
      "main.ts":
        `import { Worker } from "node:worker_threads"; SERVE(() => new Promise<Response>((ok) => { const w = new Worker(new URL("./w.ts", import.meta.url)); w.on("message", (it) => { ok(new Response(it)); w.terminate(); }); }));`,
      "w.ts":
        `import { parentPort } from "node:worker_threads"; parentPort!.postMessage("one");`,
    },
    after: {
      "w.ts":
        `import { parentPort } from "node:worker_threads"; parentPort!.postMessage("two");`,
    },
    refused: `consent to it: "consent": ["worker:NAME/w.ts"]`,
  },
  worker_by_variable: {
    before: {
      "main.ts":
        `const script = new URL("./w.ts", import.meta.url); const start = (url: URL | string) => new Worker(url, { type: "module" }); SERVE(() => new Promise<Response>((ok) => { const w = start(script.href); w.onmessage = (e) => { ok(new Response(e.data)); w.terminate(); }; }));`,
      "w.ts": `(self as any).postMessage("one");`,
    },
    after: { "w.ts": `(self as any).postMessage("two");` },
    refused: `consent to it: "consent": ["worker:NAME/w.ts"]`,
  },
  worker_of_another_module: {
    before: {
      "main.ts":
        `import { start } from "./pool.ts"; const w = start(new URL("./w.ts", import.meta.url)); SERVE(() => new Promise<Response>((ok) => { w.onmessage = (e: MessageEvent) => ok(new Response(e.data)); w.postMessage(""); }));`,
      "pool.ts":
        `export const start = (url: URL) => new Worker(url, { type: "module" });`,
      "w.ts": `self.onmessage = () => { (self as any).postMessage("one"); };`,
    },
    after: {
      "w.ts": `self.onmessage = () => { (self as any).postMessage("two"); };`,
    },
    refused: `consent to it: "consent": ["worker:NAME/w.ts"]`,
  },
  worker_of_computed_name: {
    before: {
      "main.ts":
        `import threads from "node:worker_threads"; const name = ["w", "ts"].join("."); const w = new threads.Worker(new URL(name, import.meta.url)); SERVE(() => new Promise<Response>((ok) => { w.once("message", (it: string) => ok(new Response(it))); w.postMessage(""); }));`,
      "w.ts":
        `import { parentPort } from "node:worker_threads"; import { word } from "./word.ts"; parentPort!.on("message", () => parentPort!.postMessage(word));`,
      "word.ts": `export const word = "one";`,
    },
    after: { "word.ts": `export const word = "two";` },
    refused:
      `NAME/w.ts: imports NAME/word.ts, which has changed, and a worker that runs it keeps the old code`,
  },
  worker_resolved: {
    before: {
      "main.ts":
        `SERVE(() => new Promise<Response>((ok) => { const w = new Worker(import.meta.resolve("./w.ts"), { type: "module" }); w.onmessage = (e) => { ok(new Response(e.data)); w.terminate(); }; }));`,
      "w.ts": `(self as any).postMessage("one");`,
    },
    after: { "w.ts": `(self as any).postMessage("two");` },
    refused: `consent to it: "consent": ["worker:NAME/w.ts"]`,
  },
  worker_import: {
    before: {
      "main.ts":
        `const w = new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); SERVE(() => new Promise<Response>((ok) => { w.onmessage = (e) => ok(new Response(e.data)); w.postMessage(""); }));`,
      "w.ts":
        `import { say } from "./say.ts"; self.onmessage = () => { (self as any).postMessage(say()); };`,
      "say.ts":
        `import { word } from "./word.ts"; export const say = () => word;`,
      "word.ts": `export const word = "one";`,
    },
    after: { "word.ts": `export const word = "two";` },
    refused:
      `NAME/w.ts: imports NAME/word.ts, which has changed, and a worker that runs it keeps the old code`,
  },
};
