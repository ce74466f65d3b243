/** The crons of modules, by name: an upgrade gives them new handlers, new schedules, or ends them.
 * @module
 */
import { type Owner, Owners } from "./owners.ts";
import { putInDeno } from "../../base/platform/put_in_deno.ts";

type Handler = () => void | Promise<void>;
type Cron = typeof Deno.cron;

/** What an app asks for. */
interface Asked {
  readonly name: string;
  readonly schedule: unknown;
  readonly backoff: unknown;
  readonly signal: AbortSignal | undefined;
  readonly handler: Handler;
}

/** One cron. */
interface Scheduled extends Owner, Asked {
  readonly ended: PromiseWithResolvers<void>;
  /** What runs for it in the platform, once it does. */
  running: {
    handler: Handler;
    readonly end: AbortController;
    readonly over: Promise<void>;
  } | null;
}

/** All crons that evaluations of modules have asked for. */
export class Crons extends Owners<Scheduled> {
  #native: Cron | null = null;
  #trials = 0;

  /** Puts a wrapper in the place of `Deno.cron`, where that is. */
  install(): void {
    const native = Deno.cron as Cron | undefined;
    if (typeof native !== "function") return;
    this.#native = native;
    const wrapped = (...args: unknown[]) => this.#ask(args);
    putInDeno("cron", native, wrapped);
  }

  #ask(args: unknown[]): Promise<void> {
    const native = this.#native as unknown as (
      ...args: unknown[]
    ) => Promise<void>;
    const { owner } = this;
    const asked = askedBy(args);
    if (owner === null || asked === null) return native.apply(Deno, args);
    if (!this.waits(owner)) {
      const entry = this.#entry(owner, asked);
      // What the platform refuses is refused in its own words.
      this.#run(entry);
      this.current.add(entry);
      return entry.ended.promise;
    }
    if (this.isTaken(owner, ({ name }) => name === asked.name)) {
      throw new TypeError("Cron with this name already exists");
    }
    // A schedule is looked at by nobody else before it is too late to refuse it.
    const trial = new AbortController();
    void native(
      `${asked.name.slice(0, 50)} trial ${++this.#trials}`,
      asked.schedule,
      { signal: trial.signal },
      () => {},
    ).catch(() => {});
    trial.abort();
    const entry = this.#entry(owner, asked);
    this.take(entry);
    return entry.ended.promise;
  }

  #entry(owner: Owner, asked: Asked): Scheduled {
    return {
      ...owner,
      ...asked,
      ended: Promise.withResolvers(),
      running: null,
    };
  }

  protected override replace(
    before: readonly Scheduled[],
    next: readonly Scheduled[],
  ): void {
    const left = new Map(before.map((entry) => [entry.name, entry]));
    for (const entry of next) {
      const old = left.get(entry.name);
      left.delete(entry.name);
      if (old?.running && timing(old) === timing(entry)) {
        // The timetable goes on where it is.
        entry.running = old.running;
        entry.running.handler = entry.handler;
        this.#follow(entry);
      } else if (old?.running) {
        old.running.end.abort();
        // The name is free when it has ended.
        old.running.over.then(() => this.#run(entry));
      } else this.#run(entry);
    }
    for (const { running } of left.values()) running?.end.abort();
  }

  protected override drop(): void {
    // Nothing runs for them yet.
  }

  #run(entry: Scheduled): void {
    const { generations } = this.context;
    const { name, schedule, backoff, handler } = entry;
    const end = new AbortController();
    const running = { handler, end, over: Promise.resolve() };
    running.over = generations.outside(() =>
      (this.#native as unknown as (...args: unknown[]) => Promise<void>)(
        name,
        schedule,
        {
          signal: end.signal,
          ...backoff === undefined ? {} : { backoffSchedule: backoff },
        },
        // Each time is work of its own.
        () => generations.startWork(() => running.handler()),
      )
    );
    entry.running = running;
    this.#follow(entry);
  }

  #follow(entry: Scheduled): void {
    const { running, signal, ended } = entry;
    const isMine = () => running!.handler === entry.handler;
    running!.over.then(() => {
      if (!isMine()) return;
      this.current.delete(entry);
      ended.resolve();
    }, (error) => isMine() && ended.reject(error));
    if (signal?.aborted) running!.end.abort();
    signal?.addEventListener("abort", () => {
      if (isMine()) running!.end.abort();
    }, { once: true });
  }
}

/** When it runs, as text. */
function timing({ schedule, backoff }: Asked): string {
  return JSON.stringify([schedule, backoff ?? null]);
}

/** The three ways to call it; null for one that is refused anyway. */
function askedBy(
  [name, schedule, third, fourth]: readonly unknown[],
): Asked | null {
  const handler = typeof third === "function" ? third : fourth;
  if (typeof name !== "string" || typeof handler !== "function") return null;
  const options = [third, fourth].find((it) =>
    typeof it === "object" && it !== null
  ) as { backoffSchedule?: unknown; signal?: AbortSignal } | undefined;
  return {
    name,
    schedule,
    backoff: options?.backoffSchedule,
    signal: options?.signal,
    handler: handler as Handler,
  };
}
