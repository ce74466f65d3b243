/** Small programs whose kept values serve by themselves, and what they answer when they are upgraded.
 * @module
 */
import type { Program } from "./program.ts";

const node = (name: string) =>
  `import http from "node:http"; const port = Number(Deno.env.get("PORT_${name.toUpperCase()}"));`;

/** Small programs whose kept values serve by themselves. */
export const SERVING_PROGRAMS: Readonly<Record<string, Program>> = {
  serves_itself: {
    keep: ["main.ts#new Game"],
    before: {
      "main.ts": `import { Game } from "./game.ts"; new Game();`,
      "game.ts":
        `export class Game { n = 0; constructor() { SERVE(() => this.answer()); } answer() { return new Response("one " + ++this.n); } }`,
    },
    after: {
      "game.ts":
        `export class Game { n = 0; constructor() { SERVE(() => this.answer()); } answer() { return new Response("two " + ++this.n); } }`,
    },
    answer: `two 3`,
  },
  serves_late: {
    keep: ["main.ts#game"],
    before: {
      "main.ts":
        `import { Game } from "./game.ts"; const game = await Game.start(); setInterval(() => game.n, 1000);`,
      "game.ts":
        `export class Game { n = 0; static async start() { const game = new Game(); await 1; game.serve(); return game; } serve() { SERVE(() => this.answer()); } answer() { return new Response("one " + ++this.n); } }`,
    },
    after: {
      "game.ts":
        `export class Game { n = 0; static async start() { const game = new Game(); await 1; game.serve(); return game; } serve() { SERVE(() => this.answer()); } answer() { return new Response("two " + ++this.n); } }`,
    },
    answer: `two 3`,
  },
  serves_by_node: {
    keep: ["main.ts#game"],
    before: {
      "main.ts":
        `import { Game } from "./game.ts"; export const game = new Game();`,
      "game.ts": `${
        node("serves_by_node")
      } export class Game { n = 0; constructor() { const server = http.createServer((_, response) => response.end(this.answer())); server.listen(port); } answer() { return "one " + ++this.n; } }`,
    },
    after: {
      "game.ts": `${
        node("serves_by_node")
      } export class Game { n = 0; constructor() { const server = http.createServer((_, response) => response.end(this.answer())); server.listen(port); } answer() { return "two " + ++this.n; } }`,
    },
    answer: `two 3`,
  },
  serves_other_words: {
    keep: ["main.ts#new Game"],
    before: {
      "main.ts": `import { Game } from "./game.ts"; new Game();`,
      "game.ts":
        `export class Game { n = 0; constructor() { SERVE(() => new Response("one " + ++this.n)); } }`,
    },
    after: {
      "game.ts":
        `export class Game { n = 0; constructor() { SERVE(() => new Response("two " + ++this.n)); } }`,
    },
    refused:
      `main.ts:1 new Game: holds Game: Game has another constructor, which kept instances have not been through`,
  },
  serves_other_words_by_node: {
    keep: ["main.ts#game"],
    before: {
      "main.ts":
        `import { Game } from "./game.ts"; export const game = new Game();`,
      "game.ts": `${
        node("serves_other_words_by_node")
      } export class Game { n = 0; constructor() { http.createServer((_, response) => response.end("one " + ++this.n)).listen(port); } }`,
    },
    after: {
      "game.ts": `${
        node("serves_other_words_by_node")
      } export class Game { n = 0; constructor() { http.createServer((_, response) => response.end("two " + ++this.n)).listen(port); } }`,
    },
    refused: `Game has another constructor`,
  },
  serves_by_function: {
    keep: ["main.ts#game"],
    before: {
      "main.ts":
        `import { Game } from "./game.ts"; export const game = new Game();`,
      "game.ts":
        `const answer = () => new Response("one"); export class Game { n = 0; constructor() { Promise.resolve().then(() => { SERVE(answer); }); } }`,
    },
    after: {
      "game.ts":
        `const answer = () => new Response("two"); export class Game { n = 0; constructor() { Promise.resolve().then(() => { SERVE(answer); }); } }`,
    },
    answer: `two`,
  },
  routes_in_setup: {
    keep: ["main.ts#app"],
    before: {
      "main.ts":
        `import { App } from "./app.ts"; export const app = new App();`,
      "app.ts":
        `export class App { routes = this.setup(); setup() { const all = hidden(); all.set(() => new Response("first")); SERVE((r: Request) => all.get()(r)); return 1; } } function hidden() { let route: any = null; return { set: (it: any) => route = it, get: () => route }; }`,
    },
    after: {
      "app.ts":
        `export class App { routes = this.setup(); setup() { const all = hidden(); all.set(() => new Response("second")); SERVE((r: Request) => all.get()(r)); return 1; } } function hidden() { let route: any = null; return { set: (it: any) => route = it, get: () => route }; }`,
    },
    refused:
      `main.ts:1 app: is named under "keep", and its initializer, or what that refers to, is another one now`,
  },
  handed_while_made: {
    keep: ["main.ts#game"],
    before: {
      "main.ts":
        `import { Game } from "./game.ts"; export const game = new Game();`,
      "game.ts":
        `function hide(it: any) { return () => it(); } export class Game { n = 0; constructor() { this.later(); } later() { const n = 1; SERVE(() => this.answer()); (globalThis as any).said = hide(() => "one" + n); this.n = 2; setTimeout(() => this.later, 1); } answer() { return new Response("one " + (globalThis as any).said()); } }`,
    },
    after: {
      "game.ts":
        `function hide(it: any) { return () => it(); } export class Game { n = 0; constructor() { this.later(); } later() { const n = 1; SERVE(() => this.answer()); (globalThis as any).said = hide(() => "two" + n); this.n = 2; setTimeout(() => this.later, 1); } answer() { return new Response("two " + (globalThis as any).said()); } }`,
    },
    refused:
      `it has handed a function to somebody while NAME/main.ts#game was made`,
  },
};
