/** The functions that listen to a target of events, an emitter or a stream.
 * @module
 */
import { EventEmitter } from "node:events";
import { LISTENERS } from "../../state/walk/kept_walk.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/** Listeners that stand for those of evaluations, which end with their modules. */
export const OWNED_LISTENERS: WeakSet<object> = new WeakSet();

/** What listens to an object, and what a stream was made of. */
export function functionsOf(object: object): Set<AnyFunction> {
  const found = new Set<AnyFunction>();
  if (typeof object === "function") add(object, found, 0);
  for (const key of Object.getOwnPropertySymbols(object)) {
    if (LISTENERS.has(key)) add(Reflect.get(object, key), found, 0);
  }
  for (const key of ["_events", "_write", "_writev", "_transform"]) {
    if (Object.hasOwn(object, key)) add(Reflect.get(object, key), found, 0);
  }
  return found;
}

/** What an object has that somebody may listen to. */
export function emittersOf(object: object): object[] {
  return Reflect.ownKeys(object).flatMap((key) => {
    const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
    return value instanceof EventEmitter || value instanceof EventTarget
      ? [value]
      : [];
  });
}

/** So deep lie listeners in what the platform keeps of them. */
const DEPTH = 4;

function add(value: unknown, found: Set<AnyFunction>, depth: number): void {
  if (typeof value === "function") {
    if (OWNED_LISTENERS.has(value)) return;
    found.add(value as AnyFunction);
    // What emitters call once, and what is assigned to `onmessage`, is behind a function of their own.
    for (const key of ["listener", "handler"]) {
      if (Object.hasOwn(value, key)) add(Reflect.get(value, key), found, depth);
    }
    return;
  }
  if (typeof value !== "object" || value === null || depth === DEPTH) return;
  const held = value instanceof Map ? value.values() : Object.values(value);
  for (const it of held) add(it, found, depth + 1);
}
