/** What prototypes have, and how one takes the members of another.
 * @module
 */

/** The key of a member. */
export type Key = string | symbol;

/** Members by key. */
export type Members = Map<Key, PropertyDescriptor>;

/** Lets a prototype answer as another one: what it has is redefined, which keeps calls fast; deleting does not. */
export function follow(
  prototype: object,
  next: object,
  isOurs: (getter: object) => boolean,
): void {
  for (const key of Reflect.ownKeys(prototype)) {
    if (Object.hasOwn(next, key)) continue;
    const member = Reflect.getOwnPropertyDescriptor(prototype, key)!;
    if (member.get && isOurs(member.get)) continue;
    if (key in next) Reflect.deleteProperty(prototype, key);
    else {
      Object.defineProperty(prototype, key, {
        value: undefined,
        writable: true,
        configurable: true,
        enumerable: false,
      });
    }
  }
  for (const [key, member] of membersOf(next)) {
    Object.defineProperty(prototype, key, member);
  }
  Object.setPrototypeOf(prototype, next);
}

/** What a prototype has itself, by key. */
export function membersOf(prototype: object): Members {
  return new Map(
    Reflect.ownKeys(prototype).map((key) => [
      key,
      Reflect.getOwnPropertyDescriptor(prototype, key)!,
    ]),
  );
}

/** The keys that a prototype inherits. */
export function inheritedKeys(prototype: object): Key[] {
  const keys: Key[] = [];
  for (
    let link: object | null = Object.getPrototypeOf(prototype);
    link !== null && link !== Object.prototype;
    link = Object.getPrototypeOf(link)
  ) keys.push(...Reflect.ownKeys(link));
  return keys;
}

/** The link of a chain of prototypes that has a member; null where none has. */
export function holderOf(prototype: object | null, key: Key): object | null {
  let link = prototype;
  while (link !== null && !Object.hasOwn(link, key)) {
    link = Object.getPrototypeOf(link);
  }
  return link;
}

/** A member, wherever in a chain of prototypes it is. */
export function inherited(
  prototype: object | null,
  key: Key,
): PropertyDescriptor | undefined {
  for (
    let link = prototype;
    link !== null;
    link = Object.getPrototypeOf(link)
  ) {
    const member = Reflect.getOwnPropertyDescriptor(link, key);
    if (member) return member;
  }
}
