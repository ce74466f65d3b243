/** Classes by name across modules: what their methods do, and whether instances have fields.
 * @module
 */
import type {
  ClassFact,
  Effects,
  NameRef,
} from "../../protocol/manifest/module_analysis.ts";
import type { Manifest } from "../../protocol/manifest/manifest.ts";
import { ELEMENT } from "../analyze/code/scope.ts";
import { ExportFinder } from "./find_export.ts";
import { releaseView, type View } from "./views.ts";

/** A class and the module that declares it. */
export interface KnownClass {
  /** The path of the module. */
  readonly path: string;
  /** What is known of the class. */
  readonly fact: ClassFact;
}

const HOLDING_CLASSES =
  /^(?:Map|Set|WeakMap|WeakSet|Array|\w+Array|EventTarget|EventEmitter|Date|URLSearchParams|Headers)$/;
const EMITTERS =
  /^(?:npm:\/?)?(?:mitt|nanoevents|emittery|eventemitter[23])(?:@|\/|$)/;
const ABOVE_MAX = 32;

/** Looks classes up in one state of an app. */
export class ClassLookup {
  readonly #view: View;
  readonly #exports: ExportFinder;

  /**
   * @param view the state of the app
   * @param exports finds exported names in it
   */
  constructor(view: View, exports: ExportFinder) {
    this.#view = view;
    this.#exports = exports;
  }

  /** Finds a class. Returns the class; null for one from outside, or for what is not a class. */
  find(path: string, of: NameRef): KnownClass | null {
    if (of.global) return null;
    if (of.specifier === undefined) return this.#declared(path, of.name);
    const target = this.#view.resolve(path, of.specifier);
    if (target === null) return null;
    const found = this.#exports.find(target, of.name);
    return found.kind === "here" && found.fact.kind === "class"
      ? this.#declared(found.path, found.fact.class ?? found.name)
      : null;
  }

  #declared(path: string, name: string): KnownClass | null {
    const fact = this.#view.analysis(path)?.classes?.find((it) =>
      it.name === name
    );
    return fact ? { path, fact } : null;
  }

  /** The class, and all it extends in the app. */
  *#line(known: KnownClass): Generator<KnownClass> {
    let at: KnownClass | null = known;
    for (let count = 0; at && count < ABOVE_MAX; count++) {
      yield at;
      at = at.fact.extends ? this.find(at.path, at.fact.extends) : null;
    }
  }

  /**
   * Finds the module whose code a member of instances is. Returns the module that declares the method, or the field
   * with a function; null if it is neither.
   */
  functionOwner(known: KnownClass, member: string): string | null {
    for (const { path, fact } of this.#line(known)) {
      if (Object.hasOwn(fact.methods ?? {}, member)) return path;
      const field = fact.fields?.find(({ name }) => name === member);
      if (field) {
        return /=>|^(?:async )?function\b/.test(field.text) ? path : null;
      }
    }
    return null;
  }

  /**
   * What using a class runs. Returns the effects, each with the module that it is written in; null for a method that is
   * not there.
   */
  effects(
    known: KnownClass,
    member: string,
  ): { readonly path: string; readonly effects: Effects }[] | null {
    const found: { path: string; effects: Effects }[] = [];
    const isMade = /^(?:new$|\*$|set )/.test(member);
    // Which one a computed member is, only a run tells.
    const isAny = member === "*" || member.endsWith(ELEMENT);
    const isStatic = member.startsWith("static ");
    const isMeant = (name: string) =>
      name === member || isAny && name.startsWith("static ") === isStatic;
    let isThere = isMade;
    for (const { path, fact } of this.#line(known)) {
      const add = (effects: Effects | undefined) => {
        if (effects) found.push({ path, effects });
      };
      if (isMade) add(fact.construct);
      for (const [name, method] of Object.entries(fact.methods ?? {})) {
        if (!isMeant(name)) continue;
        isThere = true;
        add(method.effects);
      }
      const all = [
        ...(fact.fields ?? []).map((it) => [it.name, it] as const),
        ...(fact.statics ?? []).map((it) => [`static ${it.name}`, it] as const),
      ];
      for (const [name, { effects }] of all) {
        if (!effects || !isMeant(name)) continue;
        isThere = true;
        add(effects);
      }
      if (isThere && !isMade && !isAny) break;
    }
    return isThere ? found : null;
  }

  /**
   * Whether instances of a class have fields of their own. Returns true if so, or if it cannot be told of a class of
   * the app; false for classes from outside.
   */
  hasFields(path: string, of: NameRef): boolean {
    if (of.global) return false;
    const known = this.find(path, of);
    if (!known) {
      return of.specifier === undefined ||
        this.#view.resolve(path, of.specifier) !== null;
    }
    for (const { fact } of this.#line(known)) {
      if ((fact.fields?.length ?? 0) + (fact.assigned?.length ?? 0) > 0) {
        return true;
      }
      // The fields of an expression, such as a mixin, are not known.
      if (fact.extends?.name === "") return true;
      if (fact.extends?.global && HOLDING_CLASSES.test(fact.extends.name)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether what a class or function makes can be listened to. Returns true for targets of events and what extends
   * them.
   */
  hasListeners(path: string, of: NameRef): boolean {
    const known = this.find(path, of);
    return known
      ? [...this.#line(known)].some(({ fact }) => isEmitter(fact.extends))
      : isEmitter(of);
  }
}

function isEmitter(of: NameRef | undefined): boolean {
  return of !== undefined &&
    (of.global
      ? of.name === "EventTarget"
      : EMITTERS.test(of.specifier ?? "") ||
        /^(?:node:|npm:|jsr:|https?:|@?[\w-]+(?:\/|$))/.test(
            of.specifier ?? "",
          ) && /EventEmitter|EventTarget/.test(of.name));
}

/**
 * Finds the class that a name in a module of a release stands for.
 *
 * @param manifest the release
 * @param path the module
 * @param of the name there
 * @returns the class and its module; null for one from outside, or for what is not a class
 */
export function classIn(
  manifest: Manifest,
  path: string,
  of: NameRef,
): KnownClass | null {
  const view = releaseView(manifest);
  return new ClassLookup(view, new ExportFinder(view)).find(path, of);
}
