/** Of which classes of the app the values of this process hold instances, so that a plan can tell what stays with them.
 * @module
 */
import { types } from "node:util";
import { Slices } from "../../base/in_slices.ts";
import type { AppProcess } from "../../process/process.ts";
import type { ClassRegistry } from "../../state/classes/class_registry.ts";

/** How many objects are looked at: of one collection, of one value, and of all. */
const ITEMS_MAX = 1000;
const VALUE_MAX = 5000;
const ALL_MAX = 50_000;
/** After so many objects others have their turn. */
const SLICE = 500;

/**
 * Looks at the values that can be kept, those that are named first; of large collections only at the beginning. Returns
 * `place#Class` of what each holds, by `place#name`; those that hold none are left out.
 */
export async function keptReach(
  { kept, classes }: Pick<AppProcess, "kept" | "classes">,
  named: readonly string[],
): Promise<Record<string, readonly string[]>> {
  const byPrototype = prototypesOf(classes);
  if (byPrototype.size === 0) return {};
  const found: Record<string, readonly string[]> = {};
  const slices = new Slices({ sliceMs: 0 });
  const first = new Set(named);
  const rest = [...kept.values()].filter(({ key }) => !first.has(key));
  let looked = 0;
  for (const { key, value } of [...kept.named(first), ...rest]) {
    if (looked >= ALL_MAX) break;
    const reached = new Set<string>();
    const seen = new Set<object>();
    const waiting: unknown[] = [value];
    for (let at = 0; at < waiting.length && seen.size < VALUE_MAX; at++) {
      const object = waiting[at];
      if (!isOpen(object) || seen.has(object)) continue;
      seen.add(object);
      const known = knownAt(Object.getPrototypeOf(object), byPrototype);
      if (known !== null) reached.add(known);
      waiting.push(...within(object));
      if (++looked % SLICE === 0) await slices.next();
    }
    if (reached.size > 0) found[key] = [...reached].sort();
  }
  return found;
}

function isOpen(value: unknown): value is object {
  return typeof value === "object" && value !== null && !types.isProxy(value) &&
    !ArrayBuffer.isView(value);
}

/** What an object holds, without calling anything of the app's. */
function within(object: object): unknown[] {
  if (types.isMap(object)) {
    return [...Map.prototype.entries.call(object).take(ITEMS_MAX)].flat();
  }
  if (types.isSet(object)) {
    return [...Set.prototype.values.call(object).take(ITEMS_MAX)];
  }
  if (Array.isArray(object)) {
    const length = Math.min(object.length, ITEMS_MAX);
    return Array.from({ length }, (_, at) => object[at]);
  }
  return Reflect.ownKeys(object).slice(0, ITEMS_MAX).map((key) =>
    Object.getOwnPropertyDescriptor(object, key)?.value
  );
}

function prototypesOf(classes: ClassRegistry): ReadonlyMap<object, string> {
  const found = new Map<object, string>();
  for (const { name, place, current, earlier } of classes.all()) {
    for (const { prototype } of [current, ...earlier]) {
      found.set(prototype, `${place}#${name}`);
    }
  }
  return found;
}

function knownAt(
  prototype: object | null,
  known: ReadonlyMap<object, string>,
): string | null {
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const found = known.get(at);
    if (found !== undefined) return found;
  }
  return null;
}
