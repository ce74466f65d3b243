/** What an upgrade does for kept instances of replaced classes.
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { pause } from "../../base/waiting/pause.ts";
import type { AppProcess } from "../../process/process.ts";
import type { HolderCell } from "../../state/cells/holder_cell.ts";
import type { ClassPairs } from "../../state/classes/class_registry.ts";
import { ClassSwap, type Side } from "../../state/classes/classes.ts";
import type { KeptWalk } from "../../state/walk/kept_walk.ts";
import type { StateDefinition } from "../../state/definition.ts";
import type { Staging } from "../../state/staging.ts";
import { KeptJudge } from "./kept_judge.ts";
import type { KeptVariable } from "./kept_refusal.ts";

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

const SLICE_MS = 4;
const LOOK_EACH = 32;
/** What takes longer is not looked at twice: all is at rest then. */
const AGAIN_MS = 5;

/** The part of an upgrade that concerns classes. */
export class ClassChange {
  readonly #appProcess: AppProcess;
  readonly #staging: Staging;
  readonly #replaced: ReadonlySet<string>;
  readonly #kept: KeptState;
  readonly #judge: KeptJudge;
  #pairs: ClassPairs = { pairs: [], gone: [] };
  #isNeeded = false;
  readonly #gates = new Set<HolderCell["gate"]>();
  #swap: ClassSwap | null = null;
  #isShort = true;

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
    this.#judge = new KeptJudge(
      appProcess,
      staging,
      () =>
        [...kept.variables()].filter(({ entry }) => entry !== null)
          .map((it) => it.value),
    );
  }

  /**
   * Looks for instances while the old code goes on. Throws naming the place of an instance that cannot follow its
   * class.
   */
  async ahead(): Promise<void> {
    if (!this.#isNeeded) return;
    const walk = this.#judge.walk();
    let endsAt = performance.now() + SLICE_MS;
    let pausedMs = 0;
    const look = async () => {
      while (!walk.run(endsAt) || performance.now() >= endsAt) {
        const since = performance.now();
        await pause(0);
        pausedMs += performance.now() - since;
        endsAt = performance.now() + SLICE_MS;
      }
    };
    for (const { name, cell } of this.#kept.roots()) {
      this.watch(cell.gate);
      this.#add(walk, name, cell);
      await look();
      // Its action may change the state at any moment.
      if (!cell.idle) cell.gate.walked?.add(cell);
    }
    const from = performance.now() - pausedMs;
    let count = 0;
    for (const variable of this.#kept.variables()) {
      this.#addVariable(walk, variable);
      // To ask for the time takes longer than to look at most of them.
      if (!walk.run(endsAt) || ++count % LOOK_EACH === 0) await look();
    }
    while (await walk.settled()) await look();
    const tookMs = performance.now() - pausedMs - from;
    this.#isShort = tookMs < AGAIN_MS;
    await this.#judge.behind();
  }

  /**
   * Looks at those whose state has changed meanwhile, while all is at rest. Throws naming the place of an instance that
   * cannot follow its class.
   */
  rest(): void {
    if (!this.#isNeeded) return;
    const walk = this.#judge.walk();
    for (
      const cell of [...this.#gates].flatMap((gate) => [...gate.walked ?? []])
    ) {
      this.#add(walk, this.#kept.nameOf(cell), cell);
    }
    // Nobody suspends variables: what is in them may have changed at any moment.
    for (const variable of this.#kept.variables()) {
      if (variable.entry || this.#isShort) this.#addVariable(walk, variable);
    }
    walk.run();
    this.end();
  }

  /** Stops watching whose state changes. */
  end(): void {
    for (const gate of this.#gates) gate.walked = null;
    this.#gates.clear();
  }

  /** Lets the instances follow, in one turn. */
  swap(side: () => Side): () => void {
    const { classes } = this.#appProcess;
    const undo = [
      classes.adopt(this.#staging.classes, this.#pairs, this.#replaced),
    ];
    const swap = this.#swap;
    if (swap) {
      undo.push(() => swap.undo());
      for (const instance of this.#judge.found) swap.fill(instance);
      swap.enter(side);
    }
    for (const replace of this.#judge.replacements) undo.push(replace());
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
    this.#appProcess.classes.given = this.#swap;
  }

  /** Functions of replaced code that only classes can reach, and where. */
  get hidden(): KeptJudge["hidden"] {
    return this.#judge.hidden;
  }

  /** Tells whether a member of an instance is made of its new text in the swap. */
  isFilled(object: object, key: unknown): boolean {
    return this.#judge.isFilled(object, key);
  }

  /** Finds which classes take the places of which. */
  prepare(): void {
    const { classes } = this.#appProcess;
    this.#pairs = classes.pairWith(this.#staging.classes, this.#replaced);
    const judged = this.#judge.learn(this.#pairs);
    this.#isNeeded = this.#judge.isOfClasses ||
      this.#staging.oldSource !== null || !this.#staging.exported.isEmpty;
    if (!this.#judge.isOfClasses) return;
    this.#swap = new ClassSwap(
      judged.filter(({ verdict }) =>
        !verdict.refusals.some(({ why }) => why.startsWith("has private"))
      ),
    );
  }

  /** Begins to note whose state changes: before any of it is copied, or what is copied again would not be looked at. */
  watch(gate: HolderCell["gate"]): void {
    if (!this.#isNeeded || this.#gates.has(gate)) return;
    gate.walked = new Set();
    this.#gates.add(gate);
  }

  #add(walk: KeptWalk, name: string, cell: HolderCell): void {
    this.#judge.define(name, this.#kept.definitionOf(cell));
    walk.add({ name, value: this.#kept.stateOf(cell) });
  }

  #addVariable(walk: KeptWalk, variable: KeptVariable): void {
    const { name, value, keepFunctions } = variable;
    this.#judge.define(name, { keepFunctions, variable });
    if (typeof value === "symbol") return;
    walk.add({ name, value });
  }
}
