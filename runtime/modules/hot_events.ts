/** The events that `hot(import.meta).on` listens to.
 * @module
 */

/** What is handed to the listeners of each event. */
export interface HotEventPayloads {
  /** New code is applied; told to the old modules that stay and to the new ones. */
  readonly "flyhot:afterUpdate": {
    readonly version: string;
    readonly reloaded: readonly string[];
  };
  /** New modules are about to be prepared. */
  readonly "flyhot:beforeUpdate": {
    readonly version: string;
    readonly reloading: readonly string[];
  };
  /** An upgrade was refused; the old code is intact. */
  readonly "flyhot:error": {
    readonly version: string;
    readonly message: string;
  };
  /** New code was in and was taken out again. */
  readonly "flyhot:rollback": {
    readonly version: string;
    readonly message: string;
  };
}

/** The name of an event. */
export type HotEventName = keyof HotEventPayloads;
