/** Whether what is kept can follow the classes that are replaced, and what it is turned into.
 * @module
 */
import { IncomingMessage, Server, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { types } from "node:util";
import { originalOf } from "../../modules/live/calls_as_work.ts";
import type { AppProcess } from "../../process/process.ts";
import type {
  AnyClass,
  ClassPairs,
} from "../../state/classes/class_registry.ts";
import type { FollowedPair } from "../../state/classes/classes.ts";
import {
  classRemedy,
  type ClassVerdict,
  isFunctionText,
  verdictOf,
} from "../../state/classes/class_verdict.ts";
import type { KeptPlace } from "../../state/walk/kept_place.ts";
import { KeptWalk } from "../../state/walk/kept_walk.ts";
import { leadTo } from "../../process/left/lead_to.ts";
import type { Staging } from "../../state/staging.ts";
import { OldFunctions } from "./old_functions.ts";
import {
  KEEP_FUNCTIONS,
  keptRefusal,
  type Terms,
  type Trouble,
} from "./kept_refusal.ts";

/** A class that is followed, and what was said of it. */
export interface Judged extends FollowedPair {
  readonly verdict: ClassVerdict;
}

/** Judges what a walk over kept state meets. */
export class KeptJudge {
  readonly #appProcess: AppProcess;
  readonly #staging: Staging;
  readonly #keptValues: () => Iterable<unknown>;
  readonly #old: OldFunctions;
  readonly #byPrototype = new Map<object, Judged | string>();
  readonly #byClass = new Map<AnyClass, AnyClass | null>();
  readonly #definitions = new Map<string, Terms>();
  /** The instances that follow their classes. */
  readonly found = new Set<object>();
  /** Functions of replaced code that only classes can reach, and where. */
  readonly hidden: Map<(...args: unknown[]) => unknown, KeptPlace> = new Map();
  /** What puts something else in the place of what is kept; each gives its undo. */
  readonly replacements: (() => () => void)[] = [];

  /**
   * @param appProcess what runs in this process
   * @param staging what the new modules declare
   * @param keptValues the values of the variables that are kept by name
   */
  constructor(
    appProcess: AppProcess,
    staging: Staging,
    keptValues: () => Iterable<unknown>,
  ) {
    this.#appProcess = appProcess;
    this.#staging = staging;
    this.#keptValues = keptValues;
    this.#old = new OldFunctions(
      staging,
      (text) => appProcess.modules.keeping.plain(text),
      this.#byPrototype,
      appProcess.classes,
    );
  }

  /** Whether any class is replaced. */
  get isOfClasses(): boolean {
    return this.#byPrototype.size > 0;
  }

  /** Takes in which classes are replaced. */
  learn({ pairs, gone }: ClassPairs): Judged[] {
    const judged = pairs.map((pair): Judged => {
      const verdict = verdictOf(
        pair.name,
        pair.current,
        pair.next,
        pair.earlier,
      );
      return { ...pair, verdict, fill: verdict.fill };
    });
    for (const pair of judged) {
      for (const old of [pair.current, ...pair.earlier]) {
        this.#byPrototype.set(old.prototype, pair);
        this.#byClass.set(old, pair.next);
      }
    }
    for (const { name, current, earlier } of gone) {
      for (const old of [current, ...earlier]) {
        this.#byPrototype.set(old.prototype, name);
        this.#byClass.set(old, null);
      }
    }
    return judged;
  }

  /** Says on what terms something is kept. */
  define(name: string, terms: Terms): void {
    this.#definitions.set(name, terms);
  }

  /** A walk that has what it meets judged; it throws what is refused. */
  walk(): KeptWalk {
    return new KeptWalk({
      wantsInstance: (prototype) =>
        this.#classesOf(prototype).length > 0 ||
        this.#old.strandedOf(prototype) !== null,
      instance: (instance, place) => this.#judge(instance, place()),
      reference: (instance, place) => this.#convert(instance, place),
      object: (value, place) => this.#constant(value, place),
      function: (value, place, of) => this.#function(value, place, of),
      hidden: (value, place, of) => this.#hide(value, place, of),
      symbol: (value, place, of) => this.#symbol(value, place, of),
      opaque: (value, place) => {
        if (this.#looksBehind) this.#opaque.set(value, place);
      },
    });
  }

  readonly #opaque = new Map<object, () => KeptPlace>();

  /** Whether instances have to be found one by one: following their prototypes is not enough. */
  get #looksBehind(): boolean {
    return this.#byPrototype.values().some((it) =>
      typeof it === "string" || it.verdict.refusals.length > 0 ||
      // Other fields are given to whoever is asked for them.
      it.verdict.fill.some(({ text }) => isFunctionText(text))
    );
  }

  /**
   * Judges the instances that are behind what no walk comes through: closures, promises, what packages hide. Sockets are
   * left alone: what becomes of them is said elsewhere.
   */
  async behind(): Promise<void> {
    const { packageSockets } = this.#appProcess;
    let refused: unknown = null;
    const found = await leadTo([...this.#opaque.keys()], (value, from) => {
      if (types.isProxy(value) || this.found.has(value)) return "further";
      if (isConnection(value) || packageSockets.isOpen(value)) return "leave";
      const prototype: object | null = Object.getPrototypeOf(value);
      if (!prototype || this.#classesOf(prototype).length === 0) {
        return "further";
      }
      try {
        this.#judge(value, this.#opaque.get(from)!());
        return "further";
      } catch (error) {
        refused = error;
        return "found";
      }
    });
    this.#opaque.clear();
    if (refused !== null) throw refused;
    if (found === null) {
      this.#appProcess.logger.warn(
        "closures, promises and packages that state holds lead to more than can be looked through: instances of replaced classes that are there follow with their methods alone",
      );
    }
  }

  /** The classes of an instance that are replaced, its own first. */
  #classesOf(prototype: object): (Judged | string)[] {
    const found: (Judged | string)[] = [];
    for (
      let link: object | null = prototype;
      link !== null;
      link = Object.getPrototypeOf(link)
    ) {
      const judged = this.#byPrototype.get(link);
      if (judged !== undefined) found.push(judged);
    }
    return found;
  }

  #judge(instance: object, place: KeptPlace): void {
    const classes = this.#classesOf(Object.getPrototypeOf(instance));
    if (this.#conversion(classes, place)) return;
    const stranded = this.#old.strandedOf(Object.getPrototypeOf(instance));
    if (stranded) {
      const { name, why } = stranded;
      const remedy = "declare it as a class at the top level of its module";
      throw this.#refusal(place, {
        what: name,
        why,
        remedy,
        ofClass: name,
        isWhole: true,
      });
    }
    for (const judged of classes) {
      if (typeof judged === "string") {
        throw this.#refusal(place, {
          what: judged,
          why: `${judged} is not in the new code`,
          remedy: classRemedy(judged),
          ofClass: judged,
        });
      }
      const [first] = judged.verdict.refusals;
      if (first) {
        throw this.#refusal(place, {
          what: judged.name,
          why: `${first.subject} ${first.why}`,
          remedy: classRemedy(judged.name),
          ofClass: judged.name,
        });
      }
    }
    this.found.add(instance);
  }

  #isKept(value: symbol): boolean {
    this.#symbols ??= new Set(this.#keptValues());
    return this.#symbols.has(value);
  }

  #symbols: Set<unknown> | null = null;

  readonly #converted = new Map<object, unknown>();

  #convert(instance: object, place: () => KeptPlace): void {
    const classes = this.#classesOf(Object.getPrototypeOf(instance));
    const at = place();
    const convert = this.#conversion(classes, at);
    if (!convert) return;
    this.replacements.push(() => {
      if (!this.#converted.has(instance)) {
        this.#converted.set(instance, convert(instance));
      }
      return at.replace(this.#converted.get(instance));
    });
  }

  #conversion(
    [own]: readonly (Judged | string)[],
    { root }: KeptPlace,
  ): ((old: unknown) => unknown) | undefined {
    const { classes } = this.#definitions.get(root.name) ?? {};
    const name = typeof own === "string" ? own : own?.name;
    return name !== undefined && classes && Object.hasOwn(classes, name)
      ? classes[name]
      : undefined;
  }

  #function(
    value: AnyClass,
    place: () => KeptPlace,
    of: { readonly object: object; readonly key: unknown } | null,
  ): void {
    this.#appProcess.modules.handed.know(value);
    const next = this.#byClass.get(value);
    if (next) {
      const at = place();
      if (at.isRoot) {
        if (this.#definitions.get(at.root.name)?.keepFunctions) return;
        throw this.#refusal(at, {
          what: value.name,
          why: "it is a class, and the new code has another one",
          remedy: KEEP_FUNCTIONS,
        });
      }
      this.replacements.push(() => at.replace(next));
      return;
    }
    if (next === null) {
      const at = place();
      throw this.#refusal(at, {
        what: value.name,
        why: `it is the class ${value.name}, which is not in the new code`,
        remedy: KEEP_FUNCTIONS,
      });
    }
    // Made of its new text on every instance.
    if (of && this.isFilled(of.object, of.key)) return;
    const why = this.#old.whyOld(originalOf(value));
    if (why === null) return;
    const at = place();
    if (this.#definitions.get(at.root.name)?.keepFunctions) return;
    throw this.#refusal(at, {
      what: value.name || "a function",
      why,
      remedy: KEEP_FUNCTIONS,
    });
  }

  readonly #ofOld = new Map<string, boolean>();

  /** Notes a function that only a class can reach, and that nobody has seen being handed on. */
  #hide(
    value: AnyClass,
    place: () => KeptPlace,
    of: { readonly object: object; readonly key: unknown } | null,
  ): void {
    const { handed, keeping } = this.#appProcess.modules;
    const { oldSource } = this.#staging;
    if (!oldSource || handed.isNoted(value)) return;
    if (of && this.isFilled(of.object, of.key)) return;
    const text = Function.prototype.toString.call(originalOf(value));
    // Thousands may be of one text.
    let isOld = this.#ofOld.get(text);
    if (isOld === undefined) {
      isOld = oldSource(keeping.plain(text));
      this.#ofOld.set(text, isOld);
    }
    if (!isOld) return;
    const at = place();
    if (this.#definitions.get(at.root.name)?.keepFunctions) return;
    this.hidden.set(value as unknown as () => unknown, at);
  }

  /** A module that is evaluated again makes its constants again, and compares what is kept with those. */
  #constant(value: object, place: () => KeptPlace): void {
    const name = this.#staging.exported.nameOf(value);
    if (name === undefined) return;
    const at = place();
    const { kept } = this.#appProcess;
    // What began with an exported object is that object under another name, and is kept.
    if (at.isRoot && !kept.isVariable(at.root.name)) return;
    throw this.#refusal(at, {
      what: name,
      why: "the new code makes another one, which is not the same to ===",
      remedy:
        `compare something of it instead, such as a name, or add to "flyhot" in deno.json: "keep": ["${name}"]`,
      isWhole: true,
    });
  }

  /** Tells whether a member of an instance is made of its new text in the swap. */
  isFilled(object: object, key: unknown): boolean {
    return this.#classesOf(Object.getPrototypeOf(object)).some((judged) =>
      typeof judged !== "string" &&
      judged.fill.some(({ name }) => name === key)
    );
  }

  /** A module that is evaluated again makes other symbols, which the new code does not find in what is kept. */
  #symbol(value: symbol, place: () => KeptPlace, of: object | null): void {
    if (Symbol.keyFor(value) !== undefined) return;
    if (this.#isKept(value)) return;
    const { description } = value;
    const texts = description === undefined
      ? ["Symbol()"]
      : ['"', "'", "`"].map((mark) => `Symbol(${mark}${description}${mark})`);
    const { oldSource } = this.#staging;
    if (!texts.some((text) => oldSource?.(text))) return;
    const at = place();
    const { variable } = this.#definitions.get(at.root.name) ?? {};
    if (variable?.entry === null) return;
    const classes = of ? this.#classesOf(Object.getPrototypeOf(of)) : [];
    if (this.#conversion(classes, at)) return;
    throw this.#refusal(at, {
      what: String(value),
      why: "the new code makes another symbol, and would not find it",
      remedy: "use Symbol.for(), or raise the version and migrate",
    });
  }

  #refusal(place: KeptPlace, trouble: Trouble): Error {
    const terms = this.#definitions.get(place.root.name) ?? {};
    return keptRefusal(place, terms, trouble);
  }
}

function isConnection(value: object): boolean {
  return [Socket, WebSocket, IncomingMessage, ServerResponse, Server].some((
    of,
  ) => value instanceof of);
}
