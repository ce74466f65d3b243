import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";

const loops = (source: string) =>
  (analyzeScript("a.ts", source).owned ?? []).filter(({ kind, unpaced }) =>
    kind === "loop" && unpaced === true
  ).map(({ detail }) => detail);
const AGAIN = "a listener that leads to its event again";
const T = `const t = new EventTarget(); `;
const E =
  `import { EventEmitter } from "node:events"; const e = new EventEmitter(); `;
const FS = `import fs from "node:fs"; `;

Deno.test("events that lead to themselves without a timer are loops, however they are written", () => {
  const sources = [
    `${T}t.addEventListener("x", async () => { await work(); t.dispatchEvent(new Event("x")); }); t.dispatchEvent(new Event("x"));`,
    `${T}t.addEventListener("x", async (event) => { await work(); event.target.dispatchEvent(new CustomEvent("x", { detail: 1 })); });`,
    `${T}t.addEventListener("x", async ({ currentTarget }) => { await work(); currentTarget.dispatchEvent(new Event("x")); });`,
    `${T}t.addEventListener("x", async function () { await work(); this.dispatchEvent(new Event("x")); });`,
    `${T}t.addEventListener("x", () => { work().then(() => { t.dispatchEvent(new Event("x")); }); });`,
    `${T}const NAME = "x"; t.addEventListener(NAME, async () => { await work(); again(); }); function again() { t.dispatchEvent(new Event("x")); }`,
    `${T}const turn = async (event) => { await work(); t.dispatchEvent(event); }; t.addEventListener("x", turn);`,
    `addEventListener("x", async () => { await work(); globalThis.dispatchEvent(new Event("x")); });`,
    `class Own extends EventTarget { constructor() { super(); this.addEventListener("x", () => this.turn()); } async turn() { await work(); this.dispatchEvent(new Event("x")); } } new Own();`
      .replace("() => this.turn()", "this.turn.bind(this)"),
    `${T}t.addEventListener("x", { async handleEvent() { await work(); t.dispatchEvent(new Event("x")); } });`,
    `${E}e.on("x", async () => { await work(); e.emit("x"); });`,
    `${E}e.once("x", async function turn() { e.once("x", turn); await work(); e.emit("x"); });`,
    `${E}e.on("x", async () => { await work(); e.emit("y"); }); e.on("y", () => { e.emit("x"); });`,
    `${E}${FS}e.on("x", () => fs.stat(".", () => e.emit("x")));`,
    `import { bus } from "./bus.ts"; bus.on("x", async () => { await work(); bus.emit("x"); });`,
    `class Own extends X {} const own = new Own(); own.on("x", async () => { await work(); own.emit("x"); });`,
    `process.on("x", async () => { await work(); process.emit("x"); });`,
    `const { port1, port2 } = new MessageChannel(); port1.onmessage = () => port2.postMessage(0); port2.postMessage(0);`,
    `const { port1: a, port2: b } = new MessageChannel(); b.addEventListener("message", () => a.postMessage(0));`,
    `const c = new MessageChannel(); c.port1.onmessage = () => c.port1.postMessage(0); c.port2.onmessage = () => c.port2.postMessage(0);`,
  ];
  for (const source of sources) {
    assertEquals([...new Set(loops(source))], [AGAIN], source);
  }
});

Deno.test("what ends with its timers, ends by itself or is heard elsewhere is not a loop of events", () => {
  const others = [
    `${T}t.addEventListener("x", () => { setTimeout(() => t.dispatchEvent(new Event("x")), 5); });`,
    `${T}t.addEventListener("x", async () => { await new Promise((r) => setTimeout(r, 5)); t.dispatchEvent(new Event("x")); });`,
    `${T}t.addEventListener("x", async () => { await work(); t.dispatchEvent(new Event("y")); });`,
    `${T}const u = new EventTarget(); t.addEventListener("x", async () => { await work(); u.dispatchEvent(new Event("x")); });`,
    `${T}t.addEventListener("x", async () => { if (await work()) t.dispatchEvent(new Event("x")); });`,
    `${T}t.addEventListener("x", async () => { try { await work(); } catch { t.dispatchEvent(new Event("x")); } });`,
    `${E}e.on("x", async () => { await work(); e.emit("y"); }); e.on("y", async () => { await work(); });`,
    // The other end hears it.
    `import { connect } from "npm:client"; const socket = connect("/"); socket.on("get", async (id) => socket.emit("get", await load(id)));`,
    `import { socket } from "./socket.ts"; socket.on("ping", (n) => socket.emit("ping", n));`,
    `self.onmessage = async ({ data }) => { self.postMessage(await work(data)); };`,
    `const { port1, port2 } = new MessageChannel(); port1.onmessage = () => port1.postMessage(0); port2.onmessage = () => work();`,
    // Begun by nobody while the module is evaluated.
    `${T}export const later = () => t.addEventListener("x", async () => { await work(); t.dispatchEvent(new Event("x")); });`,
    `${T}Deno.serve(() => { t.dispatchEvent(new Event("x")); return new Response(); }); t.addEventListener("x", async () => { await work(); });`,
    `export class Bus { #all = []; on(event, f) { this.#all.push(f); } async emit(event) { for (const f of this.#all) await f(event); } }`,
  ];
  for (const source of others) assertEquals(loops(source), [], source);
});

Deno.test("what the disk or the network calls back may go on forever too", () => {
  const sources = [
    `${FS}function turn() { fs.stat(".", turn); } turn();`,
    `${FS}const turn = () => fs.readFile("x", (error, text) => { if (error) return; work(text); turn(); }); turn();`,
    `import dns from "node:dns"; (function turn() { dns.lookup("x", () => turn()); })();`,
  ];
  for (const source of sources) {
    assertEquals(
      loops(source),
      ["a function that calls itself without an end"],
      source,
    );
  }
  const others = [
    `${FS}function turn() { fs.stat(".", () => setTimeout(turn, 5)); } turn();`,
    `${FS}function walk(at) { fs.readdir(at, (_, names) => { for (const name of names) walk(name); }); } walk(".");`,
    `function walk(node) { each(node, walk); } walk(tree);`,
    `function walk(node) { node.children.forEach(walk); } walk(tree);`,
  ];
  for (const source of others) assertEquals(loops(source), [], source);
});
