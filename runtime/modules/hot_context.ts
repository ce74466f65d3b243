/** What `hot(import.meta)` keeps for one module.
 * @module
 */
import type { HotEventName, HotEventPayloads } from "./hot_events.ts";

/** Called with the carry-over bag when a module is replaced or pruned. */
export type DisposeCallback = (data: Record<string, unknown>) => unknown;

/** What `hot(import.meta)` keeps for one module. */
export interface HotContext {
  /** The module's path under the app root. */
  readonly path: string;
  /** The URL of the very instance of the module. */
  readonly url: string;
  /** The carry-over bag. */
  data: Record<string, unknown>;
  /** Called after the new code is applied. */
  readonly disposers: DisposeCallback[];
  /** Called after an upgrade that removes the module. */
  readonly pruners: DisposeCallback[];
  /** The modules whose new versions this one takes without being reloaded; its own path for itself. */
  readonly accepted: Map<string, ((module: unknown) => unknown)[]>;
  /** Why the module cannot be replaced hot, or null. */
  declined: string | null;
  /** Listeners to upgrade events, by event. */
  readonly listeners: Map<
    HotEventName,
    Set<(payload: HotEventPayloads[HotEventName]) => void>
  >;
}

/** Makes an empty context. */
export function hotContext(
  path: string,
  url: string,
  data: Record<string, unknown>,
): HotContext {
  return {
    path,
    url,
    data,
    disposers: [],
    pruners: [],
    accepted: new Map(),
    declined: null,
    listeners: new Map(),
  };
}
