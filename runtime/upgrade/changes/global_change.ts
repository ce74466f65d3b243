/** What new modules set outside of all modules while they are evaluated, and how it was before.
 * @module
 */

interface Before {
  readonly object: object;
  readonly key: string;
  readonly descriptor: PropertyDescriptor | undefined;
}

const ENVIRONMENT = /^Deno\.env\.(.+)$/;

/** How globals were before an attempt. */
export class GlobalChange {
  readonly #before: readonly Before[];
  readonly #variables: ReadonlyMap<string, string | undefined>;

  /**
   * @param names what the modules will set, as an analysis names it
   */
  constructor(names: readonly string[]) {
    this.#before = names.filter((name) => !ENVIRONMENT.test(name)).flatMap(
      (name) => beforeOf(name),
    );
    this.#variables = new Map(
      names.flatMap((name) => {
        const [, key] = ENVIRONMENT.exec(name) ?? [];
        return key === undefined || key === "[]"
          ? []
          : [[key, Deno.env.get(key)]];
      }),
    );
  }

  /** Puts all back. */
  undo(): void {
    for (const { object, key, descriptor } of this.#before) {
      if (descriptor) Object.defineProperty(object, key, descriptor);
      else Reflect.deleteProperty(object, key);
    }
    for (const [key, value] of this.#variables) {
      if (value === undefined) Deno.env.delete(key);
      else Deno.env.set(key, value);
    }
  }
}

/** The property that a name leads to; none where an object on the way is not there, or the key is computed. */
function beforeOf(name: string): Before[] {
  const way = name.split(".");
  const key = way.pop()!;
  let object: unknown = globalThis;
  for (const step of way) {
    if (!isObject(object)) return [];
    object = Reflect.get(object, step);
  }
  return isObject(object) && key !== "[]"
    ? [{
      object,
      key,
      descriptor: Object.getOwnPropertyDescriptor(object, key),
    }]
    : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null ||
    typeof value === "function";
}
