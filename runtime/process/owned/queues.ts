/** The queue listeners of modules: an upgrade gives the messages to the new ones.
 * @module
 */
import { type Owner, Owners } from "./owners.ts";

type Handler = (message: unknown) => Promise<void> | void;

/** One queue listener. */
interface Listening extends Owner {
  readonly kv: Deno.Kv;
  /** Which database that is. */
  readonly database: unknown;
  readonly handler: Handler;
  readonly ended: PromiseWithResolvers<void>;
  /** What listens for it in the platform, once it does. */
  running:
    | { handler: Handler; isOver: boolean; readonly over: Promise<void> }
    | null;
}

/** All queue listeners that evaluations of modules have asked for. */
export class Queues extends Owners<Listening> {
  readonly #databases = new WeakMap<object, unknown>();
  #native: ((this: Deno.Kv, handler: Handler) => Promise<void>) | null = null;

  /** Sees the databases that are opened, and who listens to their queues; only where there are some. */
  install(): void {
    const { Kv, openKv } = Deno as {
      Kv?: { prototype: { listenQueue: unknown } };
      openKv?: typeof Deno.openKv;
    };
    if (!Kv || !openKv) return;
    this.#native = Kv.prototype.listenQueue as never;
    const listen = (kv: Deno.Kv, handler: Handler) => this.#ask(kv, handler);
    Object.defineProperty(Kv.prototype, "listenQueue", {
      value: function (this: Deno.Kv, handler: Handler) {
        return listen(this, handler);
      },
      configurable: true,
      writable: true,
    });
    const opened = this.#databases;
    Object.defineProperty(Deno, "openKv", {
      value: async function (path?: string) {
        const kv = await openKv(path);
        // Each database in memory is another one.
        opened.set(kv, path === ":memory:" ? kv : path ?? "");
        return kv;
      },
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }

  #ask(kv: Deno.Kv, handler: Handler): Promise<void> {
    const { owner } = this;
    if (owner === null || typeof handler !== "function") {
      return this.#native!.call(kv, handler);
    }
    const entry: Listening = {
      ...owner,
      kv,
      database: this.#databases.get(kv) ?? kv,
      handler,
      ended: Promise.withResolvers(),
      running: null,
    };
    this.take(entry);
    return entry.ended.promise;
  }

  protected override replace(
    before: readonly Listening[],
    next: readonly Listening[],
  ): void {
    const left = new Set(before);
    for (const entry of next) {
      const old = [...left].find(({ database, running }) =>
        database === entry.database && running?.isOver === false
      );
      if (old) {
        left.delete(old);
        entry.running = old.running;
        entry.running!.handler = entry.handler;
        this.#follow(entry);
      } else this.#run(entry);
    }
    for (const { running } of left) {
      // As where nobody listens: a message that nobody takes stays in the queue.
      if (running) running.handler = () => new Promise(() => {});
    }
  }

  protected override drop(): void {
    // Nothing listens for them yet.
  }

  #run(entry: Listening): void {
    const { generations } = this.context;
    const running = {
      handler: entry.handler,
      isOver: false,
      over: Promise.resolve(),
    };
    running.over = generations.outside(() =>
      this.#native!.call(
        entry.kv,
        // Each message is work of its own.
        (message) => generations.startWork(() => running.handler(message)),
      )
    ).finally(() => {
      running.isOver = true;
    });
    entry.running = running;
    this.#follow(entry);
  }

  #follow(entry: Listening): void {
    const { running, ended } = entry;
    const isMine = () => running!.handler === entry.handler;
    running!.over.then(() => {
      if (!isMine()) return;
      this.current.delete(entry);
      ended.resolve();
    }, (error) => isMine() && ended.reject(error));
  }
}
