/** Plays requests to one app, before and after an upgrade, with what stays open in between.
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";
import type { Answer } from "./comparing/answers.ts";
import { askHttp } from "./ask_http.ts";
import { CookieJar } from "./cookies.ts";
import type {
  HttpRequestBlock,
  RehearsalRequest,
  SocketBlock,
} from "./requests.ts";
import { Talk } from "./talk_socket.ts";

const LOAD_PAUSE_MS = 2;

/** An answer, and to which request. */
export interface Played {
  /** The place of the request, from 1. */
  readonly number: number;
  /** The request, for people. */
  readonly request: string;
  /** What came back. */
  readonly answer: Answer;
}

/** One client of an app. */
export class Player {
  readonly #url: string;
  readonly #requests: readonly RehearsalRequest[];
  readonly #signal: AbortSignal;
  readonly #jar = new CookieJar();
  /** WebSockets that stay open, by the place of their request. */
  readonly #open = new Map<number, Talk>();

  constructor(
    url: string,
    requests: readonly RehearsalRequest[],
    signal: AbortSignal,
  ) {
    this.#url = url;
    this.#requests = requests;
    this.#signal = signal;
  }

  /** Plays all requests in their order; WebSockets stay open. */
  async before(): Promise<Played[]> {
    return await this.#each(async (request, at) => {
      if (request.kind === "http") return [await this.#ask(request)];
      const talk = await this.#talk(request);
      if (typeof talk === "string") return [{ kind: "none", why: talk }];
      this.#open.set(at, talk);
      return [await talk.say(request, this.#signal)];
    });
  }

  /** Plays all requests again, those of WebSockets over the open ones first, and then over new ones. */
  async after(): Promise<Played[]> {
    return await this.#each(async (request, at) => {
      if (request.kind === "http") return [await this.#ask(request)];
      const answers: Answer[] = [];
      const kept = this.#open.get(at);
      if (kept) {
        // What came since then is not an answer, and may come at any time.
        await kept.quiet(this.#signal);
        kept.forget();
        answers.push(await kept.say(request, this.#signal, true));
      }
      const talk = await this.#talk(request);
      if (typeof talk === "string") answers.push({ kind: "none", why: talk });
      else {
        answers.push(await talk.say(request, this.#signal));
        await talk.close();
      }
      return answers;
    }, ["over the open socket", "over a new socket"]);
  }

  /** Asks what only reads, one request after the other, until it has been enough. */
  async load(enough: AbortSignal): Promise<Played[]> {
    const reads = this.#reads();
    const played: Played[] = [];
    for (let at = 0; reads.length > 0 && !enough.aborted; at++) {
      const { number, request } = reads[at % reads.length]!;
      played.push({
        number,
        request: nameOf(request),
        answer: await this.#ask(request),
      });
      await pause(LOAD_PAUSE_MS, { signal: enough });
      this.#signal.throwIfAborted();
    }
    return played;
  }

  /** Asks what another app was asked by {@linkcode Player.load}, without pauses. */
  async loadAs(played: readonly Played[]): Promise<void> {
    for (const { number } of played) {
      const request = this.#requests[number - 1];
      if (request?.kind === "http") await this.#ask(request);
    }
  }

  /** Opens those WebSockets again that the app closed so that their clients come back. */
  async comeBack(): Promise<{ returned: number[]; lost: Played[] }> {
    const returned: number[] = [];
    const lost: Played[] = [];
    for (const [at, talk] of [...this.#open]) {
      if (talk.closed === null) continue;
      const why = talk.wantsReturn
        ? await this.#reopen(at)
        : `closed with ${talk.closed}`;
      if (why === null) returned.push(at);
      else {
        this.#open.delete(at);
        lost.push({
          number: at + 1,
          request: nameOf(this.#requests[at]!),
          answer: { kind: "none", why },
        });
      }
    }
    return { returned, lost };
  }

  /** Closes and opens the WebSockets that another app's clients had to open again. */
  async comeBackAs(places: readonly number[]): Promise<void> {
    for (const at of places) {
      await this.#open.get(at)?.close();
      await this.#reopen(at);
    }
  }

  /** Why it cannot be opened again; null where it is. */
  async #reopen(at: number): Promise<string | null> {
    const request = this.#requests[at];
    if (request?.kind !== "socket") return "it was none";
    const talk = await this.#talk(request);
    if (typeof talk === "string") return talk;
    this.#open.set(at, talk);
    return null;
  }

  /** How many WebSockets are open. */
  get open(): number {
    return this.#open.size;
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((talk) => talk.close()));
    this.#open.clear();
  }

  #reads(): { number: number; request: HttpRequestBlock }[] {
    return this.#requests.flatMap((request, at) =>
      request.kind === "http" && /^(?:GET|HEAD)$/.test(request.method) &&
        !this.#streams.has(at)
        ? [{ number: at + 1, request }]
        : []
    );
  }

  /** The places of requests that were answered by a stream of events: too slow to load anything with. */
  readonly #streams = new Set<number>();

  async #each(
    play: (request: RehearsalRequest, at: number) => Promise<Answer[]>,
    names: readonly string[] = [],
  ): Promise<Played[]> {
    const played: Played[] = [];
    for (const [at, request] of this.#requests.entries()) {
      this.#signal.throwIfAborted();
      const answers = await play(request, at);
      for (const [index, answer] of answers.entries()) {
        if (isStream(answer)) this.#streams.add(at);
        // Named from the end: the open socket may be missing.
        const name = request.kind === "socket"
          ? names.at(index - answers.length)
          : undefined;
        played.push({
          number: at + 1,
          request: nameOf(request) + (name ? ` ${name}` : ""),
          answer,
        });
      }
    }
    return played;
  }

  #ask(request: HttpRequestBlock): Promise<Answer> {
    return askHttp(this.#url, request, this.#jar, this.#signal);
  }

  #talk(request: SocketBlock): Promise<Talk | string> {
    return Talk.open(this.#url, request, this.#jar, this.#signal);
  }
}

/** A request for people. */
function nameOf(request: RehearsalRequest): string {
  return `${request.kind === "http" ? request.method : "WS"} ${request.path}`;
}

function isStream(answer: Answer): boolean {
  return answer.kind === "http" &&
    answer.headers.some(([name, value]) =>
      name === "content-type" && value.startsWith("text/event-stream")
    );
}
