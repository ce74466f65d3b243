/** The servers that `Deno.serve` opens: who meets which handler, and how one is handed over to new code.
 * @module
 */
import { natives } from "../base/natives.ts";
import { Gate, type Generations, type Work } from "../modules/generations.ts";
import { PASS_HEADER, type Passes } from "./passes.ts";

type Handler = Deno.ServeHandler<Deno.Addr>;

/** What the servers need. */
export interface ServersContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The passes of health checks. */
  readonly passes: Passes;
  /** The innermost module of the app on the stack, or null. */
  callingPlace(): string | null;
  /** Whether a place is one of some modules. */
  isAmong(place: string | null, paths: ReadonlySet<string>): boolean;
}

/** One listener and its handlers. */
interface Listener {
  /** The address as it was asked for. */
  readonly key: string;
  readonly server: Deno.HttpServer<Deno.Addr>;
  readonly gate: Gate<Served>;
  closed: boolean;
}

/** What one piece of code serves on a listener. */
interface Served {
  readonly handler: Handler;
  readonly onError: ((error: unknown) => Response | Promise<Response>) | null;
  /** The path of the module that opened it; null where it is not known. */
  readonly place: string | null;
  /** The attempt that it belongs to, or null for the base image. */
  readonly attempt: number | null;
  /** Tells whether the code came in, where that is not decided yet. */
  ready: Promise<boolean> | null;
}

/** What an attempt serves, from its loading on. */
interface AttemptServers {
  /** The modules that it replaces. */
  readonly replaced: ReadonlySet<string>;
  /** Handlers for listeners that are there. */
  readonly claims: Map<Listener, Served>;
  /** Listeners that are new. */
  readonly opened: Listener[];
  /** The generation that it is in as, once it is in. */
  generation: number | null;
  /** Whether it is in for everybody. */
  committed: boolean;
  readonly decided: PromiseWithResolvers<boolean>;
}

/** All servers of `Deno.serve`. */
export class Servers {
  readonly #context: ServersContext;
  readonly #listeners = new Set<Listener>();
  readonly #attempts = new Map<number, AttemptServers>();
  readonly #thrown = new WeakMap<object, Work>();
  readonly #serve: typeof Deno.serve;
  readonly #shutdowns = new WeakMap<Listener, () => Promise<void>>();
  readonly #zeros = new Map<string, number>();

  /**
   * @param context what they need
   */
  constructor(context: ServersContext) {
    this.#context = context;
    this.#serve = natives.serve;
  }

  /** Puts a wrapper in the place of `Deno.serve`. */
  install(): void {
    const wrapped = (...args: unknown[]) => this.#open(args);
    const native = this.#serve;
    Object.defineProperties(wrapped, {
      name: { value: native.name, configurable: true },
      length: { value: native.length, configurable: true },
    });
    Object.defineProperty(Deno, "serve", {
      value: wrapped,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }

  /**
   * Gets ready for what an attempt serves.
   *
   * @param attempt the attempt
   * @param replaced the modules that it replaces, whose listeners it may take over
   */
  begin(attempt: number, replaced: ReadonlySet<string>): void {
    this.#attempts.set(attempt, {
      replaced,
      claims: new Map(),
      opened: [],
      generation: null,
      committed: false,
      decided: Promise.withResolvers(),
    });
  }

  /**
   * The addresses of replaced modules that the attempt does not serve.
   *
   * @param attempt the attempt
   * @returns the addresses as they were asked for
   */
  unclaimed(attempt: number): string[] {
    const mine = this.#attempts.get(attempt);
    if (!mine) return [];
    return [...this.#listeners].filter((listener) =>
      !mine.claims.has(listener) && !listener.closed &&
      !mine.opened.includes(listener) &&
      this.#context.isAmong(listener.gate.newest.place, mine.replaced)
    ).map(({ key }) => key);
  }

  /**
   * Lets the handlers of an attempt take their places, for whoever meets its generation.
   *
   * @param attempt the attempt
   * @param generation its generation
   * @returns puts the old ones back
   */
  swap(attempt: number, generation: number): () => void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return () => {};
    mine.generation = generation;
    const undo = [...mine.claims].map(([{ gate }, served]) =>
      gate.put(generation, served)
    );
    return () => {
      mine.generation = null;
      for (const step of undo) step();
    };
  }

  /**
   * Lets everybody reach the listeners that an attempt opened.
   *
   * @param attempt the attempt
   */
  commit(attempt: number): void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return;
    mine.committed = true;
    mine.decided.resolve(true);
    for (const { gate } of mine.opened) gate.newest.ready = null;
  }

  /**
   * Closes what a given-up attempt opened.
   *
   * @param attempt the attempt
   */
  giveUp(attempt: number): void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return;
    this.#attempts.delete(attempt);
    mine.decided.resolve(false);
    for (const listener of mine.opened) {
      this.#shutdowns.get(listener)?.().catch(() => {});
    }
  }

  #open(args: unknown[]): Deno.HttpServer<Deno.Addr> {
    const [first, second] = args;
    const options: ServeOptions = typeof first === "object" && first !== null
      ? { ...first as ServeOptions }
      : {};
    const handler = typeof first === "function"
      ? first as Handler
      : typeof second === "function"
      ? second as Handler
      : options.handler;
    const native = this.#serve as (...args: unknown[]) => Deno.HttpServer<
      Deno.Addr
    >;
    // What it refuses is refused in its own words.
    if (typeof handler !== "function") return native.apply(Deno, args);
    const { generations } = this.#context;
    const { work } = generations;
    const attempt = work?.attempt ?? null;
    const mine = attempt === null ? undefined : this.#attempts.get(attempt);
    const place = this.#context.callingPlace() ?? (work?.place || null);
    const served: Served = {
      handler,
      onError: options.onError ?? null,
      place,
      attempt,
      ready: null,
    };
    const key = this.#keyOf(options, attempt, place);
    const there = mine && this.#claimable(mine, key);
    if (there) return this.#claim(mine, there, served, options);
    if (mine && !mine.committed) served.ready = mine.decided.promise;
    const gate = new Gate(generations, served);
    const isCurrent = () => gate.newest === served;
    const { handler: _handler, onError: _onError, ...rest } = options;
    const { onListen, signal } = rest;
    const server = native.call(
      Deno,
      {
        ...rest,
        ...(signal ? { signal: whileCurrent(signal, isCurrent) } : {}),
        ...(onListen
          ? {
            onListen: (address: Deno.Addr) =>
              generations.as(work, () => onListen(address)),
          }
          : {}),
        onError: (error: unknown) => this.#failed(gate, error),
      },
      (request: Request, info: Deno.ServeHandlerInfo<Deno.Addr>) =>
        this.#answer(gate, request, info),
    );
    const listener: Listener = { key, server, gate, closed: false };
    this.#listeners.add(listener);
    mine?.opened.push(listener);
    this.#watch(listener);
    // Code that has handed the listener over has nothing left to shut down.
    const shutdown = server.shutdown.bind(server);
    const own = () => isCurrent() ? shutdown() : Promise.resolve();
    this.#shutdowns.set(listener, shutdown);
    server.shutdown = own;
    Object.defineProperty(server, Symbol.asyncDispose, {
      value: own,
      configurable: true,
      writable: true,
    });
    return server;
  }

  #watch(listener: Listener): void {
    const { server } = listener;
    const forget = server.addr.transport === "tcp"
      ? this.#context.passes.listening((server.addr as Deno.NetAddr).port)
      : () => {};
    const closed = () => {
      listener.closed = true;
      this.#listeners.delete(listener);
      forget();
    };
    this.#context.generations.outside(() =>
      server.finished.then(closed, closed)
    );
  }

  async #answer(
    gate: Gate<Served>,
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.Addr>,
  ): Promise<Response> {
    const { generations, passes } = this.#context;
    const secret = request.headers.get(PASS_HEADER);
    const check = secret === null ? null : passes.redeem(secret);
    const shown = secret === null ? request : withoutPass(request);
    const act = async () => {
      const { handler, ready } = gate.value;
      if (check === null && ready !== null && !await ready) return gone();
      return await handler(shown, info);
    };
    if (check !== null) return await generations.as(check, act);
    return await generations.startWork(
      async () => {
        try {
          return await act();
        } catch (error) {
          this.#thrown.set(Object(error), generations.work!);
          throw error;
        }
      },
      info.completed,
    );
  }

  #failed(gate: Gate<Served>, error: unknown): Response | Promise<Response> {
    const { generations } = this.#context;
    const work = this.#thrown.get(Object(error)) ?? null;
    return generations.as(work, () => {
      const { onError } = gate.value;
      if (onError) return onError(error);
      // As Deno does by itself.
      // deno-lint-ignore no-console -- what an app prints without the runtime it prints with it
      console.error(error);
      return new natives.Response("Internal Server Error", { status: 500 });
    });
  }

  #claimable(mine: AttemptServers, key: string): Listener | undefined {
    for (const listener of this.#listeners) {
      if (listener.key !== key || listener.closed) continue;
      if (mine.claims.has(listener) || mine.opened.includes(listener)) continue;
      const { place } = listener.gate.newest;
      if (this.#context.isAmong(place, mine.replaced)) return listener;
    }
    return undefined;
  }

  #claim(
    mine: AttemptServers,
    listener: Listener,
    served: Served,
    { onListen, signal }: ServeOptions,
  ): Deno.HttpServer<Deno.Addr> {
    mine.claims.set(listener, served);
    const { server, gate } = listener;
    // After the swap, as by a main function that nobody waits for.
    if (mine.generation !== null) gate.put(mine.generation, served);
    onListen?.(server.addr);
    const isCurrent = () => gate.newest === served;
    const shutdown = async () => {
      if (!isCurrent()) return;
      // The first one's own is the real one; it asks who is current.
      await this.#shutdowns.get(listener)!();
    };
    signal?.addEventListener("abort", () => void shutdown(), { once: true });
    return {
      addr: server.addr,
      finished: server.finished,
      shutdown,
      ref: () => server.ref(),
      unref: () => server.unref(),
      [Symbol.asyncDispose]: shutdown,
    };
  }

  #keyOf(
    options: ServeOptions,
    attempt: number | null,
    place: string | null,
  ): string {
    const { path, hostname = "0.0.0.0", port = 8000 } = options;
    if (path !== undefined) return `unix:${path}`;
    const host = /^(?:0\.0\.0\.0|\[?::\]?)$/.test(hostname) ? "*" : hostname;
    if (port !== 0) return `${host}:${port}`;
    // Any port will do: told apart by who asks, and how often it has asked before.
    const asker = `${attempt} ${place}`;
    const nth = this.#zeros.get(asker) ?? 0;
    this.#zeros.set(asker, nth + 1);
    return `${host}:0 ${place} ${nth}`;
  }
}

interface ServeOptions {
  readonly path?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly signal?: AbortSignal;
  readonly handler?: Handler;
  readonly onError?: (error: unknown) => Response | Promise<Response>;
  readonly onListen?: (address: Deno.Addr) => void;
}

function withoutPass(request: Request): Request {
  const headers = new natives.Headers(request.headers);
  headers.delete(PASS_HEADER);
  // The request itself, so that it can still be upgraded to a WebSocket.
  Object.defineProperty(request, "headers", {
    value: headers,
    configurable: true,
  });
  return request;
}

function gone(): Response {
  return new natives.Response("Service Unavailable", {
    status: 503,
    headers: { "retry-after": "1" },
  });
}

/** The signal of a server, for as long as its code serves. */
function whileCurrent(
  signal: AbortSignal,
  isCurrent: () => boolean,
): AbortSignal {
  const own = new AbortController();
  const abort = () => {
    if (isCurrent()) own.abort(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return own.signal;
}
