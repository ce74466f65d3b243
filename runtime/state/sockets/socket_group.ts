/** The open sockets of one declaration: what comes over them meets the newest handlers, one event after the other.
 *
 * Their data are the members of a family, by a key for each socket, and so take part in every upgrade as other state.
 *
 * @module
 */
import { thrownText } from "../../base/error_text.ts";
import { natives } from "../../base/platform/natives.ts";
import { Gate } from "../../modules/generation_gate.ts";
import type { Generations, Work } from "../../modules/generations.ts";
import { callContext, isPassing } from "../cells/call_context.ts";
import type { FamilyCell } from "../cells/family_cell.ts";
import type { HolderCell } from "../cells/holder_cell.ts";
import {
  checkedData,
  closeQuietly,
  copyOf,
  handleOf,
} from "./socket_handle.ts";
import type {
  OpenSocket,
  SocketHandlers,
  SocketMessage,
} from "./socket_handlers.ts";

/** The close code of a service that begins again, so that clients connect once more. */
export const SERVICE_RESTART = 1012;
/** The close code of a server that cannot do what was asked. */
const INTERNAL_ERROR = 1011;

/** The one action of a family of sockets. */
export const HANDLE = "handle";

type Task = (handlers: SocketHandlers) => unknown;

/** What the data of a socket is made of, until its member is made. */
interface Newborn {
  readonly request: Request;
  /** The data, where it could be made at once, with the version it is of. */
  readonly made: { readonly value: unknown; readonly version: number } | null;
}

interface Attached {
  readonly key: string;
  readonly socket: WebSocket;
  readonly handle: OpenSocket;
  readonly cell: HolderCell;
  /** The work of the health check that opened it, or null. */
  readonly check: Work | null;
  /** The generation on trial that it was opened in, or null. */
  readonly trial: number | null;
  readonly queue: Task[];
  busy: boolean;
}

/** What groups of sockets need. */
export interface SocketGroupsContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** Takes what goes wrong without a handler. */
  report(message: string): void;
}

/** The open sockets of one declaration. */
export class SocketGroup {
  readonly #family: FamilyCell;
  readonly #context: SocketGroupsContext;
  readonly #handlers: Gate<SocketHandlers>;
  readonly #newborn = new Map<string, Newborn>();
  readonly #attached = new Map<string, Attached>();
  // One request for all: what the first data of newer code looks like is asked of it.
  #sample: Request | null = null;
  #last = 0;

  /**
   * @param family what has their data
   * @param handlers what is done with them
   * @param context what is needed
   */
  constructor(
    family: FamilyCell,
    handlers: SocketHandlers,
    context: SocketGroupsContext,
  ) {
    this.#family = family;
    this.#context = context;
    this.#handlers = new Gate(context.generations, handlers);
  }

  /** How many are open. */
  get size(): number {
    return this.#attached.size;
  }

  /** Makes the first data of a socket, for the family. */
  first(
    key: string,
    version: number,
    data: (request: Request) => unknown,
  ): unknown {
    const { request = this.#sample, made = null } = this.#newborn.get(key) ??
      {};
    if (made?.version === version) return made.value;
    if (!request) throw new TypeError("there was no request yet");
    return checkedData(this.#family.definition.name, data(request));
  }

  /**
   * Answers a request by opening a socket. Throws what `data` throws, and a `TypeError` where it is not a request for a
   * WebSocket.
   */
  upgrade(
    request: Request,
    options?: Deno.UpgradeWebSocketOptions,
  ): Response {
    const { work } = this.#context.generations;
    const check = work?.pass?.ended === false ? work : null;
    const asked = new natives.Request(request.url, {
      method: request.method,
      headers: request.headers,
    });
    const newborn = this.#as(check, () => this.#newbornOf(asked));
    this.#sample = asked;
    const { socket, response } = natives.upgradeWebSocket(request, options);
    socket.binaryType = "arraybuffer";
    const key = `${++this.#last}`;
    // Only now there is something to keep: a response that is never sent opens nothing.
    socket.addEventListener("open", () => {
      this.#newborn.set(key, newborn);
      try {
        this.#as(check, () => this.#attach(key, socket, check));
      } catch (error) {
        this.#newborn.delete(key);
        this.#context.report(
          `a socket of ${this.#family.definition.name} was closed: its data could not be made: ${
            thrownText(error)
          }`,
        );
        socket.close(INTERNAL_ERROR);
      }
    }, { once: true });
    return response;
  }

  /**
   * Sends a message over all that are open. From code on trial it goes to the sockets that its check has opened, and to
   * all others once it is trusted.
   */
  broadcast(message: SocketMessage): void {
    const { generations } = this.#context;
    const { meets, serving } = generations;
    if (meets <= serving) return this.#send(message, () => true);
    this.#send(message, ({ trial }) => trial === meets);
    // What the caller does with its buffer afterwards must not change what is sent later.
    const later = copyOf(message);
    generations.outside(() =>
      void generations.whenServing(meets).then(() =>
        this.#send(later, ({ trial }) => trial !== meets)
      )
    );
  }

  /** Lets other handlers take what comes from now on. */
  swap(generation: number, handlers: SocketHandlers): () => void {
    const undo = this.#handlers.put(generation, handlers);
    return () => {
      undo();
      for (const it of this.#attached.values()) {
        if (it.trial === generation) this.#drop(it, SERVICE_RESTART);
      }
    };
  }

  /** Closes all, because nothing declares them any more. */
  end(): void {
    for (const { socket } of this.#attached.values()) {
      closeQuietly(socket, SERVICE_RESTART);
    }
  }

  #newbornOf(request: Request): Newborn {
    const { definition, gate } = this.#family;
    const gated = gate.state !== "open";
    // Of which shape it has to be is known when the upgrade is over.
    if (gated && !isPassing()) return { request, made: null };
    const { version } = definition;
    const met = this.#handlers.value;
    // Work begun before an upgrade meets older handlers, whose data would be of the older shape.
    const handlers = gated || met.version !== version
      ? definition.sockets!
      : met;
    const value = checkedData(definition.name, handlers.data(request));
    return { request, made: { value, version } };
  }

  #attach(key: string, socket: WebSocket, check: Work | null): void {
    const { meets, serving } = this.#context.generations;
    const cell = this.#family.member(key);
    const it: Attached = {
      key,
      socket,
      cell,
      check,
      handle: handleOf(socket, cell),
      trial: check !== null && meets > serving ? meets : null,
      queue: [],
      busy: false,
    };
    this.#attached.set(key, it);
    // Else it waits for the end of an upgrade to be made.
    if (this.#family.members.get(key) === cell) this.#newborn.delete(key);
    const push = (task: Task) => {
      it.queue.push(task);
      if (!it.busy) this.#as(check, () => void this.#pump(it));
    };
    socket.addEventListener("message", ({ data }) => {
      push((handlers) => handlers.message?.(it.handle, data));
    });
    socket.addEventListener("error", (event) => {
      const error = event instanceof ErrorEvent
        ? event.error ?? new Error(event.message)
        : new Error("the connection failed");
      push((handlers) => handlers.error?.(it.handle, error));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (!this.#attached.delete(key)) return;
      push((handlers) => handlers.close?.(it.handle, code, reason));
    });
    push((handlers) => handlers.open?.(it.handle));
  }

  async #pump(it: Attached): Promise<void> {
    const { queue, key } = it;
    it.busy = true;
    try {
      for (let task = queue.shift(); task; task = queue.shift()) {
        await this.#handle(it, task);
        this.#newborn.delete(key);
      }
    } finally {
      it.busy = false;
    }
    if (!this.#attached.has(key)) this.#family.remove(key);
  }

  async #handle(it: Attached, task: Task): Promise<void> {
    const { cell } = it;
    try {
      await this.#call(it, task);
    } catch (error) {
      // Of code that the family would have made it with, after an upgrade.
      if (cell.state === undefined && this.#newborn.has(it.key)) {
        this.#context.report(`${cell.name} was closed: ${thrownText(error)}`);
        return this.#drop(it, INTERNAL_ERROR);
      }
      await this.#call(it, (handlers) => {
        if (handlers.error) return handlers.error(it.handle, error);
        this.#context.report(
          `a handler of ${cell.name} failed: ${thrownText(error)}`,
        );
      }).catch((thrown) =>
        this.#context.report(
          `the error handler of ${cell.name} failed: ${thrown}`,
        )
      );
    }
  }

  #call(it: Attached, task: Task): Promise<unknown> {
    const { generations } = this.#context;
    const act = () => task(this.#handlers.value);
    return it.cell.call(HANDLE, [
      // Begun when its turn has come, so that it meets the code that is in then.
      () =>
        it.check?.pass?.ended === false
          ? generations.as(it.check, act)
          : generations.startWork(act),
    ]);
  }

  #drop(it: Attached, code: number): void {
    it.queue.length = 0;
    this.#attached.delete(it.key);
    this.#newborn.delete(it.key);
    this.#family.remove(it.key);
    closeQuietly(it.socket, code);
  }

  #send(message: SocketMessage, concerns: (it: Attached) => boolean): void {
    for (const it of this.#attached.values()) {
      if (concerns(it) && it.socket.readyState === natives.WebSocket.OPEN) {
        it.socket.send(message);
      }
    }
  }

  /** Runs something outside of the actions of whoever asked for the socket; as a health check, where that did. */
  #as<T>(check: Work | null, act: () => T): T {
    const pass = check?.pass ?? null;
    const { generations } = this.#context;
    return callContext.run(
      { chain: [], pass },
      () => pass?.ended === false ? generations.as(check, act) : act(),
    );
  }
}
