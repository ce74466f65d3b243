/** A world with its own clock, in which one seed decides the order of all that happens.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers";

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** A process of a simulated world: what it waits for never comes once it is killed, and late while it is frozen. */
export class SimProcess {
  /** Its name, for messages. */
  readonly name: string;
  /** How far its wall clock is ahead of the world's, in milliseconds. */
  readonly skewMs: number;
  #state: "running" | "frozen" | "dead" = "running";
  #held: (() => void)[] = [];

  constructor(name: string, skewMs = 0) {
    this.name = name;
    this.skewMs = skewMs;
  }

  /** Whether it was killed. */
  get isDead(): boolean {
    return this.#state === "dead";
  }

  /** Ends it between two effects. */
  kill(): void {
    this.#state = "dead";
    this.#held = [];
  }

  /** Stops it as SIGSTOP and a suspension do. */
  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  /** Lets it go on. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    for (const go of this.#held.splice(0)) go();
  }

  /** Hands over what it waited for. */
  deliver(go: () => void): void {
    if (this.#state === "running") go();
    else if (this.#state === "frozen") this.#held.push(go);
  }

  /** Runs something as this process. */
  run<T>(work: () => T): T {
    return current.run(this, work);
  }
}

const current = new AsyncLocalStorage<SimProcess>();

/** Runs something as the platform, outside all processes. */
export function outside<T>(work: () => T): T {
  return current.exit(work);
}

/** The process that runs now, or undefined for the world itself. */
export function currentProcess(): SimProcess | undefined {
  return current.getStore();
}

/** What a {@linkcode Sim} is made with. */
export interface SimOptions {
  /** Decides everything that is left to chance. */
  readonly seed: number;
  /**
   * How likely the clock jumps to the next timer although operations wait for their turn, 0 to 1.
   * Default 0.05.
   */
  readonly impatience?: number;
  /** How far it then jumps at most, in milliseconds: how slow the network may get. Default: no bound. */
  readonly slowestMs?: number;
}

/** Virtual time and a seeded order of events; nothing in it really waits. */
export class Sim {
  /** The seed, to be printed where something fails. */
  readonly seed: number;
  readonly #impatience: number;
  readonly #slowestMs: number;
  readonly #start = Date.UTC(2026, 0, 2, 3, 4, 5);
  /** Called after every step. */
  onStep: () => void = () => {};
  #elapsed = 0;
  #state: number;
  #timers: Timer[] = [];
  #turns: (() => void)[] = [];

  /** @param options the seed */
  constructor(options: SimOptions) {
    this.seed = options.seed;
    this.#impatience = options.impatience ?? 0.05;
    this.#slowestMs = options.slowestMs ?? Infinity;
    this.#state = options.seed * 2654435761 >>> 0;
  }

  /** Milliseconds since the world began. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#start + Math.floor(this.#elapsed);
  }

  /** A number of 0 to 1. */
  random(): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** True with the given likelihood. */
  chance(likelihood: number): boolean {
    return this.random() < likelihood;
  }

  /** A whole number of `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  /** Calls back later in virtual time, unless the returned function was called. */
  later(ms: number, call: () => void): () => void {
    const process = currentProcess();
    const timer = {
      at: this.#elapsed + Math.max(0, ms),
      // As its own process: what it waits for then is the world's time, too, and ends with it.
      fire: () => process ? process.deliver(() => process.run(call)) : call(),
    };
    this.#insert(timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** Waits in virtual time. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#until(signal, (done) => {
      const timer = { at: this.#elapsed + Math.max(0, ms), fire: done };
      this.#insert(timer);
      return () => {
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
      };
    });
  }

  /** Waits until chance lets this operation go on. */
  turn(signal?: AbortSignal): Promise<void> {
    return this.#until(signal, (done) => {
      this.#turns.push(done);
      return () => {
        const at = this.#turns.indexOf(done);
        if (at >= 0) this.#turns.splice(at, 1);
      };
    });
  }

  /**
   * Runs the world until a promise is settled.
   *
   * @param main what it is all about
   * @returns its value
   * @throws {Error} if nothing can happen any more and it is still open
   */
  async run<T>(main: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => void (settled = true);
    main.then(done, done);
    for (let idle = 0; !settled;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (settled) break;
      const timer = this.#mayJump() ? this.#timers.shift() : undefined;
      if (timer) {
        this.#elapsed = Math.max(this.#elapsed, timer.at);
        timer.fire();
      } else if (this.#turns.length > 0) {
        const [next] = this.#turns.splice(
          this.between(0, this.#turns.length - 1),
          1,
        );
        next?.();
      } else if (++idle > 1_000) {
        throw new Error(`seed ${this.seed}: the world stands still`);
      } else continue;
      idle = 0;
      this.onStep();
    }
    return await main;
  }

  #insert(timer: Timer): void {
    let index = this.#timers.length;
    while (index > 0 && this.#timers[index - 1]!.at > timer.at) index--;
    this.#timers.splice(index, 0, timer);
  }

  #mayJump(): boolean {
    const [next] = this.#timers;
    if (!next || this.#turns.length === 0) return true;
    return next.at - this.#elapsed <= this.#slowestMs &&
      this.chance(this.#impatience);
  }

  #until(
    signal: AbortSignal | undefined,
    begin: (done: () => void) => () => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const process = currentProcess();
      const deliver = (go: () => void) => process ? process.deliver(go) : go();
      const withdraw = begin(() =>
        deliver(() => {
          signal?.removeEventListener("abort", stop);
          resolve();
        })
      );
      function stop() {
        withdraw();
        reject(signal?.reason);
      }
      signal?.addEventListener("abort", stop, { once: true });
    });
  }
}
