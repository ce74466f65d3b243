/** What goes on after the evaluation of a module, and what it waits for.
 * @module
 */

/** Something that goes on after the module's evaluation. */
export interface OwnedFact {
  /** What. */
  readonly kind:
    | "server"
    | "interval"
    | "timeout"
    | "cron"
    | "worker"
    | "listener"
    | "loop";
  /** Where. */
  readonly line: number;
  /** For people: `Deno.serve()`; of a worker the specifier of its script, if the text tells. */
  readonly detail: string;
  /** True if it is only started when somebody calls a function. */
  readonly later?: boolean;
  /** True of a loop that waits for something else than timers, with which it would end. */
  readonly unpaced?: boolean;
  /** Of a loop: what it waits for, where only other modules tell whether that is a timer. */
  readonly pacedBy?: readonly PacedBy[];
}

/** A function that may wait for a timer: an import, or a method of whatever has one of this name. */
export interface PacedBy {
  /** The specifier that it is imported by; not there for a method. */
  readonly specifier?: string;
  /** The exported name, or that of the method. */
  readonly name: string;
}

/** What a function of a module, exported or a method, waits for. */
export interface PacingFact {
  /** The exported name; with a dot before it, a method. */
  readonly name: string;
  /** Whether it waits for a timer. */
  readonly timer?: boolean;
  /** What else it calls that may. */
  readonly by?: readonly PacedBy[];
  /** Whether it begins a loop that waits for something else, or for what only other modules tell of. */
  readonly loop?: boolean;
  /** What such a loop waits for that may be a timer. */
  readonly loopBy?: readonly PacedBy[];
}
