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
import { CopyError } from "./copy_error.ts";
import {
  CHUNK,
  fillArray,
  fillExtras,
  fillMap,
  fillNothing,
  fillObject,
  fillPlain,
  fillPlainArray,
  fillSet,
} from "./fills.ts";
import {
  type Fill,
  type Pending,
  stepOf,
  type Taker,
  type Via,
} from "./pending.ts";
import { SHELLS, viewCopy } from "./shells.ts";
import { besideWhy } from "./hidden_state.ts";

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

const CHECK_CLOCK_EVERY = 64;

/** The copy of one state, which can be made a little at a time. */
export class StateCopy implements Taker {
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

  /** Goes on copying. Throws naming the place of what cannot be copied. */
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
   * The copy of a value, its contents perhaps to follow. Returns the copy; the value itself where it never changes or
   * belongs to the host.
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
   * Looks at what promises in the state give; null where there are none. Throws naming the place of one that gives an
   * object of the state.
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
