/** What an object is to copies and views: plain, of the app's own class, built in, or of the host.
 * @module
 */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { KeyObject } from "node:crypto";
import { EventEmitter } from "node:events";
import { types } from "node:util";
import { privateMembers } from "../texts/class_text.ts";

/** Built-in objects that can be copied. */
export type CopiedBuiltin =
  | "ArrayBuffer"
  | "DataView"
  | "Date"
  | "Error"
  | "Headers"
  | "Map"
  | "RegExp"
  | "Set"
  | "URL"
  | "URLSearchParams"
  | "boxed"
  | "typed array";

/** What an object is. */
export type ValueKind =
  | {
    /** A plain object or an array. */
    readonly kind: "plain" | "array";
  }
  | {
    /** An instance of a class of the app or of a library, with nothing that only its own code can reach. */
    readonly kind: "own";
  }
  | {
    /** A built-in that has contents. */
    readonly kind: "builtin";
    /** Which. */
    readonly builtin: CopiedBuiltin;
  }
  | {
    /** A socket, a stream, a timer, a promise, a value that never changes: it is what it is, and cannot be copied. */
    readonly kind: "host";
  }
  | {
    /** What can neither be copied nor be carried. */
    readonly kind: "refused";
    /** Why, to be read after the name of its class. */
    readonly why: string;
  };

// deno-lint-ignore ban-types -- whatever can construct
type Constructor = Function;

/** Kept when this is loaded: libraries replace such globals with their own. */
const COPIED = new Map<object, CopiedBuiltin>([
  [ArrayBuffer.prototype, "ArrayBuffer"],
  [DataView.prototype, "DataView"],
  [Date.prototype, "Date"],
  [Headers.prototype, "Headers"],
  [Map.prototype, "Map"],
  [RegExp.prototype, "RegExp"],
  [Set.prototype, "Set"],
  [URL.prototype, "URL"],
  [URLSearchParams.prototype, "URLSearchParams"],
  [Number.prototype, "boxed"],
  [String.prototype, "boxed"],
  [Boolean.prototype, "boxed"],
  [BigInt.prototype, "boxed"],
  [Symbol.prototype, "boxed"],
]);
const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);
/** Classes of Deno that no global names. */
const UNNAMED_HOST_CLASSES =
  /^(?:(?:Tcp|Unix|Vsock|Tls|Quic)?(?:Conn|Listener)|QuicEndpoint|FsWatcher|HttpConn|HttpServer|Timeout|Immediate)$/;
/** How the classes that Deno brings are written. */
const MINIFIED = /^class [\w$]+(?: extends [\w$.]+)?\{[^\n]*$/;

const PLAIN: ValueKind = { kind: "plain" };
const ARRAY: ValueKind = { kind: "array" };
const OWN: ValueKind = { kind: "own" };
const HOST: ValueKind = { kind: "host" };
const PROXY = refusal("is a Proxy, whose target cannot be reached");
const VIEW = refusal(
  "is a read-only view of state; put snapshot(…) of it into the state",
);

const byPrototype = new WeakMap<object, ValueKind>();
let namespaces: WeakSet<object> | null = null;
const registered = new WeakSet<object>();
const originals = new WeakMap<object, object>();

/** Notes what a read-only view is a view of. */
export function noteView(view: object, original: object): void {
  originals.set(view, original);
}

/** The object that a read-only view shows. Returns the object; what was given where that is not a view. */
export function originalOf<T>(value: T): T {
  return typeof value === "object" && value !== null
    ? (originals.get(value) as T | undefined) ?? value
    : value;
}

/** Notes that a class is of the app itself, so that it is never taken for one of a library. */
export function noteOwnClass(constructor: Constructor): void {
  registered.add(constructor);
  const { prototype } = constructor;
  if (typeof prototype === "object" && prototype !== null) {
    byPrototype.delete(prototype);
  }
}

/** Tells what an object is. */
export function kindOf(value: object): ValueKind {
  if (types.isProxy(value)) return originals.has(value) ? VIEW : PROXY;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) {
    return isNamespace(value)
      ? HOST
      : types.isArgumentsObject(value)
      ? refusal("is the arguments of a function")
      : PLAIN;
  }
  if (prototype === Array.prototype) return ARRAY;
  if (prototype === null) {
    return types.isModuleNamespaceObject(value) ? HOST : PLAIN;
  }
  let kind = byPrototype.get(prototype);
  if (!kind) {
    kind = kindByPrototype(value, prototype);
    byPrototype.set(prototype, kind);
  }
  if (kind.kind === "own" && isBuiltinInside(value)) {
    return refusal("is a built-in object under a foreign prototype");
  }
  return kind;
}

/** Names the class of an object, for messages. Returns the name; `Object` where it has none. */
export function classNameOf(value: object): string {
  if (types.isProxy(value)) return "it";
  const { constructor } = value;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "an unnamed class";
}

function kindByPrototype(value: object, prototype: object): ValueKind {
  const chain = chainOf(prototype);
  if (chain.includes(Error.prototype)) return errorKind(chain);
  if (prototype === globalThis.Buffer?.prototype) {
    return { kind: "builtin", builtin: "typed array" };
  }
  const builtin = COPIED.get(prototype) ??
    (Object.getPrototypeOf(prototype) === TYPED_ARRAY && isNative(prototype)
      ? "typed array"
      : undefined);
  if (builtin) return { kind: "builtin", builtin };
  if (types.isModuleNamespaceObject(value) || isHostPrototype(prototype)) {
    return HOST;
  }
  const names = chain.flatMap((link) => {
    const constructor = constructorOf(link);
    return constructor && !isHostPrototype(link)
      ? privateMembers(constructor)
      : [];
  });
  const base = chain.find((link) =>
    link !== Object.prototype &&
    (link === Array.prototype || link === TYPED_ARRAY || COPIED.has(link) ||
      isHostPrototype(link))
  );
  if (base) return derivedKind(chain, base);
  if (names.length > 0) {
    return refusal(
      `has private members (${names.join(", ")}), which no copy can reach`,
    );
  }
  const constructor = constructorOf(prototype);
  if (!constructor || !Object.hasOwn(prototype, "constructor")) {
    return refusal("inherits from an object that is not a class");
  }
  if (isNativeFunction(constructor)) {
    return refusal("is a built-in that cannot be copied");
  }
  return OWN;
}

/** Sockets of libraries (ws, socket.io) are event emitters; one of the app's own is state. */
function derivedKind(chain: readonly object[], base: object): ValueKind {
  const own = chain.some((link) => registered.has(constructorOf(link) ?? link));
  if (!own && chain.includes(EventEmitter.prototype)) return HOST;
  return refusal(
    `extends the built-in ${constructorOf(base)?.name ?? "object"}`,
  );
}

function errorKind(chain: readonly object[]): ValueKind {
  if (chain.includes(DOMException.prototype)) return HOST;
  const names = chain.flatMap((link) => {
    const constructor = constructorOf(link);
    return constructor ? privateMembers(constructor) : [];
  });
  return names.length === 0 ? { kind: "builtin", builtin: "Error" } : refusal(
    `has private members (${names.join(", ")}), which no copy can reach`,
  );
}

function refusal(why: string): ValueKind {
  return { kind: "refused", why };
}

function isBuiltinInside(value: object): boolean {
  return types.isMap(value) || types.isSet(value) || types.isDate(value) ||
    types.isRegExp(value) || types.isPromise(value) ||
    types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value) ||
    Array.isArray(value) || types.isNativeError(value);
}

function isHostPrototype(prototype: object): boolean {
  if (prototype === Object.prototype) return false;
  if (UNNAMED.has(prototype)) return true;
  const constructor = constructorOf(prototype);
  if (!constructor || registered.has(constructor)) return false;
  if (isNamedByHost(constructor)) return true;
  return UNNAMED_HOST_CLASSES.test(constructor.name) &&
    MINIFIED.test(Function.prototype.toString.call(constructor));
}

/** Prototypes of the host that are reached by no name. */
const UNNAMED = new WeakSet<object>([
  AsyncLocalStorage.prototype,
  AsyncResource.prototype,
  EventEmitter.prototype,
  KeyObject.prototype,
]);

/** Looked up by name: to read all names would load all that Deno has. */
function isNamedByHost(constructor: Constructor): boolean {
  const { name } = constructor;
  if (!/^[A-Z]/.test(name) || !isFromHost(constructor)) return false;
  const temporal = (globalThis as { Temporal?: object }).Temporal ?? {};
  // By the prototype: what stands there may be a proxy, as the one that sees sockets to the own server.
  return [globalThis, Deno, Intl, WebAssembly, temporal].some((space) =>
    Object.hasOwn(space, name) &&
    Reflect.get(space, name)?.prototype === constructor.prototype
  );
}

/** The app may put its own classes on `globalThis`; they are written with line breaks, or are registered. */
function isFromHost(constructor: Constructor): boolean {
  if (registered.has(constructor)) return false;
  const text = Function.prototype.toString.call(constructor);
  return text.endsWith("{ [native code] }") || !text.includes("\n");
}

function isNamespace(value: object): boolean {
  namespaces ??= new WeakSet<object>([
    globalThis,
    ...[Math, JSON, Reflect, Atomics, Intl, WebAssembly, Deno, console],
  ]);
  return namespaces.has(value);
}

function chainOf(prototype: object): object[] {
  const chain: object[] = [];
  for (
    let link: object | null = prototype;
    link !== null;
    link = Object.getPrototypeOf(link)
  ) chain.push(link);
  return chain;
}

function constructorOf(prototype: object): Constructor | null {
  const constructor: unknown = Reflect.getOwnPropertyDescriptor(
    prototype,
    "constructor",
  )?.value;
  return typeof constructor === "function" ? constructor : null;
}

function isNative(prototype: object): boolean {
  const constructor = constructorOf(prototype);
  return constructor !== null && isNativeFunction(constructor);
}

function isNativeFunction(value: Constructor): boolean {
  return Function.prototype.toString.call(value).endsWith("{ [native code] }");
}
