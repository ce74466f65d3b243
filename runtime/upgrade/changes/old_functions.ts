/** Whether functions, and instances that inherit some, would go on with the old code, as far as their texts tell.
 * @module
 */
import { types } from "node:util";
import { originalOf } from "../../modules/live/calls_as_work.ts";
import type {
  AnyClass,
  ClassRegistry,
} from "../../state/classes/class_registry.ts";
import type { Staging } from "../../state/staging.ts";
import { isSelfContained, usesAround } from "../../state/texts/free_names.ts";

/** Tells which functions replaced code has made, and the new code does not have. */
export class OldFunctions {
  readonly #staging: Staging;
  readonly #plain: (text: string) => string;
  readonly #replaced: ReadonlyMap<object, unknown>;
  readonly #classes: ClassRegistry;
  #prototypes: Set<object> | null = null;

  /**
   * @param staging what the new modules declare, and the texts of both
   * @param plain the text of a function as somebody wrote it
   * @param replaced the prototypes of the classes that are replaced
   * @param classes those that modules show
   */
  constructor(
    staging: Staging,
    plain: (text: string) => string,
    replaced: ReadonlyMap<object, unknown>,
    classes: ClassRegistry,
  ) {
    this.#staging = staging;
    this.#plain = plain;
    this.#replaced = replaced;
    this.#classes = classes;
  }

  /** The class of an instance that replaced code has made where nobody finds it, and that the new code does not have as it is. */
  strandedOf(
    prototype: object,
  ): { readonly name: string; readonly why: string } | null {
    const { oldSource, newSource } = this.#staging;
    if (!oldSource) return null;
    for (
      let link: object | null = prototype;
      link !== null && link !== Object.prototype;
      link = Object.getPrototypeOf(link)
    ) {
      // From here on the successor's chain is what counts.
      if (this.#replaced.has(link)) return null;
      if (this.#isOfModule(link)) continue;
      const made: unknown = Object.getOwnPropertyDescriptor(link, "constructor")
        ?.value;
      const isMade = typeof made === "function" && made.prototype === link;
      const text = isMade
        ? this.#plain(
          Function.prototype.toString.call(made),
        )
        : "";
      // Others may have methods of the same texts.
      if (isMade && !oldSource(text)) continue;
      const name = isMade ? made.name : "";
      if (/^class\b/.test(text) && newSource?.(text) !== true) {
        return {
          name: name || "a class without a name",
          why:
            "its class is made inside of a function or an expression, where the new code does not find it, so that it would go on with the old methods",
        };
      }
      const method = this.#methodOf(link);
      if (!method) continue;
      return {
        name: name || "an object",
        why:
          `${method.key} of its prototype goes on with the old code: ${method.why}`,
      };
    }
    return null;
  }

  /** Whether a prototype is that of a class that a module shows, which stays where it is not replaced. */
  #isOfModule(prototype: object): boolean {
    this.#prototypes ??= new Set(
      this.#classes.all().flatMap(({ current, earlier }) =>
        [current, ...earlier].map((it) => it.prototype)
      ),
    );
    return this.#prototypes.has(prototype);
  }

  /** Why a function would go on with the old code; null where it would not. */
  whyOld(value: AnyClass): string | null {
    const { oldSource, newSource } = this.#staging;
    const text = this.#plain(Function.prototype.toString.call(value));
    if (value.name.startsWith("bound ") && !types.isProxy(value)) {
      return this.#isOldName(value.name.replace(/^(?:bound )+/, ""))
        ? "it is bound, and would go on as the old code made it"
        : null;
    }
    if (!oldSource?.(text)) return null;
    if (newSource?.(text) !== true) {
      return "its text is not in the new code, so that it would go on as the old code made it";
    }
    return isSelfContained(text)
      ? null
      : "it may name what is around it in the old code, and would go on with that";
  }

  /** Why a method that instances inherit would go on with the old code; null where it would not. */
  #whyOldMethod(value: AnyClass): string | null {
    const { oldSource, newSource } = this.#staging;
    const text = this.#plain(Function.prototype.toString.call(value));
    if (!oldSource?.(text)) return null;
    if (newSource?.(text) !== true) return "its text is not in the new code";
    const used = usesAround(text).find(({ name }) => name !== "super");
    return used ? `it names ${used.name}, which is around it` : null;
  }

  /** Whether replaced code may have made a function of this name: what is bound does not show its text. */
  #isOldName(name: string): boolean {
    const { oldSource } = this.#staging;
    return [...this.#replaced.keys()].some((it) => Object.hasOwn(it, name)) ||
      [`function ${name}(`, `function* ${name}(`, `${name} = (`].some((text) =>
        oldSource?.(text)
      ) ||
      [`${name} = async`, `${name} = function`].some((text) =>
        oldSource?.(text)
      );
  }

  /** The first method of a prototype that would go on with the old code, and why; null for none. */
  #methodOf(
    prototype: object,
  ): { readonly key: string; readonly why: string } | null {
    for (const [key, it] of methodsOf(prototype)) {
      const why = this.#whyOldMethod(originalOf(it));
      if (why !== null) return { key, why };
    }
    return null;
  }
}

/** The functions that objects with a prototype inherit from it. */
function* methodsOf(
  prototype: object,
): Generator<readonly [key: string, method: AnyClass]> {
  // Others may answer for everything.
  if (types.isProxy(prototype)) return;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === "constructor") continue;
    const { value, get, set } = Reflect.getOwnPropertyDescriptor(
      prototype,
      key,
    )!;
    for (const it of [value, get, set]) {
      if (typeof it === "function") yield [String(key), it];
    }
  }
}
