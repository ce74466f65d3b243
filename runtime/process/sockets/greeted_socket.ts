/** An open socket that new code can be handed as if its client had connected just now.
 * @module
 */
import { natives } from "../../base/platform/natives.ts";

/** Answers a request by the code that serves where the first one came. */
export type Answer = (request: Request) => unknown;

interface Listening {
  readonly name: string;
  readonly listener: EventListenerOrEventListenerObject;
  readonly options: boolean | AddEventListenerOptions | undefined;
}

const NAMES = ["open", "message", "close", "error"] as const;
type Handler = ((event: Event) => unknown) | null;

/** One such socket. */
export class GreetedSocket {
  /** The request that it was upgraded from, for whoever is to upgrade it once more. */
  request: Request;
  /** Whether the code that was asked last has upgraded it. */
  isGreeted = false;
  readonly #socket: WebSocket;
  readonly #copy: Request;
  readonly #answer: Answer;
  readonly #listening: Listening[] = [];
  readonly #handlers = new Map<string, Handler>();
  /** What has come since the old handlers were taken off; null where nothing waits. */
  #waiting: Event[] | null = null;

  /**
   * @param socket the socket
   * @param copy what its request was
   * @param answer answers such requests
   */
  constructor(socket: WebSocket, copy: Request, answer: Answer) {
    this.#socket = socket;
    this.#copy = copy;
    this.#answer = answer;
    this.request = copy.clone();
    this.#watch();
  }

  /**
   * Takes the old handlers off and asks the newest code; what comes meanwhile waits for the new ones. Throws whatever
   * that code throws.
   */
  async greet(): Promise<void> {
    const { request } = this;
    this.isGreeted = false;
    this.#waiting = [];
    const { removeEventListener } = natives.WebSocket.prototype;
    for (const { name, listener, options } of this.#listening.splice(0)) {
      removeEventListener.call(this.#socket, name, listener, options);
    }
    this.#handlers.clear();
    try {
      await this.#answer(request);
    } finally {
      this.request = this.#copy.clone();
      const waiting: Event[] = this.#waiting;
      this.#waiting = null;
      if (this.isGreeted && this.#socket.readyState === WebSocket.OPEN) {
        this.#socket.dispatchEvent(new Event("open"));
      }
      for (const event of waiting) this.#socket.dispatchEvent(copyOf(event));
    }
  }

  /** Hands the socket to the code that upgrades its request. */
  handOver(): Deno.WebSocketUpgrade {
    this.isGreeted = true;
    return { socket: this.#socket, response: new natives.Response(null) };
  }

  /** Deno's own accessors do not tell their listeners from others: these do. */
  #watch(): void {
    const socket = this.#socket;
    const handlers = this.#handlers;
    const { addEventListener, removeEventListener } =
      natives.WebSocket.prototype;
    for (const name of NAMES) {
      addEventListener.call(socket, name, (event: Event) => {
        if (this.#waiting) {
          event.stopImmediatePropagation();
          this.#waiting.push(event);
        } else handlers.get(name)?.call(socket, event);
      });
      Object.defineProperty(socket, `on${name}`, {
        get: () => handlers.get(name) ?? null,
        set: (value: unknown) => {
          handlers.set(
            name,
            typeof value === "function" ? value as Handler : null,
          );
        },
        configurable: true,
        enumerable: true,
      });
    }
    Object.defineProperties(socket, {
      addEventListener: {
        value: (
          name: string,
          listener: EventListenerOrEventListenerObject,
          options?: boolean | AddEventListenerOptions,
        ) => {
          this.#listening.push({ name, listener, options });
          addEventListener.call(socket, name, listener, options);
        },
        configurable: true,
        writable: true,
      },
      removeEventListener: {
        value: (
          name: string,
          listener: EventListenerOrEventListenerObject,
          options?: boolean | EventListenerOptions,
        ) => {
          const at = this.#listening.findIndex((it) =>
            it.name === name && it.listener === listener
          );
          if (at !== -1) this.#listening.splice(at, 1);
          removeEventListener.call(socket, name, listener, options);
        },
        configurable: true,
        writable: true,
      },
    });
  }
}

/** An event that is dispatched already cannot be dispatched once more. */
function copyOf(event: Event): Event {
  if (event instanceof MessageEvent) {
    const { data, origin } = event;
    return new MessageEvent(event.type, { data, origin });
  }
  if (event instanceof CloseEvent) {
    const { code, reason, wasClean } = event;
    return new CloseEvent(event.type, { code, reason, wasClean });
  }
  return new Event(event.type);
}
