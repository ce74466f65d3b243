/** Copies of state: faithful, or refused with the place and the class that cannot be copied.
 *
 * One state is one unit: what it reaches twice is one object in the copy too. What two states reach becomes two, as
 * between two processes: each state can be copied, thrown away and copied once more without the others.
 *
 * @module
 */
import {
  classNameOf,
  type CopiedBuiltin,
  kindOf,
  originalOf,
} from "./value_kind.ts";
import { Carried } from "./carried.ts";
import { besideWhy } from "./hidden_state.ts";

/** Thrown when a state holds what cannot be copied. */
export class CopyError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "CopyError";
  /** Where it is, as `rooms["a"].clients[0]`. */
  readonly path: string;
  /** The class of what is there. */
  readonly className: string;
  /** Why it cannot be copied, to be read after the class. */
  readonly why: string;
  /** What to do. */
  readonly remedy: string;

  /**
   * Names what cannot be copied.
   *
   * @param path where it is
   * @param className the class of what is there
   * @param why why it cannot be copied, to be read after the class
   * @param remedy what to do
   */
  constructor(path: string, className: string, why: string, remedy: string) {
    super(`Cannot copy ${path}: ${className} ${why}; ${remedy}`);
    this.path = path;
    this.className = className;
    this.why = why;
    this.remedy = remedy;
  }
}

/** An object whose contents are still to be copied, and how it was reached. */
interface Pending {
  readonly source: object;
  readonly target: object;
  readonly parent: Pending | null;
  readonly via: Via;
  readonly key: unknown;
  readonly fill: Fill;
  /** How far a large one has come. */
  at: number;
  /** What is left of a large one. */
  rest: Iterator<unknown> | null;
}

/** How one object is reached from another; put into words only where a copy is refused. */
type Via = "root" | "member" | "element" | "map key" | "map value";

/** Copies some more contents; tells whether all are copied. */
type Fill = (copy: StateCopy, pending: Pending) => boolean;

/** What a copy is for. */
export interface CopyRules {
  /** Plain data only: instances become plain objects, hidden members and frozenness are left out. */
  readonly plain: boolean;
  /** What to do about what cannot be copied. */
  readonly remedy: string;
  /**
   * Tells why a function that the state holds would not be the copy's own; null where it may be carried. Default: all
   * are carried.
   */
  readonly functionWhy?: (
    // deno-lint-ignore ban-types -- whatever can be called
    value: Function,
    holder: object | null,
    key: unknown,
  ) => string | null;
}

/** The rules of copies that leave nothing behind. */
export const FAITHFUL: CopyRules = {
  plain: false,
  remedy: "declare copy, or keep such values out of the state",
};

const FUNCTIONS_REMEDY =
  'declare copy or functions: "keep", or keep functions out of the state';

/** So many members of one object are copied without looking at the clock. */
const CHUNK = 500;
const CHECK_CLOCK_EVERY = 64;

/** The copy of one state, which can be made a little at a time. */
export class StateCopy {
  readonly #name: string;
  readonly #rules: CopyRules;
  readonly #copies = new Map<object, object>();
  readonly #pending: Pending[] = [];
  readonly #carried = new Carried();
  /** The copy; whole once {@linkcode StateCopy.run} has said so. */
  readonly value: unknown;

  /**
   * @param name what the state is called in messages
   * @param state the state
   * @param rules what to do where a copy is not everything
   * @throws {CopyError} if the state itself cannot be copied
   */
  constructor(name: string, state: unknown, rules: CopyRules = FAITHFUL) {
    this.#name = name;
    this.#rules = rules;
    this.value = this.take(state, null, "root", null);
  }

  /**
   * Goes on copying.
   *
   * @param endsAt when to pause, on the clock that never jumps, in milliseconds
   * @returns whether the copy is whole
   * @throws {CopyError} naming the place of what cannot be copied
   */
  run(endsAt: number = Infinity): boolean {
    for (let turns = 1;; turns++) {
      const pending = this.#pending.at(-1);
      if (!pending) {
        this.#carried.refuse(this.#copies);
        return true;
      }
      this.#pending.pop();
      if (!pending.fill(this, pending)) this.#pending.push(pending);
      if (
        (turns % CHECK_CLOCK_EVERY === 0 || pending.at >= CHUNK) &&
        performance.now() >= endsAt
      ) return this.#pending.length === 0;
    }
  }

  /**
   * The copy of a value, its contents perhaps to follow.
   *
   * @param value the value
   * @param parent what holds it
   * @param via how it is reached from there
   * @param key under which key, or at which index
   * @returns the copy; the value itself where it never changes or belongs to the host
   */
  take(
    value: unknown,
    parent: Pending | null,
    via: Via,
    key: unknown,
  ): unknown {
    if (typeof value === "function") {
      if (this.#rules.plain) {
        throw this.refusal(value, parent, via, key, "is a function, not data");
      }
      const why = this.#rules.functionWhy?.(value, parent?.source ?? null, key);
      if (why) {
        throw this.refusal(value, parent, via, key, why, FUNCTIONS_REMEDY);
      }
      return value;
    }
    if (typeof value !== "object" || value === null) return value;
    if (this.#rules.plain) value = originalOf(value);
    return this.#takeObject(value as object, parent, via, key);
  }

  #takeObject(
    value: object,
    parent: Pending | null,
    via: Via,
    key: unknown,
  ): unknown {
    const there = this.#copies.get(value);
    if (there) return there;
    const kind = kindOf(value);
    switch (kind.kind) {
      case "host":
        if (!this.#rules.plain) {
          this.#note(value, parent, via, key);
          return value;
        }
        throw this.refusal(value, parent, via, key, "is not data");
      case "refused":
        throw this.refusal(value, parent, via, key, kind.why);
      case "array":
        return this.#begin(
          value,
          [],
          parent,
          via,
          key,
          this.#rules.plain ? fillPlainArray : fillArray,
        );
      case "plain":
      case "own": {
        const prototype: object | null = Object.getPrototypeOf(value);
        if (kind.kind === "own" && !this.#rules.plain) {
          const why = besideWhy(prototype!);
          if (why) throw this.refusal(value, parent, via, key, why);
        }
        const target = prototype === Object.prototype || this.#rules.plain
          ? {}
          : Object.create(prototype);
        const fill = this.#rules.plain ? fillPlain : fillObject;
        return this.#begin(value, target, parent, via, key, fill);
      }
      case "builtin":
        return this.#takeBuiltin(value, kind.builtin, parent, via, key);
    }
  }

  /** Whether plain data is wanted. */
  get plain(): boolean {
    return this.#rules.plain;
  }

  /** The error that names a place. */
  refusal(
    value: object,
    parent: Pending | null,
    via: Via,
    key: unknown,
    why: string,
    remedy: string = this.#rules.remedy,
  ): CopyError {
    let path = stepOf(via, key);
    for (let at = parent; at; at = at.parent) {
      path = stepOf(at.via, at.key) + path;
    }
    return new CopyError(
      this.#name + path,
      classNameOf(value),
      why,
      remedy,
    );
  }

  /** What is carried knows only the originals. */
  #note(
    value: object,
    parent: Pending | null,
    via: Via,
    key: unknown,
  ): void {
    this.#carried.note(
      value,
      (why) => this.refusal(value, parent, via, key, why),
    );
  }

  /**
   * Looks at what promises in the state give; null where there are none.
   *
   * @throws {CopyError} naming the place of one that gives an object of the state
   */
  get promises(): ((late: (refusal: Error) => void) => Promise<void>) | null {
    return this.#carried.hasPromises
      ? (late) => this.#carried.refusePromises(this.#copies, late)
      : null;
  }

  #takeBuiltin(
    value: object,
    builtin: CopiedBuiltin,
    parent: Pending | null,
    via: Via,
    key: unknown,
  ): object {
    let target: object | null;
    try {
      target = builtin === "typed array" || builtin === "DataView"
        ? viewCopy(this, value as ArrayBufferView)
        : SHELLS[builtin](value as never);
    } catch {
      // Object.create(Map.prototype) looks like a Map and is not one.
      throw this.refusal(
        value,
        parent,
        via,
        key,
        "has not the insides of its class",
      );
    }
    if (!target) {
      throw this.refusal(
        value,
        parent,
        via,
        key,
        "is a view of memory that can be resized",
      );
    }
    const fill = builtin === "Map"
      ? fillMap
      : builtin === "Set"
      ? fillSet
      : this.#rules.plain && builtin !== "Error"
      ? fillNothing
      : fillExtras;
    return this.#begin(value, target, parent, via, key, fill);
  }

  #begin(
    source: object,
    target: object,
    parent: Pending | null,
    via: Via,
    key: unknown,
    fill: Fill,
  ): object {
    this.#copies.set(source, target);
    this.#pending.push({
      source,
      target,
      parent,
      via,
      key,
      fill,
      at: 0,
      rest: null,
    });
    return target;
  }
}

const SHELLS: Record<
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

function viewCopy(copy: StateCopy, view: ArrayBufferView): object | null {
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

function fillObject(copy: StateCopy, pending: Pending): boolean {
  const { source, target } = pending;
  const keys = pending.rest
    ? pending.rest as unknown as Keys
    : new Keys(Reflect.ownKeys(source));
  const prototype: object | null = Object.getPrototypeOf(target);
  const end = Math.min(keys.list.length, pending.at + CHUNK);
  for (; pending.at < end; pending.at++) {
    copyMember(copy, pending, keys.list[pending.at]!, prototype);
  }
  if (pending.at < keys.list.length) {
    pending.rest = keys;
    return false;
  }
  keepIntegrity(source, target);
  return true;
}

/** What `structuredClone` would see of an object, accessors read. */
function fillPlain(copy: StateCopy, pending: Pending): boolean {
  const { source, target } = pending;
  for (const key of Object.keys(source)) {
    const value: unknown = Reflect.get(source, key);
    Object.defineProperty(target, key, {
      value: copy.take(value, pending, "member", key),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return true;
}

function fillPlainArray(copy: StateCopy, pending: Pending): boolean {
  (pending.target as unknown[]).length = (pending.source as unknown[]).length;
  return fillPlain(copy, pending);
}

function fillNothing(): boolean {
  return true;
}

/** The keys of an object that is being copied. */
class Keys implements Iterator<unknown> {
  readonly list: readonly (string | symbol)[];

  constructor(list: readonly (string | symbol)[]) {
    this.list = list;
  }

  next(): IteratorResult<unknown> {
    return { done: true, value: undefined };
  }
}

function copyMember(
  copy: StateCopy,
  pending: Pending,
  key: string | symbol,
  prototype: object | null,
): void {
  const { source, target } = pending;
  const member = Reflect.getOwnPropertyDescriptor(source, key);
  // Gone since the keys were read.
  if (!member) return;
  if ("value" in member) {
    const { value } = member;
    if (
      typeof value === "object" && value !== null || typeof value === "function"
    ) {
      member.value = copy.take(value, pending, "member", key);
    }
    const ordinary = member.writable && member.enumerable &&
      member.configurable;
    // Setters that it inherits are not for what it has itself.
    if (ordinary && !(prototype !== null && key in prototype)) {
      (target as Record<string | symbol, unknown>)[key] = member.value;
      return;
    }
  } else {
    copy.take(member.get, pending, "member", key);
    copy.take(member.set, pending, "member", key);
  }
  Object.defineProperty(target, key, member);
}

function fillArray(copy: StateCopy, pending: Pending): boolean {
  const source = pending.source as unknown[];
  const target = pending.target as unknown[];
  if (pending.at === 0) {
    const keys = Reflect.ownKeys(source);
    const { length } = source;
    const ordinary = Object.isExtensible(source) &&
      keys.length === length + 1 && Object.keys(source).length === length &&
      (length === 0 || keys[length - 1] === `${length - 1}`);
    if (!ordinary) return fillUnusualArray(copy, pending, keys);
  }
  const end = Math.min(source.length, pending.at + CHUNK);
  for (; pending.at < end; pending.at++) {
    const index = pending.at;
    const value = source[index];
    target[index] =
      typeof value === "object" && value !== null || typeof value === "function"
        ? copy.take(value, pending, "element", index)
        : value;
  }
  return pending.at >= source.length;
}

/** With holes, members beside its elements, or frozen. */
function fillUnusualArray(
  copy: StateCopy,
  pending: Pending,
  keys: readonly (string | symbol)[],
): boolean {
  const source = pending.source as unknown[];
  const target = pending.target as unknown[];
  target.length = source.length;
  for (const key of keys) {
    if (key !== "length") copyMember(copy, pending, key, null);
  }
  keepIntegrity(source, target);
  return true;
}

function fillMap(copy: StateCopy, pending: Pending): boolean {
  const source = pending.source as Map<unknown, unknown>;
  const target = pending.target as Map<unknown, unknown>;
  const entries = pending.rest as Iterator<[unknown, unknown]> | null ??
    Map.prototype.entries.call(source);
  for (let count = 0; count < CHUNK; count++) {
    const { done, value: entry } = entries.next();
    if (done) return copy.plain || fillExtras(copy, pending);
    const [key, value] = entry;
    target.set(
      copy.take(key, pending, "map key", pending.at),
      copy.take(value, pending, "map value", key),
    );
    pending.at++;
  }
  pending.rest = entries;
  return false;
}

function fillSet(copy: StateCopy, pending: Pending): boolean {
  const source = pending.source as Set<unknown>;
  const target = pending.target as Set<unknown>;
  const values = pending.rest ?? Set.prototype.values.call(source);
  for (let count = 0; count < CHUNK; count++) {
    const { done, value } = values.next();
    if (done) return copy.plain || fillExtras(copy, pending);
    target.add(copy.take(value, pending, "element", pending.at));
    pending.at++;
  }
  pending.rest = values;
  return false;
}

/** Members that someone gave a built-in; `lastIndex`, `message` and `cause` are such. */
function fillExtras(copy: StateCopy, pending: Pending): boolean {
  const { source, target } = pending;
  if (ArrayBuffer.isView(source)) {
    for (const key of Reflect.ownKeys(source)) {
      if (typeof key === "symbol" || !/^\d+$/.test(key)) {
        copyMember(copy, pending, key, null);
      }
    }
  } else {
    const inherent = source instanceof String ? source.length : 0;
    for (const key of Reflect.ownKeys(source)) {
      if (isHostSlot(source, key)) continue;
      if (source instanceof Error && key === "stack") continue;
      if (
        inherent > 0 && (key === "length" || Number(key.toString()) < inherent)
      ) continue;
      copyMember(copy, pending, key, Object.getPrototypeOf(target));
    }
  }
  keepIntegrity(source, target);
  return true;
}

/** Deno keeps the insides of its own classes under symbols; the copy has its own already. */
function isHostSlot(source: object, key: string | symbol): boolean {
  return typeof key === "symbol" &&
    (source instanceof URL || source instanceof URLSearchParams ||
      source instanceof Headers) &&
    key.description !== undefined &&
    Object.getOwnPropertySymbols(hostSample(source)).some((
      { description },
    ) => description === key.description);
}

function hostSample(source: object): object {
  return source instanceof URL
    ? SAMPLES.url
    : source instanceof Headers
    ? SAMPLES.headers
    : SAMPLES.params;
}

const SAMPLES = {
  url: new URL("https://a.example"),
  headers: new Headers(),
  params: new URLSearchParams(),
};

function keepIntegrity(source: object, target: object): void {
  if (Object.isExtensible(source)) return;
  if (Object.isFrozen(source)) Object.freeze(target);
  else if (Object.isSealed(source)) Object.seal(target);
  else Object.preventExtensions(target);
}

function stepOf(via: Via, key: unknown): string {
  switch (via) {
    case "root":
      return "";
    case "element":
      return `[${key}]`;
    case "map key":
      return `.keys()[${key}]`;
    case "map value":
      return `.get(${
        typeof key === "string"
          ? JSON.stringify(key)
          : typeof key === "object" && key !== null
          ? classNameOf(key)
          : String(key)
      })`;
    case "member":
      return memberStep(key as string | symbol);
  }
}

function memberStep(key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `.${key}`
    : `[${JSON.stringify(key)}]`;
}
