/** The servers that `Deno.serve` opens: who meets which handler, and how one is handed over to new code.
 * @module
 */
import { AbortController } from "../../base/platform/globals.ts";
import { natives } from "../../base/platform/natives.ts";
import { Gate } from "../../modules/generation_gate.ts";
import type { Work } from "../../modules/generations.ts";
import {
  type Asked,
  type HandedOver,
  HandOver,
  type HandOverContext,
  type HandOverListener,
  servedBy,
} from "./hand_over.ts";
import { addressKey, listenHost } from "./listen_key.ts";
import { listenerOptions } from "./listener_options.ts";
import type { Passes } from "./passes.ts";
import { answersBy } from "./served_object.ts";
import { putInDeno } from "../../base/platform/put_in_deno.ts";

type Handler = Deno.ServeHandler<Deno.Addr>;

/** What the servers need. */
export interface ServersContext extends HandOverContext {
  /** The passes of health checks. */
  readonly passes: Passes;
}

/** One listener and its handlers. */
interface Listener extends HandOverListener<Served> {
  readonly server: Deno.HttpServer<Deno.Addr>;
}

/** What one piece of code serves on a listener. */
interface Served extends HandedOver {
  handler: Handler;
  readonly onError: ((error: unknown) => Response | Promise<Response>) | null;
}

/** All servers of `Deno.serve`. */
export class Servers extends HandOver<Listener, Served> {
  readonly #context: ServersContext;
  readonly #thrown = new WeakMap<object, Work>();
  readonly #serve: typeof Deno.serve;
  readonly #shutdowns = new WeakMap<Listener, () => Promise<void>>();

  /**
   * @param context what they need
   */
  constructor(context: ServersContext) {
    super(context);
    this.#context = context;
    this.#serve = natives.serve;
  }

  /** The module that serves the request under way; null outside of requests. */
  get currentPlace(): string | null {
    return this.#context.generations.work?.answering?.place ?? null;
  }

  /** Answers requests as the server does whose request is under way, by its newest code; null outside of requests. */
  get currentAnswer(): ((request: Request) => unknown) | null {
    return this.#context.generations.work?.answering?.answer ?? null;
  }

  /** Puts a wrapper in the place of `Deno.serve`. */
  install(): void {
    const wrapped = (...args: unknown[]) => this.#open(args);
    const native = this.#serve;
    putInDeno("serve", native, wrapped);
  }

  /** What answers, where modules that stay serve: each can be read, and set to what takes its place. */
  *handlers(replaced: ReadonlySet<string>): Generator<SetHandler> {
    for (const { gate: { newest } } of this.listening) {
      if (this.#context.isAmong(servedBy(newest), replaced)) continue;
      let set = this.#setters.get(newest);
      if (!set) this.#setters.set(newest, set = setterOf(newest));
      yield set;
    }
  }

  readonly #setters = new WeakMap<Served, SetHandler>();

  protected override answers({ handler, onError }: Served): unknown[] {
    return [handler, onError];
  }

  protected override close(listener: Listener): void {
    this.#shutdowns.get(listener)?.().catch(() => {});
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
    const asked = this.asked();
    const served: Served = {
      ...asked.about,
      handler,
      onError: options.onError ?? null,
    };
    const key = this.#keyOf(options, asked);
    const fixed = options.path === undefined
      ? listenerOptions(options, listenHost(options.hostname, "0.0.0.0"))
      : listenerOptions(options);
    const there = this.claimable(asked, key, fixed);
    if (there) return this.#take(there, served, asked, options);
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
    const listener: Listener = {
      key,
      server,
      gate,
      options: fixed,
      closed: false,
    };
    this.opened(listener, asked);
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
      this.closed(listener);
      forget();
    };
    this.#context.generations.outside(() =>
      server.finished.then(closed, closed)
    );
  }

  /** Not `async`: what a handler answers at once, Deno sends at once. */
  #answer(
    gate: Gate<Served>,
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.Addr>,
  ): Response | Promise<Response> {
    const { generations, passes } = this.#context;
    const check = passes.areOut ? passes.ofRequest(request) : null;
    if (check !== null) {
      return generations.as(check, () => this.#handle(gate, request, info));
    }
    return generations.startWork((work) => {
      const { ready } = gate.value;
      try {
        const answer = ready === null
          ? this.#handle(gate, request, info)
          // Nobody from outside meets it before its code is trusted.
          : ready.then((isIn) =>
            isIn ? this.#handle(gate, request, info) : gone()
          );
        if (answer instanceof Promise) {
          answer.then(undefined, (error) => this.#thrownBy(error, work));
        }
        return answer;
      } catch (error) {
        this.#thrownBy(error, work);
        throw error;
      }
    }, { ends: info.completed });
  }

  #handle(
    gate: Gate<Served>,
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.Addr>,
  ): Response | Promise<Response> {
    const { handler } = gate.value;
    const { work } = this.#context.generations;
    if (work !== null) {
      work.answering = {
        place: servedBy(gate.value),
        answer: (again) => gate.value.handler(again, info),
      };
    }
    return handler(request, info);
  }

  #thrownBy(error: unknown, work: Work): void {
    this.#thrown.set(Object(error), work);
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

  #take(
    listener: Listener,
    served: Served,
    asked: Asked<Listener, Served>,
    { onListen, signal }: ServeOptions,
  ): Deno.HttpServer<Deno.Addr> {
    const { server, gate } = listener;
    this.claim(listener, served, asked);
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

  #keyOf(options: ServeOptions, asked: Asked<Listener, Served>): string {
    const { path, hostname, port = 8000 } = options;
    if (path !== undefined) return `unix:${path}`;
    return addressKey(port, hostname, (host) => this.keyOfAnyPort(host, asked));
  }
}

/** Reads what answers on a listener, or sets it. */
export type SetHandler = (
  name: string,
  isSet?: boolean,
  value?: unknown,
) => unknown;

function setterOf(served: Served): SetHandler {
  const object = answersBy(served.handler);
  return object === null
    ? (_name, isSet = false, value) =>
      isSet ? served.handler = value as Handler : served.handler
    // Whoever has put a getter there decides by itself.
    : (_name, isSet = false, value) => {
      const there = Object.getOwnPropertyDescriptor(object, "fetch");
      if (isSet) Reflect.set(object, "fetch", value);
      return isSet ? value : there?.value;
    };
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
