/** The listeners of `Deno.listen` and `Deno.listenTls`: one that the code of an upgrade puts in the place of another takes
 * the connections from then on; those that are open stay with the code that has accepted them.
 * @module
 */
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
import type { RawPasses } from "../raw_passes.ts";
import { noteAccepted } from "../left/accepted_streams.ts";
import { putInDeno } from "../../base/platform/put_in_deno.ts";

type Waiter = PromiseWithResolvers<Deno.Conn>;

/** What one piece of code has of a listener. */
interface Accepting extends HandedOver {
  /** Who waits for a connection. */
  readonly waiting: Waiter[];
  /** What came while nobody waited. */
  readonly accepted: Deno.Conn[];
}

interface Listener extends HandOverListener<Accepting> {
  readonly server: Deno.Listener;
  /** Whether a connection is waited for. */
  isAccepting: boolean;
}

type Listen = (options: ListenOptions) => Deno.Listener;

interface ListenOptions {
  readonly transport?: string;
  readonly path?: string;
  readonly hostname?: string;
  readonly port?: number;
}

/** What the listeners need. */
export interface TcpListenersContext extends HandOverContext {
  /** The connections of health checks. */
  readonly rawPasses: RawPasses;
  /** Told of each connection that code has taken, and of the module that listens. */
  accepted(connection: Deno.Conn, place: string | null): void;
}

/** All such listeners. */
export class TcpListeners extends HandOver<Listener, Accepting> {
  readonly #context: TcpListenersContext;

  /**
   * @param context what they need
   */
  constructor(context: TcpListenersContext) {
    super(context);
    this.#context = context;
  }

  /** Puts wrappers in the place of `Deno.listen` and `Deno.listenTls`. */
  install(): void {
    for (const name of ["listen", "listenTls"] as const) {
      const native = Deno[name] as unknown as Listen;
      const wrapped = (options: ListenOptions) =>
        this.#listen(name, options, native);
      putInDeno(name, native, wrapped);
    }
  }

  protected override answers(): [] {
    // Whoever waits for its connections is a loop, and looked at as such.
    return [];
  }

  protected override close(listener: Listener): void {
    if (listener.closed) return;
    this.closed(listener);
    try {
      listener.server.close();
    } catch {
      // Somebody has closed it.
    }
  }

  #listen(
    name: string,
    options: ListenOptions,
    native: Listen,
  ): Deno.Listener {
    const asked = this.asked();
    // What a request opens is its own affair, and what is refused is refused in the platform's words.
    if (!asked.about.isEvaluated || !isAddress(options)) {
      return native.call(Deno, options);
    }
    const key = `${name} ${this.#keyOf(options, asked)}`;
    const mine: Accepting = { ...asked.about, waiting: [], accepted: [] };
    const fixed = options.path === undefined
      ? listenerOptions(options, listenHost(options.hostname, "0.0.0.0"))
      : listenerOptions(options);
    const there = this.claimable(asked, key, fixed);
    if (there) {
      this.claim(there, mine, asked);
      return this.#standIn(there, mine, asked);
    }
    const server = native.call(Deno, options);
    const listener: Listener = {
      key,
      server,
      gate: new Gate(this.#context.generations, mine),
      options: fixed,
      closed: false,
      isAccepting: false,
    };
    this.opened(listener, asked);
    return this.#standIn(listener, mine, asked);
  }

  /** What the code gets: it accepts for as long as it is the newest. */
  #standIn(
    listener: Listener,
    mine: Accepting,
    asked: Asked<Listener, Accepting>,
  ): Deno.Listener {
    const { server, gate } = listener;
    const accept = async (): Promise<Deno.Conn> => {
      let connection = mine.accepted.shift();
      if (!connection) {
        const waiter = Promise.withResolvers<Deno.Conn>();
        mine.waiting.push(waiter);
        this.#pull(listener);
        connection = await waiter.promise;
      }
      noteAccepted(connection);
      this.#context.accepted(connection, servedBy(mine));
      return connection;
    };
    const close = () => {
      if (this.isPending(listener, mine, asked)) this.unclaim(listener, asked);
      // Code that has handed the listener over has nothing left to close.
      else if (gate.newest === mine) server.close();
      const error = new Deno.errors.BadResource("Listener has been closed");
      for (const waiter of mine.waiting.splice(0)) waiter.reject(error);
    };
    const own = {
      accept,
      close,
      ref: () => server.ref(),
      unref: () => server.unref(),
      async *[Symbol.asyncIterator]() {
        for (;;) {
          try {
            yield await accept();
          } catch (error) {
            if (isOver(error)) return;
            throw error;
          }
        }
      },
      [Symbol.dispose]: close,
    };
    const standIn = Object.create(Object.getPrototypeOf(server));
    for (const [key, value] of Object.entries(own)) hide(standIn, key, value);
    for (const symbol of [Symbol.asyncIterator, Symbol.dispose] as const) {
      hide(standIn, symbol, own[symbol]);
    }
    hide(standIn, "addr", server.addr);
    return standIn;
  }

  /** Accepts the next connection for whoever is to have it, while somebody waits. */
  #pull(listener: Listener): void {
    const { generations } = this.#context;
    if (listener.isAccepting) return;
    listener.isAccepting = true;
    generations.outside(() => listener.server.accept()).then(
      (connection) => {
        listener.isAccepting = false;
        void this.#give(listener, connection);
      },
      (error) => {
        listener.isAccepting = false;
        if (isOver(error)) this.closed(listener);
        const { waiting } = listener.gate.newest;
        for (const waiter of waiting.splice(0)) waiter.reject(error);
      },
    );
  }

  async #give(listener: Listener, connection: Deno.Conn): Promise<void> {
    const { generations, rawPasses } = this.#context;
    const { server, gate } = listener;
    const check = await checkOf(server, connection, rawPasses);
    const { ready, waiting, accepted } = generations.as(
      check,
      () => gate.value,
    );
    // Nobody from outside meets code before it is trusted.
    if (check === null && ready !== null && !await ready) {
      return connection.close();
    }
    const waiter = waiting.shift();
    if (waiter) waiter.resolve(connection);
    else accepted.push(connection);
    if (waiting.length > 0) this.#pull(listener);
  }

  #keyOf(
    { transport, path, hostname, port }: ListenOptions,
    asked: Asked<Listener, Accepting>,
  ): string {
    if (path !== undefined) return `${transport ?? "unix"}:${path}`;
    return addressKey(port, hostname, (host) => this.keyOfAnyPort(host, asked));
  }
}

/** The work of the health check that opened a connection; null for a stranger. */
async function checkOf(
  { addr }: Deno.Listener,
  { remoteAddr }: Deno.Conn,
  rawPasses: RawPasses,
): Promise<Work | null> {
  if (!("port" in addr) || !("port" in remoteAddr)) return null;
  await rawPasses.known(addr.port);
  return rawPasses.redeem(addr.port, remoteAddr.port);
}

function isAddress(options: unknown): options is ListenOptions {
  return typeof options === "object" && options !== null &&
    (options as ListenOptions).transport !== "vsock";
}

function isOver(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}

function hide(target: object, key: string | symbol, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    writable: true,
  });
}
