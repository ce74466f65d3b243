/** Which state would be lost with the modules that are replaced, and whether it has a name.
 * @module
 */
import { type Steps, Turns } from "../../base/in_slices.ts";
import { ClassLookup } from "../lookup/class_lookup.ts";
import { ExportFinder } from "../lookup/find_export.ts";
import { pathOf } from "../analyze/values/judge_touch.ts";
import { changeOf, isListening } from "../analyze/values/mutation.ts";
import type {
  NameRef,
  StateBinding,
} from "../../protocol/manifest/module_analysis.ts";
import { declarationLine } from "../lookup/declaration_line.ts";
import { GivenChanges, heldBy } from "../lookup/given_changes.ts";
import type { View } from "../lookup/views.ts";

/** A variable whose value would be lost. */
export interface LostState {
  /** The module. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The variable; `Class.field` for a static field. */
  readonly name: string;
  readonly why: StateBinding["why"];
  /** For people. */
  readonly detail: string;
  /** Of what is made in an expression: the variable whose initializer it stands in. */
  readonly inside?: string;
}

const CHANGEABLE = /^(?:map|set|array|object|instance|unknown)$/;

/**
 * Finds the state of modules: what they themselves change after their evaluation, and what others change of theirs.
 * Returns the state, by module in the order given.
 */
export function* stateIn(
  paths: Iterable<string>,
  loaded: Iterable<string>,
  view: View,
  made: ReadonlyMap<string, readonly string[]> = new Map(),
): Steps<LostState[]> {
  const exports = new ExportFinder(view);
  const classes = new ClassLookup(view, exports);
  /** Whether a variable is state by what made it: instances by their fields, what the runtime made never. */
  function isState(
    path: string,
    why: StateBinding["why"],
    of: readonly NameRef[],
    detail: string,
  ): boolean {
    // An object of the app may have a `next()` of its own, whose state has a name of its own.
    const isIterated = detail.startsWith("next()");
    const isHeard = isListening([detail.split(" ")[0]!]);
    return of.some((it) => {
      if (isHeard) return classes.hasListeners(path, it);
      if (classes.find(path, it)) return classes.hasFields(path, it);
      const target = it.specifier === undefined
        ? null
        : view.resolve(path, it.specifier);
      const maker = target === null ? null : exports.find(target, it.name);
      if (maker?.kind === "here" && maker.fact.kind === "function") {
        return isIterated
          ? maker.fact.generator === true
          : maker.fact.returns !== "runtime";
      }
      return why === "instance" ? classes.hasFields(path, it) : true;
    });
  }
  const byModule = new Map<string, Map<string, LostState>>();
  for (const path of paths) byModule.set(path, new Map());
  const add = (state: LostState) => {
    const known = byModule.get(state.path);
    if (known && !known.has(state.name)) known.set(state.name, state);
  };
  const turns = new Turns();
  for (const path of byModule.keys()) {
    if (turns.due) yield;
    const analysis = view.analysis(path);
    for (const binding of analysis?.bindings ?? []) {
      const { of, ...state } = binding;
      if (of && !isState(path, binding.why, of, binding.detail)) continue;
      // Who says what to do with it when the module goes has named it.
      if (binding.why === "handle" && analysis?.hot?.includes("dispose")) {
        continue;
      }
      add({ path, ...state });
    }
  }
  for (const by of loaded) {
    if (turns.due) yield;
    for (const touch of view.analysis(by)?.later ?? []) {
      const target = view.resolve(by, touch.specifier);
      if (target === null) continue;
      const found = exports.find(target, touch.name);
      if (found.kind !== "here" || !byModule.has(found.path)) continue;
      const { fact } = found;
      const [first] = pathOf(touch);
      const path = pathOf(touch);
      const change = changeOf(
        fact.kind === "function" ? { kind: "map" } : fact,
        path,
        touch.how === "write",
      );
      if (change === null) continue;
      const detail = `${change} in ${by}:${touch.line}`;
      if (fact.kind === "function" && first === "()") {
        // What a function hands out is changed by whoever gets it.
        for (const name of fact.effects?.state ?? []) {
          add({
            path: found.path,
            line: declarationLine(view.analysis(found.path), name),
            column: 0,
            name,
            why: "mutated",
            detail,
          });
        }
      } else if (
        // A field of a function is as much state as any.
        fact.kind === "function" && first && !first.endsWith("()") ||
        CHANGEABLE.test(fact.kind) &&
          (fact.of === undefined || fact.of.global ||
            isState(found.path, "mutated", [fact.of], detail))
      ) {
        add({
          path: found.path,
          line: fact.line ?? declarationLine(
            view.analysis(found.path),
            fact.local ?? found.name,
          ),
          column: fact.column ?? 0,
          name: fact.local ?? found.name,
          why: "mutated",
          detail,
        });
      } else if (fact.kind === "class" && first && !first.endsWith("()")) {
        const name = `${fact.class ?? found.name}.${first}`;
        add({
          path: found.path,
          line: declarationLine(view.analysis(found.path), name),
          column: 0,
          name,
          why: "mutated",
          detail,
        });
      }
    }
  }
  const givenChanges = new GivenChanges(view, exports, classes);
  for (const by of loaded) {
    if (turns.due) yield;
    for (const value of view.analysis(by)?.given ?? []) {
      // Most modules stay, and what they have with them.
      if (value.specifier === undefined && !byModule.has(by)) continue;
      const held = heldBy(by, value, view, exports);
      if (!held || !byModule.has(held.path)) continue;
      const { fact, ...place } = held;
      if (!CHANGEABLE.test(fact.kind)) continue;
      for (const change of givenChanges.of(by, value.to)) {
        if (!value.later && !change.later) continue;
        const path = [...value.path ?? [], ...change.path];
        const what = changeOf(fact, path, change.isWrite);
        if (what === null) continue;
        const detail = `${what} in ${change.in}`;
        const isMeant = fact.of === undefined || fact.of.global ||
          isState(held.path, "mutated", [fact.of], detail);
        if (isMeant) add({ ...place, why: "mutated", detail });
      }
    }
  }
  const replaced = new Set(byModule.keys());
  for (const [key, makers] of made) {
    const path = key.slice(0, key.indexOf("#"));
    // Who is evaluated again calls the function again, whose module may stay.
    if (!replaced.has(path) && !makers.some((by) => replaced.has(by))) continue;
    yield;
    const fact = view.analysis(path)?.kept?.find((it) =>
      it.name === key.slice(path.length + 1)
    );
    if (!fact?.state) continue;
    const { name, line, column, inside, state: { why, detail, of } } = fact;
    if (of && !isState(path, why, of, detail)) continue;
    if (!byModule.has(path)) byModule.set(path, new Map());
    const within = inside === undefined ? {} : { inside };
    add({ path, name, line, column, why, detail, ...within });
  }
  return [...byModule.values()].flatMap((states) => [...states.values()]);
}
