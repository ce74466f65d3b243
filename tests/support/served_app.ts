/** An app that serves HTTP from its boot shell, and clients that never stop asking.
 * @module
 */
import { DrivenApp, type Files } from "./driven_app.ts";

/** Serves whatever `handle` of `app.ts` answers; the server is in the boot shell. */
export const SERVING_SHELL = (settings: string, serve = "deno") => `
import { live } from "@flyhot/runtime";
import http from "node:http";
const app: { handle(request: Request): Response | Promise<Response> } = await live(() => import("./app.ts"));
let port = 0;
if (${JSON.stringify(serve)} === "deno") {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => app.handle(request));
  port = server.addr.port;
} else {
  const server = http.createServer(async (request, response) => {
    const answer = await app.handle(new Request("http://localhost" + request.url, { headers: request.headers as never }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as { port: number }).port;
}
Object.assign(globalThis, { port });
export const settings = { ${settings} };
`;

/** What the clients got, counted. */
export type Answers = Map<string, number>;

/** An app that is asked all the time. */
export class LoadedApp implements AsyncDisposable {
  /** The app. */
  readonly app: DrivenApp;
  /** Where it serves. */
  readonly url: string;
  /** What the clients got so far. */
  answers: Answers = new Map();
  #asking = true;
  readonly #clients: Promise<unknown>;

  private constructor(app: DrivenApp, url: string) {
    this.app = app;
    this.url = url;
    this.#clients = Promise.all([this.#client(), this.#client()]);
  }

  /** Starts an app whose boot shell serves, and two clients. */
  static async start(files: Files): Promise<LoadedApp> {
    const app = await DrivenApp.start(files);
    try {
      const port = await app.call("port");
      return new LoadedApp(app, `http://127.0.0.1:${port}`);
    } catch (error) {
      await app[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One request. */
  async ask(path: string): Promise<string> {
    const response = await fetch(this.url + path);
    return `${response.status} ${await response.text()}`;
  }

  /** Forgets what the clients got so far. */
  async fresh(): Promise<void> {
    // What is under way belongs to the time before.
    await new Promise((resolve) => setTimeout(resolve, 50));
    this.answers = new Map();
  }

  async #client(): Promise<void> {
    while (this.#asking) {
      let answer: string;
      try {
        answer = await this.ask("/");
      } catch (error) {
        answer = `failed: ${error instanceof Error ? error.message : error}`;
      }
      this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#asking = false;
    await this.#clients;
    await this.app[Symbol.asyncDispose]();
  }
}
