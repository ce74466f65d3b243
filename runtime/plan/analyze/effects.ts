/** What running some code of a module does: to what it imports, and to the state of the module.
 * @module
 */
import type {
  Effects,
  Touch,
} from "../../protocol/manifest/module_analysis.ts";
import { derivedAt, staleOf } from "./values/derived.ts";
import { judgeTouch } from "./values/judge_touch.ts";
import { calleeName, callsItsArguments, type Use, useOf } from "./code/uses.ts";
import { COLLECTION_READS, isExternal } from "./values/known_calls.ts";
import { many, type Node, one, unwrap } from "./code/nodes.ts";
import { placeOf } from "./code/places.ts";
import { globalCallsOf, GLOBALS } from "./evaluation/global_calls.ts";
import { eventIn } from "./values/event_names.ts";
import { HeldCalls } from "./code/functions/held_calls.ts";
import { nameless } from "./code/functions/nameless.ts";
import { givenBack } from "./code/functions/given_back.ts";
import type { Root } from "./code/root.ts";
import type { Roots } from "./code/roots.ts";
import type { Runs } from "./code/runs.ts";
import type { Binding } from "./code/bindings.ts";
import { ELEMENT, type Resolved } from "./code/scope.ts";
import { type Unit, unitAround, type Units } from "./code/units.ts";
import type { ValueFacts } from "./values/value_facts.ts";

const MEMBER_MAX = 120;
/** What is known of a module, for those who look at its code. */
export interface Code {
  readonly resolved: Resolved;
  readonly roots: Roots;
  readonly runs: Runs;
  readonly values: ValueFacts;
}

/** What one piece of code does by itself, without what it calls. */
interface Direct {
  /** Places in the table of touches. */
  readonly touches: number[];
  readonly state: Set<string>;
  readonly reads: Set<string>;
}

/** A touch while its table is made. */
interface Entry {
  readonly touch: Touch;
  /** What is passed along with it: code of this module. */
  readonly given: Set<Unit>;
  /** Touches that whoever gets an imported function may cause. */
  readonly imported: number[];
}

/** The effects of all code of a module; each use of an import is told once. */
export class EffectTable {
  readonly #code: Code;
  readonly #held: HeldCalls;
  readonly #entries: Entry[] = [];
  readonly #direct = new Map<Unit, Direct>();
  /** What is imported by code that runs. */
  readonly #imports = new Map<Unit, Node[]>();

  /**
   * @param code the module
   * @param units its code
   */
  constructor(code: Code, units: Units) {
    this.#code = code;
    this.#held = new HeldCalls(code.resolved, code.roots);
    for (const node of code.resolved.importCalls) {
      const unit = unitAround(node, code.resolved, units);
      const known = this.#imports.get(unit);
      if (known) known.push(node);
      else this.#imports.set(unit, [node]);
    }
    const globals = globalCallsOf(code.resolved, units);
    for (const unit of units.all) {
      const direct = this.#look(unit);
      for (const { name, path, node } of globals.get(unit) ?? []) {
        const member = path.join(".").slice(0, MEMBER_MAX);
        const how = "call" as const;
        const call = { specifier: GLOBALS, name, how, member };
        this.#place({ ...call, ...placeOf(node) }, new Map(), direct);
      }
      this.#direct.set(unit, direct);
    }
  }

  /** Every use of an import, with what is passed along. */
  get touches(): Touch[] {
    return this.#entries.map(({ touch, given, imported }) => {
      if (given.size + imported.length === 0) return touch;
      const inner = this.of(this.#code.runs.closure(given));
      const touches = [...inner.touches ?? [], ...imported];
      return touches.length === 0
        ? touch
        : { ...touch, callbacks: { touches } };
    });
  }

  /** What running some code does. Returns the effects; empty for none. */
  of(
    units: Iterable<Unit>,
    options: { readonly reads?: boolean } = {},
  ): Effects {
    const touches = new Set<number>();
    const state = new Set<string>(), reads = new Set<string>();
    let held = false;
    for (const unit of units) {
      const direct = this.#direct.get(unit);
      for (const at of direct?.touches ?? []) {
        const { how, derived } = this.#entries[at]!.touch;
        if (options.reads || derived || how !== "read" && how !== "extend") {
          touches.add(at);
        }
      }
      for (const name of direct?.reads ?? []) reads.add(name);
      for (const name of direct?.state ?? []) state.add(name);
      held ||= this.#held.isIn(unit);
    }
    const list = [...touches].sort((a, b) => {
      const one = this.#entries[a]!.touch, other = this.#entries[b]!.touch;
      return one.line - other.line || one.column - other.column || a - b;
    });
    return {
      ...(list.length > 0 ? { touches: list } : {}),
      ...(state.size > 0 ? { state: [...state].sort() } : {}),
      ...(reads.size > 0 && !options.reads ? { reads: [...reads].sort() } : {}),
      ...(held ? { held } : {}),
    };
  }

  /** What calling functions does, and what those in their results would do. Returns the effects; empty for none. */
  ofCalls(called: Iterable<Unit>): Effects {
    const { runs, resolved } = this.#code;
    const own = runs.closure(called);
    // Whoever is given functions when it is called back calls them.
    const back = [...own].flatMap((unit) => runs.handsBack(unit));
    const run = back.length === 0 ? own : runs.closure([...own, ...back]);
    const effects = this.of(run);
    const all = new Set(run);
    for (let more = run; more.size > 0;) {
      more = runs.closure(givenBack(more, runs, resolved)).difference(all);
      for (const unit of more) all.add(unit);
    }
    if (all.size === run.size) return effects;
    const made = beyond(this.of(all), effects);
    return Object.keys(made).length === 0 ? effects : { ...effects, made };
  }

  /** What calling a value does, or functions in it; null where nobody knows what it is. */
  ofValue(value: Node): Effects | null {
    const found = this.#functionsIn(value);
    return found && this.ofCalls(found);
  }

  #functionsIn(value: Node): Unit[] | null {
    const at = unwrap(value);
    if (at.type === "Literal") return [];
    if (at.type !== "ObjectExpression") {
      const found = this.#code.runs.callees(at);
      return found.length > 0 ? found : null;
    }
    const found: Unit[] = [];
    for (const item of many(at, "properties")) {
      const member = one(item, "value");
      const inner = member && this.#functionsIn(member);
      if (!inner) return null;
      found.push(...inner);
    }
    return found;
  }

  #look(unit: Unit): Direct {
    const code = this.#code;
    const known = new Map<string, number>();
    const direct: Direct = {
      touches: [],
      state: new Set(),
      reads: new Set(),
    };
    for (const reference of unit.references) {
      const binding = code.resolved.bindings.get(reference)!;
      if (binding.node === reference || !mayMatter(binding)) continue;
      const own = useOf(reference, code.resolved);
      const called = calledWith(own, code);
      // Most lead nowhere, whatever is done with them.
      if (called === null && code.roots.ofUse(reference, own).length === 0) {
        continue;
      }
      const use = called ?? inContext(own, code);
      const isAssigned = code.resolved.targets.has(reference);
      for (const root of code.roots.ofUse(reference, use)) {
        // Assigning to an alias does nothing to what it stood for.
        if (isAssigned && root.binding !== binding) continue;
        if (root.specifier === null) {
          if (gripsState(root, use, code)) direct.state.add(root.name);
          if (readsState(root, use, code)) {
            direct.reads.add(root.name);
          }
          continue;
        }
        // An alias is read where it is made; what is done to it counts here.
        if (use.how === "read" && !binding.imported) continue;
        if (isExternal(root.specifier)) continue;
        const touch = touchOf(root, use, reference);
        const derived = derivedAt(use, root.path, code.resolved);
        this.#add(
          derived.length > 0 ? { ...touch, derived } : touch,
          use,
          known,
          direct,
        );
      }
    }
    // Without a name that stands for it: `(await import("./a.ts")).run()`, `this.inherited()`.
    for (
      const node of [
        ...this.#imports.get(unit) ?? [],
        ...unit.selves,
        ...unit.calls.flatMap(nameless),
      ]
    ) {
      const use = useOf(node, code.resolved);
      if (use.how === "read" || use.path.length === 0) continue;
      for (const root of code.roots.ofUse(node, use)) {
        if (root.specifier === null) {
          if (gripsState(root, use, code)) direct.state.add(root.name);
        } else if (!isExternal(root.specifier)) {
          this.#add(touchOf(root, use, node), use, known, direct);
        }
      }
    }
    for (const value of unit.disposed) {
      const path = [`${ELEMENT}()`];
      const own = useOf(value, code.resolved);
      const use: Use = { ...own, how: "call", path, call: null };
      for (const root of code.roots.of(value, path)) {
        if (root.specifier === null || isExternal(root.specifier)) continue;
        this.#add(touchOf(root, use, value), use, known, direct);
      }
    }
    return direct;
  }

  #add(
    touch: Touch,
    use: Use,
    known: Map<string, number>,
    direct: Direct,
  ): void {
    const at = this.#place(touch, known, direct);
    const entry = this.#entries[at]!;
    for (const argument of use.call ? many(use.call, "arguments") : []) {
      for (const unit of this.#code.runs.functionsIn(argument)) {
        entry.given.add(unit);
      }
      if (unwrap(argument).type !== "Identifier") continue;
      // Whoever gets an imported function may call it.
      for (const root of this.#code.roots.of(argument, ["()"])) {
        if (root.specifier === null || isExternal(root.specifier)) continue;
        const call = { ...touchOf(root, use, argument), how: "call" as const };
        entry.imported.push(this.#place(call, known, null));
      }
    }
  }

  #place(
    touch: Touch,
    known: Map<string, number>,
    direct: Direct | null,
  ): number {
    const { specifier, name, how, member, derived, event } = touch;
    const all = [direct === null, specifier, name, how, member, derived, event];
    const key = all.join("\n");
    let at = known.get(key);
    if (at === undefined) {
      at = this.#entries.length;
      known.set(key, at);
      this.#entries.push({ touch, given: new Set(), imported: [] });
      direct?.touches.push(at);
    }
    return at;
  }
}

function beyond(all: Effects, known: Effects): Effects {
  const touches = all.touches?.filter((it) => !known.touches?.includes(it));
  const state = all.state?.filter((it) => !known.state?.includes(it));
  const reads = all.reads?.filter((it) => !known.reads?.includes(it));
  return {
    ...(touches?.length ? { touches } : {}),
    ...(state?.length ? { state } : {}),
    ...(reads?.length ? { reads } : {}),
    ...(all.held && !known.held ? { held: true } : {}),
  };
}

function mayMatter(binding: Binding): boolean {
  return binding.imported !== undefined || binding.top ||
    binding.from !== null || binding.parameter !== undefined ||
    binding.assigned.length > 0;
}

/** What is handed to what calls its arguments: `names.forEach(register)` calls it; an object handed to `then` and its like is only read. Returns null for all else. */
function calledWith(use: Use, code: Code): Use | null {
  if (use.how !== "pass" || !use.given) return null;
  const { call, index } = use.given;
  if (!callsItsArguments(call, code.resolved)) return null;
  const constructs = calleeName(call, code.resolved) === "Reflect.construct";
  if (constructs && index === 0 && use.path.length === 0) {
    return { ...use, how: "construct", path: ["new()"] };
  }
  return use.path.length === 0 ? { ...use, how: "call", path: ["()"] } : use;
}

/** What is handed to code of this module is looked at there; what a collection of this module stores stays here. */
function inContext(use: Use, code: Code): Use {
  if (use.how !== "pass" || !use.given) return use;
  const { call } = use.given;
  const callee = one(call, "callee");
  if (!callee) return use;
  if (call.type === "CallExpression") {
    const called = code.runs.callees(callee);
    if (called.length > 0 && called.every((it) => it.class === null)) {
      return { ...use, how: "read" };
    }
  }
  const inner = unwrap(callee);
  if (inner.type !== "MemberExpression") return use;
  const holders = code.roots.of(one(inner, "object")!);
  const isOwn = holders.length > 0 &&
    holders.every((it) =>
      it.binding !== null && it.specifier === null && it.path.length === 0 &&
      /^(?:map|set|array)$/.test(code.values.ofBinding(it.binding).kind)
    );
  return isOwn ? { ...use, how: "read" } : use;
}

function gripsState(
  root: Root,
  use: Use,
  code: Code,
): boolean {
  const fact = code.values.ofBinding(root.binding!);
  if (fact.kind === "primitive") return false;
  if (fact.kind === "re-export") return false;
  const how = use.how === "return" ? "pass" : use.how;
  // A `let` that holds objects is state as a whole: assigning to it as well.
  return judgeTouch(fact, root.path, how).grip !== "none";
}

/** Whether something is made of what a variable of the module holds, which code that runs later may change. */
function readsState(
  root: Root,
  use: Use,
  { resolved, values }: Code,
): boolean {
  const binding = root.binding!;
  const fact = values.ofBinding(binding);
  const derived = derivedAt(use, root.path, resolved);
  if (staleOf(fact, root.path, derived) === null) return false;
  return fact.kind !== "primitive" ||
    binding.references.some((it) => resolved.targets.has(it));
}

function touchOf(root: Root, use: Use, reference: Node): Touch {
  const member = root.path.join(".").slice(0, MEMBER_MAX);
  return {
    specifier: root.specifier!,
    name: root.name,
    how: endOf(use, root.path),
    ...(member === "" ? {} : { member }),
    ...eventIn(root.path, use.call),
    ...placeOf(reference),
  };
}

/** How the use ends, in the words of a touch. */
function endOf(use: Use, path: readonly string[]): Touch["how"] {
  const last = path.at(-1) ?? "";
  const isGiven = use.how === "pass" || use.how === "return";
  // The result of a call belongs to whoever made it; only what a collection holds is still its own.
  const isCall = use.how === "call" || use.how === "construct" ||
    isGiven && last.endsWith("()") && last !== "new()" &&
      !COLLECTION_READS.has(last.slice(0, -2));
  if (isCall) {
    return path.length === 1 && last === "new()"
      ? "construct"
      : path.every((step) => step === "()")
      ? "call"
      : "method";
  }
  return use.how === "return" ? "pass" : use.how as Touch["how"];
}
