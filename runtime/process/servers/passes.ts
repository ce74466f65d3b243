/** How a health check that asks its own server over the network is known again there: by a header with a secret.
 * @module
 */
import { crypto, URL } from "../../base/platform/globals.ts";
import http from "node:http";
import { natives } from "../../base/platform/natives.ts";
import type { Generations, Work } from "../../modules/generations.ts";

/** The header; whoever sends it without a secret that is outstanding is a stranger. */
export const PASS_HEADER = "x-flyhot-pass";

const REDIRECTS_MAX = 20;

/** The secrets that are outstanding, and the addresses that they may be sent to. */
export class Passes {
  readonly #generations: Generations;
  readonly #outstanding = new Map<string, Work>();
  readonly #listening = new Map<number, number>();

  /**
   * @param generations the generations of the process
   */
  constructor(generations: Generations) {
    this.#generations = generations;
  }

  /** Puts wrappers in the place of `fetch` and `WebSocket`, and sees the requests of `node:http`. */
  install(): void {
    const wrapped = (
      input: Request | URL | string,
      init?: RequestInit,
    ): Promise<Response> =>
      this.#current() === null
        ? natives.fetch(input, init)
        : this.#fetch(input, init);
    Object.defineProperties(
      wrapped,
      Object.getOwnPropertyDescriptors(natives.fetch),
    );
    globalThis.fetch = wrapped as typeof globalThis.fetch;
    this.#installAgent();
    this.#installWebSocket();
    this.#installHeaders();
  }

  /** Whether the secret of some check is still out; where none is, nobody has to look for one. */
  get areOut(): boolean {
    // A request that nobody got brings none back.
    for (const [secret, { pass }] of this.#outstanding) {
      if (pass?.ended !== false) this.#outstanding.delete(secret);
    }
    return this.#outstanding.size > 0;
  }

  /** The check that sent a request. Returns its work, or null for a stranger. */
  ofRequest(request: Request): Work | null {
    const secret = allHeaders.call(request).get(PASS_HEADER);
    return secret === null ? null : this.redeem(secret);
  }

  /** Says that a port of this process is listened on. */
  listening(port: number): () => void {
    this.#listening.set(port, (this.#listening.get(port) ?? 0) + 1);
    return () => {
      const left = (this.#listening.get(port) ?? 1) - 1;
      if (left > 0) this.#listening.set(port, left);
      else this.#listening.delete(port);
    };
  }

  /** Tells whether this process listens on a port. */
  listensOn(port: number): boolean {
    return this.#listening.has(port);
  }

  /** Takes a secret in, once. Returns the work of the check that sent it, or null for a stranger. */
  redeem(secret: string): Work | null {
    const work = this.#outstanding.get(secret) ?? null;
    this.#outstanding.delete(secret);
    return work?.pass?.ended === false ? work : null;
  }

  #current(): Work | null {
    const { work } = this.#generations;
    return work?.pass?.ended === false ? work : null;
  }

  #issue(work: Work): string {
    const secret = crypto.randomUUID();
    this.#outstanding.set(secret, work);
    return secret;
  }

  #isOwn(hostname: string, port: number): boolean {
    return this.#listening.has(port) && isLoopback(hostname);
  }

  async #fetch(
    input: Request | URL | string,
    init?: RequestInit,
  ): Promise<Response> {
    let request = new natives.Request(input, init);
    const follows = request.redirect === "follow" && request.body === null;
    for (let hops = 0;; hops++) {
      const work = this.#current();
      const url = new URL(request.url);
      const own = work !== null &&
        this.#isOwn(url.hostname, Number(url.port || defaultPort(url)));
      if (!own) return await natives.fetch(request, keptOptions(init));
      const headers = new natives.Headers(request.headers);
      headers.set(PASS_HEADER, this.#issue(work));
      const response = await natives.fetch(
        new natives.Request(request, {
          headers,
          redirect: follows ? "manual" : request.redirect,
        }),
        keptOptions(init),
      );
      const location = response.headers.get("location");
      if (
        !follows || location === null || hops >= REDIRECTS_MAX ||
        ![301, 302, 303, 307, 308].includes(response.status)
      ) return response;
      await response.body?.cancel();
      request = new natives.Request(new URL(location, url), {
        method: request.method,
        headers: request.headers,
        signal: request.signal,
      });
    }
  }

  /** Code of the app never sees the header; those that do not look at headers cost nothing. */
  #installHeaders(): void {
    Object.defineProperty(natives.Request.prototype, "headers", {
      ...Object.getOwnPropertyDescriptor(natives.Request.prototype, "headers"),
      get(this: Request) {
        const headers = allHeaders.call(this);
        return headers.has(PASS_HEADER) ? withoutPass(this, headers) : headers;
      },
    });
  }

  #installWebSocket(): void {
    const sent = (args: unknown[]): unknown[] => {
      const work = this.#current();
      const url = work && URL.parse(String(args[0]));
      if (!url || !this.#isOwn(url.hostname, Number(url.port || 80))) {
        return args;
      }
      const [, second] = args;
      const options = typeof second === "object" && second !== null &&
          !Array.isArray(second)
        ? second as { readonly headers?: HeadersInit }
        : second === undefined
        ? {}
        : { protocols: second };
      const headers = new natives.Headers(
        "headers" in options ? options.headers : undefined,
      );
      headers.set(PASS_HEADER, this.#issue(work));
      return [args[0], { ...options, headers }];
    };
    globalThis.WebSocket = new Proxy(natives.WebSocket, {
      construct: (target, args: unknown[], newTarget) =>
        Reflect.construct(target, sent(args), newTarget),
    });
  }

  #installAgent(): void {
    const prototype = http.Agent.prototype as unknown as {
      addRequest(
        this: unknown,
        request: AgentRequest,
        ...rest: unknown[]
      ): void;
    };
    const { addRequest } = prototype;
    if (typeof addRequest !== "function") return;
    const header = (request: AgentRequest, options: unknown) => {
      const work = this.#current();
      if (work === null || request.headersSent) return;
      const { host, hostname, port } = Object(options);
      if (this.#isOwn(String(hostname ?? host), Number(port))) {
        request.setHeader(PASS_HEADER, this.#issue(work));
      }
    };
    prototype.addRequest = function (request, ...rest) {
      header(request, rest[0]);
      return addRequest.call(this, request, ...rest);
    };
  }
}

/** The headers of a request, the pass included. */
const allHeaders = Object.getOwnPropertyDescriptor(
  natives.Request.prototype,
  "headers",
)!.get as (this: Request) => Headers;

/** Headers of a request for the app: of the request itself, so that it can still be upgraded to a WebSocket. */
function withoutPass(request: Request, all: Headers): Headers {
  const headers = new natives.Headers(all);
  headers.delete(PASS_HEADER);
  Object.defineProperty(request, "headers", {
    value: headers,
    configurable: true,
  });
  return headers;
}

interface AgentRequest {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): void;
}

/** Whether a host name leads to this computer, `0.0.0.0` included. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1?\]?)$/.test(hostname);
}

function defaultPort({ protocol }: URL): number {
  return protocol === "https:" ? 443 : 80;
}

/** What a `Request` does not carry over from its options. */
function keptOptions(init: RequestInit | undefined): RequestInit {
  const { client } = (init ?? {}) as { readonly client?: unknown };
  return client === undefined ? {} : { client } as RequestInit;
}
