/** What an upgrade does for kept instances of replaced classes.
 * @module
 */
import { performance } from "../../base/globals.ts";
import { pause } from "../../base/pause.ts";
import { originalOf } from "../../modules/calls_as_work.ts";
import { natives } from "../../base/natives.ts";
import { type Refusal, refusalText } from "../../base/refusal.ts";
import { RefusedError, UpgradeError } from "../../base/upgrade_error.ts";
import type { TakenEntry } from "../../plan/rules/keep_rule.ts";
import type { AppProcess } from "../../process/process.ts";
import type {
  AnyClass,
  ClassPairs,
} from "../../state/classes/class_registry.ts";
import { classShape } from "../../state/classes/class_shape.ts";
import { isSelfContained } from "../../state/classes/free_names.ts";
import {
  ClassSwap,
  type FollowedPair,
  type Side,
} from "../../state/classes/classes.ts";
import {
  classRemedy,
  type ClassVerdict,
  judgeClass,
} from "../../state/classes/class_verdict.ts";
import type { StateDefinition } from "../../state/definition.ts";
import type { HolderCell } from "../../state/cells/holder_cell.ts";
import { type KeptPlace, KeptWalk } from "../../state/copy/kept_walk.ts";
import type { Staging } from "../../state/staging.ts";

const KEEP_FUNCTIONS =
  'keep functions out of the state, or declare functions: "keep"';

/** Where kept instances are looked for. */
export interface KeptState {
  /** All holders and members, by their paths. */
  roots(): Iterable<{ readonly name: string; readonly cell: HolderCell }>;
  /** The path of one. */
  nameOf(cell: HolderCell): string;
  /** What will declare a holder afterwards. */
  definitionOf(cell: HolderCell): StateDefinition;
  /** The state that a holder will have afterwards. */
  stateOf(cell: HolderCell): unknown;
  /** Variables: those that are kept by name, and those of modules that stay. */
  variables(): Iterable<KeptVariable>;
}

/** A variable that may hold instances. */
export interface KeptVariable {
  /** As `rooms.ts#rooms`. */
  readonly name: string;
  readonly value: unknown;
  /** How it is named under `keep`; null for one of a module that stays, of which only the instances are concerned. */
  readonly entry: TakenEntry | null;
  /** Where it is declared; 0 where that is not known. */
  readonly line: number;
}

/** What is said of something that holds instances. */
type Terms =
  & Pick<StateDefinition, "classes" | "keepFunctions">
  & Partial<Pick<StateDefinition, "module" | "line">>
  & { readonly variable?: KeptVariable };

interface Judged extends FollowedPair {
  readonly verdict: ClassVerdict;
}

const SLICE_MS = 4;

/** The part of an upgrade that concerns classes. */
export class ClassChange {
  readonly #appProcess: AppProcess;
  readonly #staging: Staging;
  readonly #replaced: ReadonlySet<string>;
  readonly #kept: KeptState;
  readonly #found = new Set<object>();
  readonly #replacements: (() => () => void)[] = [];
  #pairs: ClassPairs = { pairs: [], gone: [] };
  #byPrototype = new Map<object, Judged | string>();
  #byClass = new Map<AnyClass, AnyClass | null>();
  #isNeeded = false;
  readonly #gates = new Set<HolderCell["gate"]>();
  #swap: ClassSwap | null = null;

  /**
   * @param appProcess what runs in this process
   * @param staging what the new modules declare, their classes too
   * @param replaced the modules that are reloaded or gone
   * @param kept where instances are looked for
   */
  constructor(
    appProcess: AppProcess,
    staging: Staging,
    replaced: ReadonlySet<string>,
    kept: KeptState,
  ) {
    this.#appProcess = appProcess;
    this.#staging = staging;
    this.#replaced = replaced;
    this.#kept = kept;
  }

  /**
   * Looks for instances while the old code goes on.
   *
   * @throws {RefusedError} naming the place of an instance that cannot follow its class
   */
  async ahead(): Promise<void> {
    if (!this.#isNeeded) return;
    const walk = this.#newWalk();
    let endsAt = performance.now() + SLICE_MS;
    for (const { name, cell } of this.#kept.roots()) {
      this.#watch(cell);
      this.#add(walk, name, cell);
      while (!walk.run(endsAt) || performance.now() >= endsAt) {
        await pause(0);
        endsAt = performance.now() + SLICE_MS;
      }
      // Its action may change the state at any moment.
      if (!cell.idle) cell.gate.walked?.add(cell);
    }
    for (const variable of this.#kept.variables()) {
      this.#addVariable(walk, variable);
      while (!walk.run(endsAt) || performance.now() >= endsAt) {
        await new Promise((resolve) => natives.setTimeout(resolve, 0));
        endsAt = performance.now() + SLICE_MS;
      }
    }
  }

  /**
   * Looks at those whose state has changed meanwhile, while all is at rest.
   *
   * @throws {RefusedError} naming the place of an instance that cannot follow its class
   */
  rest(): void {
    if (!this.#isNeeded) return;
    const walk = this.#newWalk();
    for (
      const cell of [...this.#gates].flatMap((gate) => [...gate.walked ?? []])
    ) {
      this.#add(walk, this.#kept.nameOf(cell), cell);
    }
    // Nobody suspends variables: what is in them may have changed at any moment.
    for (const variable of this.#kept.variables()) {
      if (variable.entry) this.#addVariable(walk, variable);
    }
    walk.run();
    this.end();
  }

  /** Stops watching whose state changes. */
  end(): void {
    for (const gate of this.#gates) gate.walked = null;
    this.#gates.clear();
  }

  /**
   * Lets the instances follow, in one turn.
   *
   * @param side tells which code a caller is to meet
   * @returns puts everything back
   */
  swap(side: () => Side): () => void {
    const { classes } = this.#appProcess;
    const undo = [
      classes.adopt(this.#staging.classes, this.#pairs, this.#replaced),
    ];
    const swap = this.#swap;
    if (swap) {
      undo.push(() => swap.undo());
      for (const instance of this.#found) swap.fill(instance);
      swap.enter(side);
      for (const replace of this.#replacements) undo.push(replace());
    }
    return () => {
      for (const step of undo.toReversed()) step();
    };
  }

  /** Lets all callers meet the new methods: work that began before has had its time. */
  settle(): void {
    this.#swap?.settle();
  }

  /** Forgets what only an undo needs. */
  finish(): void {
    this.#swap?.finish();
  }

  /** Finds which classes take the places of which. */
  prepare(): void {
    const { classes } = this.#appProcess;
    this.#pairs = classes.pairWith(this.#staging.classes, this.#replaced);
    const judged = this.#pairs.pairs.map((pair): Judged => {
      const verdict = verdictOf(pair.name, pair.current, pair.next);
      return { ...pair, verdict, fill: verdict.fill };
    });
    for (const pair of judged) {
      for (const old of [pair.current, ...pair.earlier]) {
        this.#byPrototype.set(old.prototype, pair);
        this.#byClass.set(old, pair.next);
      }
    }
    for (const { name, current, earlier } of this.#pairs.gone) {
      for (const old of [current, ...earlier]) {
        this.#byPrototype.set(old.prototype, name);
        this.#byClass.set(old, null);
      }
    }
    this.#isNeeded = this.#byPrototype.size > 0 ||
      this.#staging.oldSource !== null;
    if (this.#byPrototype.size === 0) return;
    this.#swap = new ClassSwap(
      judged.filter(({ verdict }) =>
        !verdict.refusals.some(({ why }) => why.startsWith("has private"))
      ),
    );
  }

  #watch({ gate }: HolderCell): void {
    if (this.#gates.has(gate)) return;
    gate.walked = new Set();
    this.#gates.add(gate);
  }

  #newWalk(): KeptWalk {
    return new KeptWalk({
      wantsInstance: (prototype) =>
        this.#classesOf(prototype).length > 0 ||
        this.#strandedOf(prototype) !== null,
      instance: (instance, place) => this.#judge(instance, place()),
      reference: (instance, place) => this.#convert(instance, place),
      function: (value, place, of) => this.#function(value, place, of),
      symbol: (value, place, of) => this.#symbol(value, place, of),
    });
  }

  #add(walk: KeptWalk, name: string, cell: HolderCell): void {
    this.#definitions.set(name, this.#kept.definitionOf(cell));
    walk.add({ name, value: this.#kept.stateOf(cell) });
  }

  #addVariable(walk: KeptWalk, variable: KeptVariable): void {
    const { name, value, entry } = variable;
    this.#definitions.set(name, {
      keepFunctions: entry === null || entry.functions === "keep",
      variable,
    });
    if (typeof value === "symbol") return;
    walk.add({ name, value });
  }

  readonly #definitions = new Map<string, Terms>();

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

  /** The class of an instance that replaced code has made where nobody finds it, and that the new code does not have as it is. */
  #strandedOf(prototype: object): AnyClass | null {
    const { oldSource, newSource } = this.#staging;
    if (!oldSource) return null;
    for (
      let link: object | null = prototype;
      link !== null && link !== Object.prototype;
      link = Object.getPrototypeOf(link)
    ) {
      // From here on the successor's chain is what counts.
      if (this.#byPrototype.has(link)) return null;
      const made: unknown = Object.getOwnPropertyDescriptor(link, "constructor")
        ?.value;
      if (typeof made !== "function" || made.prototype !== link) continue;
      const text = this.#appProcess.modules.keeping.plain(
        Function.prototype.toString.call(made),
      );
      if (!/^class\b/.test(text) || !oldSource(text)) continue;
      if (newSource?.(text) !== true) return made as AnyClass;
    }
    return null;
  }

  #judge(instance: object, place: KeptPlace): void {
    const classes = this.#classesOf(Object.getPrototypeOf(instance));
    if (this.#conversion(classes, place)) return;
    const stranded = this.#strandedOf(Object.getPrototypeOf(instance));
    if (stranded) {
      const name = stranded.name || "a class without a name";
      throw this.#refusal(
        place,
        name,
        "its class is made inside of a function or an expression, where the new code does not find it, so that it would go on with the old methods",
        "declare it at the top level of its module",
        name,
      );
    }
    for (const judged of classes) {
      if (typeof judged === "string") {
        throw this.#refusal(
          place,
          judged,
          `${judged} is not in the new code`,
          classRemedy(judged),
          judged,
        );
      }
      const [first] = judged.verdict.refusals;
      if (first) {
        throw this.#refusal(
          place,
          judged.name,
          `${first.subject} ${first.why}`,
          classRemedy(judged.name),
          judged.name,
        );
      }
    }
    this.#found.add(instance);
  }

  #isKept(value: symbol): boolean {
    this.#symbols ??= new Set(
      [...this.#kept.variables()].filter(({ entry }) => entry !== null)
        .map((it) => it.value),
    );
    return this.#symbols.has(value);
  }

  #symbols: Set<unknown> | null = null;

  readonly #converted = new Map<object, unknown>();

  #convert(instance: object, place: () => KeptPlace): void {
    const classes = this.#classesOf(Object.getPrototypeOf(instance));
    const at = place();
    const convert = this.#conversion(classes, at);
    if (!convert) return;
    this.#replacements.push(() => {
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
    const next = this.#byClass.get(value);
    const { variable } = this.#definitions.get(place().root.name) ?? {};
    if (variable?.entry === null) return;
    if (next) {
      const at = place();
      if (at.path === at.root.name) {
        throw this.#refusal(
          at,
          value.name,
          "it is a class, and the new code has another one",
          KEEP_FUNCTIONS,
        );
      }
      this.#replacements.push(() => at.replace(next));
      return;
    }
    if (next === null) {
      const at = place();
      throw this.#refusal(
        at,
        value.name,
        `it is the class ${value.name}, which is not in the new code`,
        KEEP_FUNCTIONS,
      );
    }
    // Made of its new text on every instance.
    if (of && this.isFilled(of.object, of.key)) return;
    const { oldSource, newSource } = this.#staging;
    const text = this.#appProcess.modules.keeping.plain(
      Function.prototype.toString.call(originalOf(value)),
    );
    if (!oldSource?.(text)) return;
    const isThere = newSource?.(text) === true;
    if (isThere && isSelfContained(text)) return;
    const at = place();
    if (this.#definitions.get(at.root.name)?.keepFunctions) return;
    throw this.#refusal(
      at,
      value.name || "a function",
      isThere
        ? "it may name what is around it in the old code, and would go on with that"
        : "its text is not in the new code, so that it would go on as the old code made it",
      KEEP_FUNCTIONS,
    );
  }

  /**
   * Tells whether a member of an instance is made of its new text in the swap.
   *
   * @param object the instance
   * @param key the member
   * @returns whether it is
   */
  isFilled(object: object, key: unknown): boolean {
    return this.#classesOf(Object.getPrototypeOf(object)).some((judged) =>
      typeof judged !== "string" &&
      judged.fill.some(({ name }) => name === key)
    );
  }

  /** What only this machine can know, said as the plan says the rest. */
  #refusal(
    place: KeptPlace,
    what: string,
    why: string,
    remedy: string,
    ofClass: string | null = null,
  ): Error {
    const { path, root } = place;
    const { variable, module, line } = this.#definitions.get(root.name) ?? {};
    if (variable) return variableRefusal(variable, place, what, why, ofClass);
    return new RefusedError(
      {
        rule: "state",
        path: module ?? root.name,
        line: line ?? 0,
        column: 0,
        subject: `${path} (${what})`,
        why,
        remedy,
      },
      `Cannot keep ${path} (${what}): ${why}; ${remedy}`,
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
    throw this.#refusal(
      at,
      String(value),
      "the new code makes another symbol, and would not find it",
      "use Symbol.for(), or raise the version and migrate",
    );
  }
}

function variableRefusal(
  { name, entry, line }: KeptVariable,
  place: KeptPlace,
  what: string,
  why: string,
  ofClass: string | null,
): UpgradeError {
  const hash = name.indexOf("#");
  const isClass = ofClass !== null;
  const refusal: Refusal = {
    rule: "keep",
    path: name.slice(0, hash),
    line,
    column: 0,
    subject: place.path.slice(hash + 1),
    why: `holds ${what}: ${why}`,
    remedy: entry === null
      ? `let ${ofClass} construct its instances as before`
      : isClass
      ? `let ${ofClass} construct its instances as before, or name it under "startsAnew": ["${name}"]`
      : `keep functions out of it, or add to "flyhot" in deno.json: "keep": [{ "at": "${name}", "functions": "keep" }], or "startsAnew": ["${name}"] to lose it`,
  };
  return new UpgradeError("migrate", `Cannot keep ${refusalText(refusal)}`, {
    refusals: [refusal],
  });
}

function verdictOf(
  name: string,
  old: AnyClass,
  next: AnyClass,
): ClassVerdict {
  const [before, after] = [classShape(old), classShape(next)];
  return before && after
    ? judgeClass(name, before, after)
    : { refusals: [], fill: [] };
}
