/** Errors of streams, sockets and child processes to which nobody listens: the emitter throws them, on a stack without a
 * frame of the app.
 * @module
 */
import { EventEmitter } from "node:events";

/**
 * Sees what emitting an error throws, while it is still known whose work that is. Whatever is emitted takes a little
 * longer meanwhile.
 */
export function noteEmittedErrors(note: (error: unknown) => void): () => void {
  const { emit } = EventEmitter.prototype;
  const noting = function (this: EventEmitter, ...args: Emitted): boolean {
    if (args[0] !== "error") return emit.apply(this, args);
    try {
      return emit.apply(this, args);
    } catch (error) {
      note(error);
      throw error;
    }
  };
  const own = Object.defineProperties(
    noting as typeof emit,
    { length: { value: emit.length }, name: { value: emit.name } },
  );
  EventEmitter.prototype.emit = own;
  return () => {
    // Somebody else may have wrapped it since.
    if (EventEmitter.prototype.emit === own) {
      EventEmitter.prototype.emit = emit;
    }
  };
}

type Emitted = Parameters<typeof EventEmitter.prototype.emit>;
