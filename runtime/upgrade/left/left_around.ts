/** What functions that requests have left behind lead to by what they have around them: objects with functions of the old code,
 * which they would go on to call, though their own text is in the new code.
 *
 * @module
 */
import { types } from "node:util";
import { originalOf } from "../../modules/live/calls_as_work.ts";
import { leadTo, type Meeting } from "../../process/left/lead_to.ts";
import type { AppProcess } from "../../process/process.ts";
import { usesAround } from "../../state/texts/free_names.ts";
import {
  BOUND,
  consentTo,
  isBound,
  type LeftBehindContext,
  NATIVE,
  type Old,
  whyOld,
} from "./left_judges.ts";

type AnyFunction = (...args: never[]) => unknown;

interface OldMet {
  readonly why: string;
  readonly path: string;
}

/** A function that is looked through. */
interface Root {
  readonly path: string | null;
  readonly refuse: Refuse;
}

type Refuse = (why: string, of?: string) => Old;

/** So many of one text are looked at: what the others have around them was made in the same way. */
const SAMPLE = 20;
/** So often what is in data is looked at once more. */
const ROUNDS_MAX = 4;
/** So much data is walked through. */
const WALK_MAX = 20_000;
const PLAIN: ReadonlySet<unknown> = new Set([
  null,
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
]);

/** Some functions, and what they have around them. */
export class LeftAround {
  readonly #appProcess: AppProcess;
  readonly #context: LeftBehindContext;
  readonly #functions = new Map<object, Root>();
  readonly #names = new Map<string, ReadonlySet<string>>();
  readonly #counts = new Map<string, number>();
  readonly #verdicts = new Map<string, string | null>();
  readonly #known: ReadonlySet<object>;

  /**
   * @param appProcess what runs in this process
   * @param context what is known of the upgrade
   */
  constructor(appProcess: AppProcess, context: LeftBehindContext) {
    this.#appProcess = appProcess;
    this.#context = context;
    this.#known = new Set(
      appProcess.classes.all().flatMap(({ current, earlier }) => [
        current,
        ...earlier,
      ]),
    );
  }

  /** Adds one that goes on with the new code by itself. */
  readonly add = (
    it: AnyFunction,
    path: string | null,
    refuse: Refuse,
  ): void => {
    if (path !== null && this.#context.consent.has(consentTo(path))) return;
    const own = originalOf(it);
    const evaluated = Function.prototype.toString.call(own);
    if (NATIVE.test(evaluated)) {
      if (isBound(own)) this.#functions.set(own, { path, refuse });
      return;
    }
    if (path === null) return;
    const text = `${path} ${evaluated}`;
    const count = this.#counts.get(text) ?? 0;
    this.#counts.set(text, count + 1);
    if (count >= SAMPLE) return;
    const isLocal = this.#namesIn(this.#plain(evaluated)).values().some((
      name,
    ) => this.#context.names(path, name) === "local");
    if (isLocal) this.#functions.set(own, { path, refuse });
  };

  /** Those that lead to the old code. */
  async old(): Promise<Old[]> {
    if (this.#functions.size === 0) return [];
    const old = new Map<object, Old>();
    // Whose it is that what is met is around, or in what is around it.
    let rootOf = new Map([...this.#functions.keys()].map((it) => [it, it]));
    let isVast = false;
    for (let round = 0; round < ROUNDS_MAX && rootOf.size > 0; round++) {
      this.#further.clear();
      const roots = rootOf;
      const found = await leadTo(
        [...roots.keys()],
        (it, from) => {
          const root = roots.get(from)!;
          const met = roots.has(it) ? "further" : this.#look(it, root);
          if (typeof met === "string") return met;
          if (!this.#context.consent.has(consentTo(met.path))) {
            old.set(root, this.#functions.get(root)!.refuse(met.why, met.path));
          }
          return "leave";
        },
        (it) =>
          typeof it === "function"
            ? this.#namesIn(this.#plain(Function.prototype.toString.call(it)))
            : null,
      );
      isVast ||= found === null;
      rootOf = new Map(this.#further);
    }
    isVast ||= this.#count > WALK_MAX;
    for (const [it, { path, refuse }] of this.#functions) {
      if (!isBound(it as AnyFunction)) continue;
      if (!isVast && !old.has(it)) this.#context.bound.add(it);
      // Of what packages have given the platform, nobody says that it is of the app.
      if (isVast && path !== null) old.set(it, refuse(BOUND));
    }
    if (isVast) {
      this.#appProcess.logger.warn(
        "functions that requests have left behind lead to more than can be looked through: old code that they call there goes on",
      );
    }
    return [...old.values()];
  }

  /** Data are walked through here, a thousand times faster than the inspector tells of them. */
  #look(start: object, root: object): Meeting | OldMet {
    if (!isPlain(start)) return this.#meet(start, root);
    const todo = [start];
    for (let it = todo.pop(); it !== undefined; it = todo.pop()) {
      if (this.#walked.has(it)) continue;
      this.#walked.add(it);
      if (++this.#count > WALK_MAX) return "leave";
      for (const value of membersOf(it)) {
        if (typeof value !== "object" && typeof value !== "function") continue;
        if (value === null) continue;
        if (isPlain(value)) todo.push(value);
        else {
          const met = this.#meet(value, root);
          if (typeof met !== "string") return met;
          // What is around it, the inspector tells.
          if (met === "further") this.#further.set(value, root);
        }
      }
    }
    return "leave";
  }

  #meet(it: object, root: object): Meeting | OldMet {
    if (typeof it === "function") {
      return this.#function(it as AnyFunction, root);
    }
    if (types.isProxy(it)) return "further";
    const prototype: object | null = Object.getPrototypeOf(it);
    const made: unknown = Object.getOwnPropertyDescriptor(
      prototype!,
      "constructor",
    )?.value;
    if (typeof made !== "function") return "leave";
    const text = this.#plain(Function.prototype.toString.call(made));
    const path = this.#makerOf(text, root);
    if (path === null) return "leave";
    // Its instances follow it.
    if (this.#known.has(made)) return "further";
    const name = made.name || "a class without a name";
    return this.#context.has(text)
      ? "further"
      : { why: `it leads to ${name} of the old code`, path };
  }

  #function(it: AnyFunction, root: object): Meeting | OldMet {
    const text = this.#plain(Function.prototype.toString.call(originalOf(it)));
    if (NATIVE.test(text)) return "further";
    const path = this.#makerOf(text, root);
    if (path === null) return "leave";
    // Whoever calls one of a module that was handed on meets the new one.
    const { moved } = this.#appProcess.modules.keeping;
    const named = moved.find(it as never);
    if (named && !moved.isLookedFor(named)) {
      return this.#context.leadsOn(named) ? "leave" : {
        why: `it leads to ${named.name}, which is not in the new code`,
        path,
      };
    }
    const key = `${path} ${text}`;
    const why = this.#verdicts.get(key) ??
      whyOld(text, text, path, this.#context);
    this.#verdicts.set(key, why);
    return why === null
      ? "further"
      : { why: `it leads to ${it.name || "a function"}: ${why}`, path };
  }

  /** The replaced module that has made something; of several with one text, that of the function that leads there. */
  #makerOf(text: string, root: object): string | null {
    const known = this.#makers.get(text);
    const makers = known ??
      (NATIVE.test(text)
        ? []
        : this.#appProcess.modules.makersOf(text, this.#context.replaced));
    if (!known) this.#makers.set(text, makers);
    const { path } = this.#functions.get(root)!;
    return makers.find((it) => it === path) ?? makers[0] ?? null;
  }

  readonly #further = new Map<object, object>();
  readonly #walked = new WeakSet<object>();
  #count = 0;
  readonly #makers = new Map<string, readonly string[]>();

  #plain(text: string): string {
    return this.#appProcess.modules.keeping.plain(text);
  }

  #namesIn(text: string): ReadonlySet<string> {
    const known = this.#names.get(text);
    if (known) return known;
    const names = new Set(usesAround(text).map(({ name }) => name));
    this.#names.set(text, names);
    return names;
  }
}

function isPlain(it: object): boolean {
  return typeof it === "object" && !types.isProxy(it) &&
    PLAIN.has(Object.getPrototypeOf(it));
}

/** What data have in them; getters are left alone: they may do something. */
function* membersOf(it: object): Generator<unknown> {
  if (types.isMap(it)) { for (const entry of it) yield* entry; }
  else if (types.isSet(it)) yield* it;
  for (const key of Reflect.ownKeys(it)) {
    const { value, get, set } = Reflect.getOwnPropertyDescriptor(it, key)!;
    yield value;
    yield get;
    yield set;
  }
}
