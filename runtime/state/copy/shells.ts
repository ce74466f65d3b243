/** Copies of built-in values, from their insides.
 * @module
 */
import type { Taker } from "./pending.ts";
import type { CopiedBuiltin } from "./value_kind.ts";

/** New built-ins without what was put on them. */
export const SHELLS: Record<
  Exclude<CopiedBuiltin, "typed array" | "DataView">,
  (value: never) => object
> = {
  ArrayBuffer: (value: ArrayBuffer) => bufferCopy(value),
  Date: (value: Date) => new Date(Date.prototype.getTime.call(value)),
  Error: (value: Error) => errorShell(value),
  Headers: (value: Headers) => new Headers(value),
  Map: (value: Map<unknown, unknown>) => {
    Map.prototype.has.call(value, 0);
    return new Map();
  },
  RegExp: (value: RegExp) => new RegExp(value.source, value.flags),
  Set: (value: Set<unknown>) => {
    Set.prototype.has.call(value, 0);
    return new Set();
  },
  URL: (value: URL) => new URL(value),
  URLSearchParams: (value: URLSearchParams) => new URLSearchParams(value),
  boxed: (value: object) => Object(value.valueOf()),
};

function bufferCopy(buffer: ArrayBuffer): ArrayBuffer {
  if (buffer.detached) {
    return structuredClone(new ArrayBuffer(0));
  }
  if (!buffer.resizable) return buffer.slice(0);
  const { byteLength, maxByteLength } = buffer;
  const copy = new ArrayBuffer(byteLength, { maxByteLength });
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

/** A view of the copy of the memory that a view shows. Returns the new one; null where its memory can be resized. */
export function viewCopy(copy: Taker, view: ArrayBufferView): object | null {
  const { buffer, byteOffset } = view;
  const isBuffer = globalThis.Buffer?.isBuffer(view) ?? false;
  if (isBuffer && buffer.byteLength > view.byteLength) {
    // Node cuts small buffers from a common pool: the others are not the state's.
    return Buffer.from(view as Uint8Array);
  }
  if (buffer instanceof ArrayBuffer && buffer.resizable) return null;
  const memory = copy.take(buffer, null, "root", null) as ArrayBuffer;
  if (isBuffer) return Buffer.from(memory, byteOffset, view.byteLength);
  const length = view instanceof DataView
    ? view.byteLength
    : (view as Uint8Array).length;
  const make = view.constructor as new (
    memory: ArrayBuffer,
    offset: number,
    length: number,
  ) => object;
  return new make(memory, byteOffset, length);
}

function errorShell(error: Error): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const shell = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  Object.setPrototypeOf(shell, Object.getPrototypeOf(error));
  // Its stack is found by an accessor that looks at the object it is asked on.
  Object.defineProperty(shell, "stack", {
    value: error.stack,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  return shell;
}
