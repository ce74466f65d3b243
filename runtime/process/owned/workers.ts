/** The workers of the process: which scripts they run, whoever has named these, and however.
 * @module
 */
import type { EventEmitter } from "node:events";
import { pathToFileURL } from "node:url";
import threads from "node:worker_threads";
import { type StandIn, standInFor } from "../../modules/packages/stand_ins.ts";

/** What the workers need. */
export interface WorkersContext {
  /**
   * What of a script will be another one when the upgrade that evaluates the caller is in: itself, or what it imports.
   * Returns its path; null where nothing is, or nobody is evaluated.
   */
  stale(url: string): { readonly script: string; readonly file: string } | null;
}

const NODE = "node:worker_threads";

type Made = abstract new (...args: never[]) => object;

/** The workers that were started and have not ended. */
export class Workers {
  readonly #context: WorkersContext;
  /** Weakly: the platform holds those that run. */
  readonly #started = new Set<
    { readonly url: string; readonly worker: WeakRef<object> }
  >();
  readonly #ended = new WeakSet<object>();

  /**
   * @param context what the workers need
   */
  constructor(context: WorkersContext) {
    this.#context = context;
  }

  /**
   * Puts wrappers in the place of both kinds of workers. Returns what is to be imported in the place of Node's module, whose
   * named exports nobody can change.
   */
  install(): [url: string, standIn: StandIn][] {
    globalThis.Worker = this.#wrapped(globalThis.Worker, String);
    this.#seeExits(threads.Worker.prototype);
    threads.Worker = this.#wrapped(threads.Worker, nodeUrl);
    return [[NODE, standInFor(NODE, ["Worker"])]];
  }

  /** The URLs of the scripts of those that run, as far as anybody can tell. */
  get running(): ReadonlySet<string> {
    const urls = new Set<string>();
    for (const it of this.#started) {
      const worker = it.worker.deref();
      if (worker && !this.#ended.has(worker)) urls.add(it.url);
      else this.#started.delete(it);
    }
    return urls;
  }

  /** Workers of Node's end when they have nothing more to do; nobody has to end them. */
  #seeExits(prototype: EventEmitter): void {
    const ended = this.#ended;
    const { emit } = prototype;
    Object.defineProperty(prototype, "emit", {
      configurable: true,
      writable: true,
      value: {
        emit(this: EventEmitter, ...args: Parameters<typeof emit>): boolean {
          if (args[0] === "exit") ended.add(this);
          return Reflect.apply(emit, this, args);
        },
      }.emit,
    });
  }

  #wrapped<Native extends Made>(
    native: Native,
    urlOf: (script: unknown, options: unknown) => string,
  ): Native {
    const ended = this.#ended;
    const { prototype } = native as unknown as {
      readonly prototype: { terminate(): unknown };
    };
    const terminate = prototype.terminate;
    Object.defineProperty(prototype, "terminate", {
      ...Object.getOwnPropertyDescriptor(prototype, "terminate"),
      value: {
        terminate(this: object): unknown {
          ended.add(this);
          return terminate.call(this);
        },
      }.terminate,
    });
    return new Proxy(native, {
      construct: (target, args, newTarget) => {
        const url = urlOf(args[0], args[1]);
        const stale = this.#context.stale(url);
        if (stale) throw new Error(refusal(stale));
        const worker: object = Reflect.construct(target, args, newTarget);
        this.#started.add({ url, worker: new WeakRef(worker) });
        return worker;
      },
    });
  }
}

function refusal(
  { script, file }: { readonly script: string; readonly file: string },
): string {
  return `Cannot start a worker of ${script} while its module is evaluated: ${
    file === script ? "it" : `${file}, which it imports,`
  } has changed, and is at its place only when the upgrade is in; start it in a service or a function`;
}

/** Node takes paths as well. */
function nodeUrl(script: unknown, options: unknown): string {
  const text = String(script);
  const isText = (options as { readonly eval?: unknown } | undefined)?.eval;
  if (isText || /^[a-z][a-z+.-]+:/i.test(text)) return isText ? "" : text;
  try {
    return pathToFileURL(text).href;
  } catch {
    return "";
  }
}
