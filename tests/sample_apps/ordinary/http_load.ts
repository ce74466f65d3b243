/** Clients over connections that stay open, which never stop asking while an app is upgraded.
 * @module
 */
import http from "node:http";
import { answerText } from "./answers.ts";

/** One answer. */
interface Seen {
  readonly path: string;
  readonly began: number;
  readonly answer: string;
}

/** What every path answers. */
export type Answers = ReadonlyMap<string, string>;

const PAUSE_MS = 5;
// Often enough for a connection that is not to be closed for idleness.
const REST_MS = 200;
const PATIENCE_MS = 30_000;

/** The clients. */
export class HttpLoad implements AsyncDisposable {
  /** What should not have happened. */
  readonly failures: string[] = [];
  /** How many answers there were. */
  total = 0;
  readonly #url: string;
  readonly #paths: readonly string[];
  readonly #clients: Promise<void>[];
  #seen: Seen[] = [];
  #going = true;
  #pauseMs = REST_MS;

  /** They begin at once, each with one connection. */
  constructor(url: string, paths: readonly string[], count: number) {
    this.#url = url;
    this.#paths = paths;
    this.#clients = Array.from(
      { length: count },
      (_, first) => this.#client(first),
    );
  }

  /** Forgets the answers so far: what comes from now on is judged together, and there is much of it. */
  begin(): void {
    this.#seen = [];
    this.#pauseMs = PAUSE_MS;
  }

  /** Asks only now and then. */
  rest(): void {
    this.#pauseMs = REST_MS;
  }

  /** Waits until this many more answers have come. */
  async more(count: number): Promise<void> {
    const goal = this.total + count;
    const deadline = performance.now() + PATIENCE_MS;
    while (this.total < goal) {
      if (performance.now() > deadline) {
        throw new Error(`Clients get no answers: ${this.failures.join("; ")}`);
      }
      await pause(PAUSE_MS);
    }
  }

  /**
   * What of the answers since {@linkcode begin} is neither the old nor the new one, or the old one too late.
   *
   * @param settled when it was told that the new code is in
   */
  verdict(old: Answers, next: Answers, settled: number): string[] {
    const found = new Set<string>();
    for (const { path, began, answer } of this.#seen) {
      if (answer === next.get(path)) continue;
      if (answer !== old.get(path)) {
        found.add(
          `GET ${path} answered ${answer}; old is ${old.get(path)}, new is ${
            next.get(path)
          }`,
        );
      } else if (began > settled) {
        found.add(`GET ${path} gave the old ${answer} after the upgrade`);
      }
    }
    return [...found];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false;
    await Promise.all(this.#clients);
  }

  async #client(first: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    let connections = 0;
    for (let turn = first; this.#going; turn++) {
      const path = this.#paths[turn % this.#paths.length]!;
      const began = performance.now();
      try {
        const { answer, isReused } = await this.#ask(agent, path);
        this.#seen.push({ path, began, answer });
        this.total++;
        if (!isReused && ++connections > 1) {
          this.failures.push(`a connection was closed before GET ${path}`);
        }
      } catch (error) {
        this.failures.push(`GET ${path}: ${error}`);
      }
      await pause(this.#pauseMs);
    }
    agent.destroy();
  }

  #ask(
    agent: http.Agent,
    path: string,
  ): Promise<{ answer: string; isReused: boolean }> {
    return new Promise((resolve, reject) => {
      const request = http.get(this.#url + path, { agent }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => text += chunk);
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            answer: answerText(
              response.statusCode!,
              response.headers["content-type"],
              text,
            ),
            isReused: request.reusedSocket,
          }));
      });
      request.on("error", reject);
    });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
