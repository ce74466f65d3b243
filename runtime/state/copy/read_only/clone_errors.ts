/** What is said where a read-only view is given to what clones: structuredClone, workers, KV.
 * @module
 */
import { types } from "node:util";
import v8 from "node:v8";
import { originalOf } from "../value_kind.ts";

const DEPTH_MAX = 4;
const MEMBERS_MAX = 100;

/** Lets a method that clones its arguments say how a view is copied, where it fails because of one. */
export function explainViews(owner: object, name: string): void {
  const member = Reflect.getOwnPropertyDescriptor(owner, name);
  const method: unknown = member?.value;
  if (!member?.configurable || typeof method !== "function") return;
  // A method of this name and length, so that nobody tells the difference.
  const wrapper = {
    [name](this: unknown, ...args: unknown[]): unknown {
      try {
        const result: unknown = Reflect.apply(method, this, args);
        return types.isPromise(result)
          ? result.catch((error: unknown) => {
            throw explained(error, args, name);
          })
          : result;
      } catch (error) {
        throw explained(error, args, name);
      }
    },
  }[name]!;
  Object.defineProperty(wrapper, "length", { value: method.length });
  Object.defineProperty(owner, name, { ...member, value: wrapper });
}

/** Explains views to all that clones. */
export function explainViewsEverywhere(): void {
  explainViews(globalThis, "structuredClone");
  explainViews(Worker.prototype, "postMessage");
  explainViews(MessagePort.prototype, "postMessage");
  explainViews(BroadcastChannel.prototype, "postMessage");
  explainViews(v8, "serialize");
  if (typeof Deno.Kv === "function") {
    explainViews(Deno.Kv.prototype, "set");
    explainViews(Deno.Kv.prototype, "enqueue");
  }
  if (typeof Deno.AtomicOperation === "function") {
    explainViews(Deno.AtomicOperation.prototype, "set");
    explainViews(Deno.AtomicOperation.prototype, "enqueue");
    explainViews(Deno.AtomicOperation.prototype, "mutate");
  }
}

function explained(error: unknown, args: unknown[], name: string): unknown {
  const isClone = error instanceof Error &&
    (error.name === "DataCloneError" ||
      /could not be cloned/.test(error.message));
  if (!isClone || !holdsView(args, 0)) return error;
  const message =
    `${error.message} It is a read-only view of state: give ${name} a snapshot(…) of it`;
  return error instanceof DOMException
    ? new DOMException(message, error.name)
    : new TypeError(message, { cause: error });
}

function holdsView(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (originalOf(value) !== value) return true;
  if (depth >= DEPTH_MAX || types.isProxy(value)) return false;
  const members = value instanceof Map
    ? [...value].flat(1)
    : value instanceof Set
    ? [...value]
    : Object.values(value);
  return members.slice(0, MEMBERS_MAX).some((member) =>
    holdsView(member, depth + 1)
  );
}
