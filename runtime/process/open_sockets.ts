/** The open sockets of `Deno.upgradeWebSocket`, by the module whose code handles them: an upgrade leaves those handlers
 * as they are.
 * @module
 */
import { natives } from "../base/natives.ts";

/** What the sockets need. */
export interface OpenSocketsContext {
  /** The module that is calling, as far as the stack or the request tells; null where nothing does. */
  callingPlace(): string | null;
  /** The path of a place that was noted before the root was known. */
  pathOf(place: string): string;
}

/** All sockets that app code has opened by itself; those of `sockets()` follow the code and are not among them. */
export class OpenSockets {
  readonly #context: OpenSocketsContext;
  readonly #counts = new Map<string, number>();

  /**
   * @param context what they need
   */
  constructor(context: OpenSocketsContext) {
    this.#context = context;
  }

  /** Puts a wrapper in the place of `Deno.upgradeWebSocket`. */
  install(): void {
    const native = natives.upgradeWebSocket;
    const wrapped = (
      request: Request,
      options?: Deno.UpgradeWebSocketOptions,
    ): Deno.WebSocketUpgrade => {
      const upgraded = native(request, options);
      const place = this.#context.callingPlace();
      if (place !== null) this.#count(upgraded.socket, place);
      return upgraded;
    };
    Object.defineProperties(
      wrapped,
      Object.getOwnPropertyDescriptors(native),
    );
    Object.defineProperty(Deno, "upgradeWebSocket", {
      value: wrapped,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }

  /** How many are open, by the path of the module that handles them. */
  get byModule(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [place, count] of this.#counts) {
      const path = this.#context.pathOf(place);
      counts[path] = (counts[path] ?? 0) + count;
    }
    return counts;
  }

  #count(socket: WebSocket, place: string): void {
    // From when it is open: a response that is never sent opens nothing.
    socket.addEventListener("open", () => {
      this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1);
      socket.addEventListener("close", () => {
        const left = this.#counts.get(place)! - 1;
        if (left > 0) this.#counts.set(place, left);
        else this.#counts.delete(place);
      }, { once: true });
    }, { once: true });
  }
}
