/** Keeps an error of new code from ending the process: it fails the upgrade instead.
 *
 * Whose an error is, is told by the async context, else by the stack, else by the wrapper around the callback that
 * threw it: of many `error` events the context is lost, and errors of `fetch` and files have no frames of the app.
 *
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { callingModules } from "../../modules/caller.ts";
import type { Generations, Work } from "../../modules/generations.ts";
import { noteEmittedErrors } from "./emitted_errors.ts";

/** What an attempt came to, as far as its errors go. */
interface Watched {
  /** The folder that its files are in, as a URL; null for those of the base image. */
  readonly folder: string | null;
  /** Told of an error, while its upgrade may still be undone; null once it was given up. */
  fail: ((error: unknown) => void) | null;
}

/** What the guard needs. */
export interface GuardContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The attempt that a module's URL belongs to, or null. */
  attemptOf(url: string): number | null;
  /** Whether a URL is that of a module of the app. */
  isApp(url: string): boolean;
  /** Takes what a given-up attempt still throws. */
  report(message: string): void;
}

/** Thrown where new code ends the process, by `Deno.exit` for one, while its upgrade may still be undone. */
export class ExitError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "ExitError";
}

/** Watches attempts from their loading to the end of their probation, and what is left of those given up. */
export class Guard {
  readonly #context: GuardContext;
  readonly #watched = new Map<number, Watched>();
  readonly #noted = new WeakMap<object, Work>();
  #lastNoted: { readonly error: unknown; readonly work: Work } | null = null;
  #ending = false;
  #endNotes: (() => void) | null = null;

  /**
   * @param context what it needs
   */
  constructor(context: GuardContext) {
    this.#context = context;
  }

  /** Starts listening to uncaught errors and rejections. */
  install(): void {
    globalThis.addEventListener(
      "error",
      (event) => this.#heard(event, event.error ?? event.message, null),
    );
    globalThis.addEventListener(
      "unhandledrejection",
      (event) =>
        this.#heard(event, event.reason, this.#context.generations.work),
    );
  }

  /** Takes an error, unless the app's own listeners take it: those of the code that everybody meets count. */
  #heard(event: Event, error: unknown, context: Work | null): void {
    const attempt = this.#attemptOf(error, context);
    if (attempt === null) return;
    const { generations } = this.#context;
    const isServing = generations.attemptOf(generations.serving) === attempt;
    let isTaken = false;
    const prevent = event.preventDefault.bind(event);
    Object.defineProperty(event, "preventDefault", {
      value: () => {
        isTaken = true;
        prevent();
      },
      configurable: true,
    });
    prevent();
    // When all listeners have heard of it.
    queueMicrotask(() => {
      if (!isServing || !isTaken) this.#hand(attempt, error);
    });
  }

  /** Watches an attempt. */
  watch(attempt: number, folder: string | null): Watch {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    const watched: Watched = { folder, fail: failed.reject };
    this.#watched.set(attempt, watched);
    this.#endNotes ??= noteEmittedErrors((error) =>
      this.note(error, this.#context.generations.work)
    );
    let error: { readonly cause: unknown } | null = null;
    watched.fail = (cause) => {
      error ??= { cause };
      failed.reject(cause);
    };
    return {
      failed: failed.promise,
      check() {
        if (error !== null) throw error.cause;
      },
      giveUp: () => {
        watched.fail = null;
      },
      end: () => {
        if (watched.fail !== null) this.#watched.delete(attempt);
        if (this.#watched.size > 0) return;
        this.#endNotes?.();
        this.#endNotes = null;
      },
    };
  }

  /** Notes whose work threw an error, because the `error` event does not know. */
  note(error: unknown, work: Work | null): void {
    if (work === null || this.#watched.size === 0) return;
    if (typeof error === "object" && error !== null) {
      this.#noted.set(error, work);
    } else this.#lastNoted = { error, work };
  }

  /** Takes an error that nobody caught, if it belongs to an attempt that is watched or was given up. */
  take(error: unknown, context: Work | null): boolean {
    const attempt = this.#attemptOf(error, context);
    if (attempt === null) return false;
    this.#hand(attempt, error);
    return true;
  }

  #attemptOf(error: unknown, context: Work | null): number | null {
    if (this.#watched.size === 0) return null;
    const work = context ?? this.#notedFor(error);
    const owner = this.#owner(error, work);
    if (owner !== null || work !== null) return owner;
    // What is not an error has no stack. Most events of errors still have a context then, though not those of timers.
    return stackUrls(error).some((url) => this.#context.isApp(url))
      ? null
      : this.#owner(error, this.#context.generations.work);
  }

  /**
   * Decides about what ends the process. Throws if it comes from an attempt that is watched or was given up, and no
   * signal asked for the end.
   */
  refuseExit(call: string): void {
    if (this.#watched.size === 0 || this.#ending) return;
    const { generations } = this.#context;
    const attempt = this.#ofUrls(callingModules()) ??
      this.#known(generations.work?.attempt ?? null);
    if (attempt === null) return;
    const error = new ExitError(
      `its code called ${call} before the upgrade was over`,
    );
    this.#hand(attempt, error);
    throw error;
  }

  /** Says that a signal asked the process to end: from now on it may. */
  signalled(): void {
    this.#ending = true;
  }

  #hand(attempt: number, error: unknown): void {
    const { fail } = this.#watched.get(attempt)!;
    if (fail) return fail(uncaught(error));
    this.#context.report(
      `code of an upgrade that was given up still threw: ${errorText(error)}`,
    );
  }

  #notedFor(error: unknown): Work | null {
    if (typeof error === "object" && error !== null) {
      return this.#noted.get(error) ?? null;
    }
    const noted = this.#lastNoted;
    return noted !== null && noted.error === error ? noted.work : null;
  }

  #owner(error: unknown, work: Work | null): number | null {
    const direct = this.#known(work?.attempt ?? null);
    if (direct !== null) return direct;
    const urls = stackUrls(error);
    const named = this.#ofUrls(urls);
    if (named !== null) return named;
    // Frames of other code of the app: it is theirs. Without any, whoever's request it was.
    if (work === null || urls.some((url) => this.#context.isApp(url))) {
      return null;
    }
    const { generations } = this.#context;
    const met = generations.as(work, () => generations.meets);
    return this.#known(generations.attemptOf(met));
  }

  #ofUrls(urls: readonly string[]): number | null {
    for (const url of urls) {
      const attempt = this.#known(this.#context.attemptOf(url));
      if (attempt !== null) return attempt;
    }
    // Stacks may name the file in the release's folder. The newest attempt on it is the one that runs.
    for (const [attempt, { folder }] of [...this.#watched].reverse()) {
      if (folder !== null && urls.some((url) => url.startsWith(folder))) {
        return attempt;
      }
    }
    return null;
  }

  #known(attempt: number | null): number | null {
    return attempt !== null && this.#watched.has(attempt) ? attempt : null;
  }
}

/** One attempt that is watched. */
export interface Watch {
  /** Rejects with the first error of its code that nobody caught; never fulfills. */
  readonly failed: Promise<never>;
  /** Looks whether there was such an error. Throws that error. */
  check(): void;
  /** Says that it was given up: what it still throws is only logged. */
  giveUp(): void;
  /** Says that it is in for good: its errors end the process, as those of any code. */
  end(): void;
}

function uncaught(error: unknown): Error {
  return new Error(`nobody caught an error of its code: ${errorText(error)}`, {
    cause: error,
  });
}

function stackUrls(error: unknown): string[] {
  if (typeof error !== "object" || error === null) return [];
  let stack: unknown;
  try {
    ({ stack } = error as { readonly stack?: unknown });
  } catch {
    // Whatever can be thrown is: proxies, and getters that throw themselves.
    return [];
  }
  if (typeof stack !== "string") return [];
  return [...stack.matchAll(/((?:file|https?|data|blob):[^\s()]+?):\d+:\d+/g)]
    .map(([, url = ""]) => url);
}
