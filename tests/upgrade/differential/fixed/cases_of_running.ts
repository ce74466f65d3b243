/** Fixed cases about what runs by itself or is held outside of modules: loops, timers, listeners, workers.
 * @module
 */
import type { FixedCase } from "./cases.ts";

const SLEEP =
  `const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));\n`;

/** Cases by name. */
export const RUNNING_CASES: Readonly<Record<string, FixedCase>> = {
  "listener on a bus of another module": {
    why: "the old listener stays beside the new one",
    before: {
      "app.ts":
        `import { bus } from "./bus.ts";\nimport "./subscriber.ts";\nexport const ask = () => { const event = new CustomEvent("news", { detail: [] as string[] }); bus.dispatchEvent(event); return event.detail; };\n`,
      "bus.ts": `export const bus = new EventTarget();\n`,
      "subscriber.ts":
        `import { bus } from "./bus.ts";\nbus.addEventListener("news", (event) => (event as CustomEvent).detail.push("one"));\n`,
    },
    after: {
      "subscriber.ts":
        `import { bus } from "./bus.ts";\nbus.addEventListener("news", (event) => (event as CustomEvent).detail.push("two"));\n`,
    },
  },
  "global listener": {
    why: "globalThis outlives every module",
    before: {
      "app.ts":
        `import "./listens.ts";\nexport const ask = () => { const event = new CustomEvent("asked", { detail: [] as string[] }); dispatchEvent(event); return event.detail; };\n`,
      "listens.ts":
        `addEventListener("asked", (event) => (event as CustomEvent).detail.push("one"));\n`,
    },
    after: {
      "listens.ts":
        `addEventListener("asked", (event) => (event as CustomEvent).detail.push("two"));\n`,
    },
  },
  "loop that awaits": {
    isTimed: true,
    why: "the old loop goes on beside the new one",
    before: {
      "app.ts":
        `import "./loop.ts";\n${SLEEP}export const ask = async () => { await sleep(150); const log = ((globalThis as any).log as string[]).splice(0); await sleep(100); return [...new Set(((globalThis as any).log as string[]))].sort().concat(log.length > 0 ? "beats" : "silent"); };\n`,
      "loop.ts":
        `${SLEEP}(globalThis as any).log ??= [];\nasync function main() { while (true) { await sleep(15); (globalThis as any).log.push("one"); } }\nmain();\n`,
    },
    after: {
      "loop.ts":
        `${SLEEP}(globalThis as any).log ??= [];\nasync function main() { while (true) { await sleep(15); (globalThis as any).log.push("two"); } }\nmain();\n`,
    },
  },
  "chain of timeouts": {
    isTimed: true,
    why: "each tick of the old module sets the next",
    before: {
      "app.ts":
        `import "./chain.ts";\n${SLEEP}export const ask = async () => { await sleep(150); ((globalThis as any).log as string[]).length = 0; await sleep(100); return [...new Set(((globalThis as any).log as string[]))].sort(); };\n`,
      "chain.ts":
        `(globalThis as any).log ??= [];\nconst tick = () => { (globalThis as any).log.push("one"); setTimeout(tick, 15); };\ntick();\n`,
    },
    after: {
      "chain.ts":
        `(globalThis as any).log ??= [];\nconst tick = () => { (globalThis as any).log.push("two"); setTimeout(tick, 15); };\ntick();\n`,
    },
  },
  "timer begun by a request": {
    why:
      "it belongs to work that a request began, not to the evaluation of a module",
    before: {
      "app.ts":
        `let ticks = 0;\nexport const start = () => new Promise<void>((done) => { const timer = setInterval(() => { ticks++; done(); if (ticks > 3) clearInterval(timer); }, 5); });\nexport const ask = () => "one " + (ticks > 0);\n`,
    },
    after: {
      "app.ts":
        `let ticks = 0;\nexport const start = () => new Promise<void>((done) => { const timer = setInterval(() => { ticks++; done(); if (ticks > 3) clearInterval(timer); }, 5); });\nexport const ask = () => "two " + (ticks > 0);\n`,
    },
    history: [["start"]],
    flyhot: { startsAnew: ["app.ts#ticks"] },
  },
  "main that awaits before it is ready": {
    why: "what an un-awaited main makes comes after the import has resolved",
    before: {
      "app.ts":
        `import { open } from "./database.ts";\nlet answer = () => "not yet";\nasync function main() { const db = await open(); answer = () => "one " + db.n; }\nconst ready = main();\nexport const ask = async () => { await ready; return answer(); };\n`,
      "database.ts":
        `export const open = async () => { await new Promise((done) => setTimeout(done, 30)); return { n: 0 }; };\n`,
    },
    after: {
      "app.ts":
        `import { open } from "./database.ts";\nlet answer = () => "not yet";\nasync function main() { const db = await open(); answer = () => "two " + db.n; }\nconst ready = main();\nexport const ask = async () => { await ready; return answer(); };\n`,
    },
    flyhot: { startsAnew: ["app.ts#answer"] },
  },
  "worker": {
    why: "workers do not pass the hooks of the process",
    before: {
      "app.ts":
        `import { question } from "./question.ts";\nexport const ask = () => question();\n`,
      "question.ts":
        `export const question = () => new Promise<string>((done) => { const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }); worker.onmessage = (event) => { done(event.data); worker.terminate(); }; });\n`,
      "worker.ts": `(self as any).postMessage("one");\n`,
    },
    after: {
      "question.ts":
        `export const question = () => new Promise<string>((done) => { const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }); worker.onmessage = (event) => { done("two, worker " + event.data); worker.terminate(); }; });\n`,
      "worker.ts": `(self as any).postMessage("two");\n`,
    },
  },
  "closure held by globalThis": {
    open:
      "calls across modules meet the newest code only once exports are rebound (4.6); the README says that such closures stay what they were",
    why: "a closure made by a request calls the code around it",
    before: {
      "app.ts":
        `import { word } from "./word.ts";\nconst help = () => "one " + word();\nexport const open = () => { (globalThis as any).open ??= () => help(); };\nexport const ask = () => (globalThis as any).open?.() ?? "closed";\n`,
      "word.ts": `export const word = () => "w1";\n`,
    },
    after: {
      "app.ts":
        `import { word } from "./word.ts";\nconst help = () => "two " + word();\nexport const open = () => { (globalThis as any).open ??= () => help(); };\nexport const ask = () => (globalThis as any).open?.() ?? "closed";\n`,
      "word.ts": `export const word = () => "w2";\n`,
    },
    history: [["open"]],
    given: [["open"]],
  },
};
