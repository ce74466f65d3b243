/** Ends what code has opened that is given up: nothing of it hears of that, or it would open the next one.
 * @module
 */
import { EventEmitter } from "node:events";

const TOLD = ["open", "message", "messageerror", "error", "close", "exit"];
const ENDS = ["destroy", "terminate", "close", "kill", "stop"];

/** Ends a socket, a source of events, a channel, a worker, a watcher or a stream. */
export function endOpen(object: object): void {
  if (object instanceof EventEmitter) {
    object.removeAllListeners();
    object.on("error", () => {});
  } else if (object instanceof EventTarget) {
    const silence = (event: Event) => event.stopImmediatePropagation();
    for (const type of TOLD) {
      object.addEventListener(type, silence, { capture: true });
    }
  }
  for (const name of ENDS) {
    const end: unknown = Reflect.get(object, name);
    if (typeof end !== "function") continue;
    try {
      end.call(object);
    } catch {
      // It is over.
    }
    return;
  }
}
