/** How a health check that opens a connection of its own, without HTTP, is known again by the server of this process that
 * accepts it: by the port that it comes from.
 * @module
 */
import net from "node:net";
import type { Generations, Work } from "../modules/generations.ts";
import { isLoopback } from "./servers/passes.ts";
import { putInDeno } from "../base/platform/put_in_deno.ts";

/** The connections of health checks to listeners of this process. */
export class RawPasses {
  readonly #generations: Generations;
  readonly #connecting = new Map<number, Set<Promise<void>>>();
  readonly #coming = new Map<string, Work>();

  /**
   * @param generations the generations of the process
   */
  constructor(generations: Generations) {
    this.#generations = generations;
  }

  /** Sees the connections of `Deno.connect`, `Deno.connectTls` and `node:net`. */
  install(): void {
    for (const name of ["connect", "connectTls"] as const) {
      const native = Deno[name] as (options: Target) => Promise<Deno.TcpConn>;
      const wrapped = (options: Target): Promise<Deno.TcpConn> =>
        this.#connect(native, options);
      putInDeno(name, native, wrapped);
    }
    this.#installSockets();
  }

  /**
   * Tells whether connections to a port have to wait until it is known whose they are. Returns settles then; null where
   * it is known at once.
   */
  known(port: number): Promise<unknown> | null {
    const connecting = this.#connecting.get(port);
    return connecting ? Promise.allSettled(connecting) : null;
  }

  /** Takes a connection in. Returns the work of the check that opened it, or null for a stranger. */
  redeem(port: number, from: number): Work | null {
    const key = `${port} ${from}`;
    const work = this.#coming.get(key) ?? null;
    this.#coming.delete(key);
    return work?.pass?.ended === false ? work : null;
  }

  #current(): Work | null {
    const { work } = this.#generations;
    return work?.pass?.ended === false ? work : null;
  }

  #begin(port: number): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = this.#connecting.get(port) ?? new Set();
    this.#connecting.set(port, all);
    all.add(promise);
    return () => {
      all.delete(promise);
      if (all.size === 0) this.#connecting.delete(port);
      resolve();
    };
  }

  /** Only a connection from this computer can have come to one of its own listeners. */
  #expect(work: Work, port: number, from: number | undefined): void {
    if (from === undefined) return;
    for (const [key, { pass }] of this.#coming) {
      if (pass?.ended !== false) this.#coming.delete(key);
    }
    this.#coming.set(`${port} ${from}`, work);
  }

  async #connect(
    native: (options: Target) => Promise<Deno.TcpConn>,
    options: Target,
  ): Promise<Deno.TcpConn> {
    const work = this.#current();
    const { port, hostname = "127.0.0.1" } = Object(options) as Target;
    if (work === null || port === undefined || !isLoopback(hostname)) {
      return await native.call(Deno, options);
    }
    const done = this.#begin(Number(port));
    try {
      const connection = await native.call(Deno, options);
      this.#expect(work, Number(port), connection.localAddr.port);
      return connection;
    } finally {
      done();
    }
  }

  #installSockets(): void {
    const prototype = net.Socket.prototype as unknown as {
      connect(this: net.Socket, ...args: unknown[]): net.Socket;
    };
    const { connect } = prototype;
    const see = (socket: net.Socket, args: readonly unknown[]) => {
      const work = this.#current();
      if (work === null) return;
      // Deno's own modules hand the normalized arguments on as one list.
      const [first, second]: readonly unknown[] = Array.isArray(args[0])
        ? args[0]
        : args;
      const { port, host = "127.0.0.1" } = typeof first === "object" && first
        ? first as { port?: unknown; host?: unknown }
        : {
          port: first,
          host: typeof second === "string" ? second : undefined,
        };
      const number = Number(port);
      if (!(number > 0) || !isLoopback(String(host))) return;
      const done = this.#begin(number);
      socket.once("connect", () => {
        this.#expect(work, number, socket.localPort);
        done();
      });
      socket.once("close", done);
    };
    prototype.connect = function (...args) {
      see(this, args);
      return connect.apply(this, args);
    };
  }
}

interface Target {
  readonly hostname?: string;
  readonly port?: number;
}
