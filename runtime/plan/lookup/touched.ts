/** What the evaluation of modules touches in other modules, followed through the functions that it calls.
 * @module
 */
import {
  type Effects,
  type Touch,
  touchesOf,
  type ValueKind,
} from "../../protocol/manifest/module_analysis.ts";
import { ClassLookup } from "./class_lookup.ts";
import { ExportFinder, type Found } from "./find_export.ts";
import {
  type Grip,
  judgeTouch,
  pathOf,
} from "../analyze/values/judge_touch.ts";
import { staleOf } from "../analyze/values/derived.ts";
import {
  COLLECTION_READS,
  HARMLESS_METHODS,
} from "../analyze/values/known_calls.ts";
import { ELEMENT } from "../analyze/code/scope.ts";
import { GLOBALS } from "../analyze/evaluation/global_calls.ts";
import { EMITS, LISTENS } from "../analyze/values/event_names.ts";
import { methodOf, type View } from "./views.ts";

/** A module that is touched, by whom and where. */
export interface Contact {
  /** The module whose value is touched. */
  readonly path: string;
  /** The exported name, or the variable. */
  readonly name: string;
  /** How much it matters; `read` if something is made of what it holds, which is told only to who wants to know all. */
  readonly grip: Exclude<Grip, "none"> | "read";
  /** Of `read`: what, for people. */
  readonly detail?: string;
  /** The module that is evaluated. */
  readonly by: string;
  /** The line in it, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
}

interface Step {
  /** The module that the touch is written in. */
  readonly path: string;
  readonly touch: Touch;
  readonly by: string;
  readonly line: number;
  readonly column: number;
}

/** Methods that take a function for requests, which do not come while modules are evaluated. */
const TAKES_REQUESTS =
  /^(?:get|post|put|patch|delete|del|head|options|all|use|route|handle|command|ws)$/;

type Here = Extract<Found, { kind: "here" }>;

/** Follows touches in one state of an app; what was followed once is not followed again. */
export class Touched {
  readonly #view: View;
  readonly #exports: ExportFinder;
  readonly #classes: ClassLookup;
  readonly #isNamed: (path: string, name: string) => boolean;
  readonly #tellsAll: boolean;
  readonly #seen = new Set<Touch>();
  readonly #ran = new Set<Effects>();

  /**
   * @param view the state of the app
   * @param isNamed whether a name of a module is kept or shared: then touching it is the app's affair
   * @param tellsAll whether a function that changes several variables is told of with each of them, and what is made of
   * values that are only read. Default neither
   */
  constructor(
    view: View,
    isNamed: (path: string, name: string) => boolean,
    tellsAll = false,
  ) {
    this.#tellsAll = tellsAll;
    this.#view = view;
    this.#exports = new ExportFinder(view);
    this.#classes = new ClassLookup(view, this.#exports);
    this.#isNamed = isNamed;
  }

  /** Follows what the evaluation of a module touches. */
  follow(by: string, contact: (contact: Contact) => void): void {
    const waiting: Step[] = [];
    const analysis = this.#view.analysis(by);
    for (const touch of touchesOf(analysis, analysis?.top)) {
      const { line, column } = touch;
      waiting.push({ path: by, touch, by, line, column });
    }
    for (let step = waiting.pop(); step; step = waiting.pop()) {
      this.#step(step, waiting, contact);
    }
  }

  #step(step: Step, waiting: Step[], contact: (contact: Contact) => void) {
    const { path, touch } = step;
    const isRead = touch.how === "read" || touch.how === "extend";
    if (isRead && !(this.#tellsAll && touch.derived)) return;
    if (this.#seen.has(touch)) return;
    this.#seen.add(touch);
    if (touch.specifier === GLOBALS) {
      return this.#global(step, waiting, contact);
    }
    const target = this.#view.resolve(path, touch.specifier);
    if (target === null) return;
    const way = pathOf(touch);
    const isAny = touch.name === ELEMENT ||
      touch.name === "*" && way[0] === ELEMENT;
    if (!isAny) {
      const found = this.#exports.find(target, touch.name);
      return this.#touch(step, found, waiting, contact);
    }
    // Which export of a namespace it is, only a run tells.
    const rest = touch.name === ELEMENT ? way : way.slice(1);
    const { member: _, ...named } = touch;
    const inner: Touch = rest.length > 0
      ? { ...named, member: rest.join(".") }
      : named;
    for (const found of this.#exports.all(target)) {
      this.#touch({ ...step, touch: inner }, found, waiting, contact);
    }
  }

  /** What a call of something global touches: what those that set it have given it. */
  #global(step: Step, waiting: Step[], contact: (contact: Contact) => void) {
    const { touch: { name }, by, line, column } = step;
    for (const path of this.#view.setters(name)) {
      if (path === by) continue;
      const { globals = [] } = this.#view.analysis(path) ?? {};
      for (const write of globals) {
        if (write.name.split(".")[0] !== name) continue;
        if (write.calls) this.#run(path, write.calls, step, waiting, contact);
        else contact({ path, name, grip: "write", by, line, column });
      }
    }
  }

  #touch(
    step: Step,
    found: Found,
    waiting: Step[],
    contact: (contact: Contact) => void,
  ): void {
    if (found.kind !== "here") return;
    const { touch, by, line, column } = step;
    const { local = found.name } = found.fact;
    if (
      this.#isNamed(found.path, found.name) || this.#isNamed(found.path, local)
    ) return;
    if (this.#isHarmless(found)) return;
    const way = pathOf(touch);
    if (EMITS.test(methodOf(touch))) {
      this.#runGiven(step, found.path, true, waiting);
    }
    if (isOfHeld(found.fact.kind, way)) {
      this.#runHeld(step, found, way, waiting);
    }
    const detail = this.#tellsAll && touch.derived
      ? staleOf(found.fact, way, touch.derived)
      : null;
    if (detail !== null) {
      const { path, name } = found;
      contact({ path, name, grip: "read", detail, by, line, column });
    }
    const verdict = judgeTouch(found.fact, way, touch.how);
    const run = (path: string, effects: Effects) =>
      this.#run(path, effects, step, waiting, contact);
    for (const effects of verdict.runs) run(found.path, effects);
    const { kind, of } = found.fact;
    if (kind === "unknown" && of?.specifier !== undefined && way.length > 0) {
      // What a function of another module has made: what it does is done there.
      waiting.push({
        path: found.path,
        touch: {
          specifier: of.specifier,
          name: of.name,
          how: touch.how,
          member: ["()", ...way].join("."),
          line,
          column,
        },
        by,
        line,
        column,
      });
    }
    if (verdict.moves) {
      const { from, path, how } = verdict.moves;
      waiting.push({
        path: found.path,
        touch: {
          specifier: from.specifier!,
          name: from.name,
          how,
          ...(path.length > 0 ? { member: path.join(".") } : {}),
          line,
          column,
        },
        by,
        line,
        column,
      });
    }
    let { grip } = verdict;
    if (verdict.uses) {
      const { of, member, callsMade } = verdict.uses;
      const known = this.#classes.find(found.path, of);
      if (known) {
        const effects = this.#classes.effects(known, member);
        for (const it of effects ?? []) {
          run(it.path, it.effects);
          if (callsMade && it.effects.made) run(it.path, it.effects.made);
        }
        // An instance without fields has nothing that its methods could change.
        if (
          found.fact.kind === "instance" && effects !== null &&
          !this.#classes.hasFields(found.path, of)
        ) grip = "none";
      }
    }
    if (grip === "none") return;
    contact({ path: found.path, name: found.name, grip, by, line, column });
  }

  /** Runs the functions that modules have given to what another one exports: those that listen to an event, or all. */
  #runGiven(step: Step, to: string, isEvent: boolean, waiting: Step[]): void {
    const { touch: { event }, by, line, column } = step;
    for (const { path, touch } of this.#view.listeners()) {
      const method = methodOf(touch);
      const isMeant = !isEvent
        ? !TAKES_REQUESTS.test(method)
        : LISTENS.test(method) &&
          (event === undefined || touch.event === undefined ||
            event === touch.event);
      if (!isMeant) continue;
      const target = this.#view.resolve(path, touch.specifier);
      const found = target === null
        ? null
        : this.#exports.find(target, touch.name);
      if (found?.kind !== "here" || found.path !== to) continue;
      const analysis = this.#view.analysis(path);
      for (const inner of touchesOf(analysis, touch.callbacks)) {
        waiting.push({ path, touch: inner, by, line, column });
      }
    }
  }

  /** Runs what an export holds: `for (const plugin of plugins) plugin.init()`. */
  #runHeld(step: Step, found: Here, way: readonly string[], waiting: Step[]) {
    const { by, line, column } = step;
    const { path } = found;
    this.#runGiven(step, path, false, waiting);
    const rest = way.slice(1);
    const member = rest.length > 0 && rest[0] !== "()" ? rest.join(".") : "";
    const { texts = {} } = this.#view.analysis(path) ?? {};
    const uses = Object.hasOwn(texts, found.name)
      ? texts[found.name]!.uses
      : [];
    for (const { specifier, name } of uses ?? []) {
      if (specifier === undefined) continue;
      const touch: Touch = member === ""
        ? { specifier, name, how: "call", line, column }
        : { specifier, name, how: "method", member, line, column };
      waiting.push({ path, touch, by, line, column });
      if (member === "") continue;
      // An instance of it may be there as well.
      const made = { ...touch, member: `new().${member}` };
      waiting.push({ path, touch: made, by, line, column });
    }
  }

  /** Follows what running some code of a module does. */
  #run(
    path: string,
    effects: Effects,
    { path: from, touch, by, line, column }: Step,
    waiting: Step[],
    contact: (contact: Contact) => void,
  ): void {
    if (effects.callsBack) {
      const analysis = this.#view.analysis(from);
      for (const inner of touchesOf(analysis, touch.callbacks)) {
        waiting.push({ path: from, touch: inner, by, line, column });
      }
    }
    if (this.#ran.has(effects)) return;
    this.#ran.add(effects);
    if (effects.held && !EMITS.test(methodOf(touch))) {
      this.#runGiven(
        { path: from, touch, by, line, column },
        path,
        false,
        waiting,
      );
    }
    for (const inner of touchesOf(this.#view.analysis(path), effects)) {
      waiting.push({ path, touch: inner, by, line, column });
    }
    const state = (effects.state ?? []).filter((name) =>
      !this.#isNamed(path, name)
    );
    for (const name of this.#tellsAll ? state : state.slice(0, 1)) {
      contact({ path, name, grip: "write", by, line, column });
    }
    for (const name of this.#tellsAll ? effects.reads ?? [] : []) {
      contact({ path, name, grip: "read", detail: name, by, line, column });
    }
  }

  /** Whether a value was made by a function of another module that only makes what the runtime keeps, or plain values. */
  #isHarmless(found: Here): boolean {
    const { kind, of } = found.fact;
    if (kind !== "unknown" || of?.specifier === undefined) return false;
    const target = this.#view.resolve(found.path, of.specifier);
    if (target === null) return false;
    const maker = this.#exports.find(target, of.name);
    return maker.kind === "here" && maker.fact.returns !== undefined;
  }
}

/** Whether a use calls one of those that a collection holds, or a method of it. */
function isOfHeld(
  kind: ValueKind,
  [first, ...rest]: readonly string[],
): boolean {
  const isElement = first !== undefined &&
    (/^(?:array|map|object|set|frozen)$/.test(kind)) &&
    /^(?:\[\]|\d+|at\(\)|find\(\)|get\(\))$/.test(first);
  const [next] = rest;
  return first === "[]()" ||
    isElement && next !== undefined && next.endsWith("()") &&
      !HARMLESS_METHODS.has(next.slice(0, -2)) &&
      !COLLECTION_READS.has(next.slice(0, -2));
}
