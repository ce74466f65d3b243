/** Who was given which field in the swap of a class, so that it can be taken away again.
 * @module
 */

/** The fields that instances were given. */
export class GivenFields {
  /** Null once they stay. */
  #given:
    | { readonly instance: WeakRef<object>; readonly name: string }[]
    | null = [];

  /** Notes that an instance was given a field. */
  note(instance: object, name: string): void {
    this.#given?.push({ instance: new WeakRef(instance), name });
  }

  /** Takes them away, whatever is in them by now. Returns what gives them back. */
  takeBack(): () => void {
    const taken: (() => void)[] = [];
    for (const { instance, name } of this.#given ?? []) {
      const there = instance.deref();
      const field = there && Reflect.getOwnPropertyDescriptor(there, name);
      if (!field?.configurable) continue;
      Reflect.deleteProperty(there!, name);
      taken.push(() => Object.defineProperty(there!, name, field));
    }
    return () => {
      for (const giveBack of taken) giveBack();
    };
  }

  /** Lets them stay. */
  forget(): void {
    this.#given = null;
  }
}
