/** Which modules are reloaded because what they made is kept by name.
 * @module
 */
import type { Steps } from "../../base/in_slices.ts";
import type { ReloadSet } from "./reload_set.ts";

/**
 * The reload set with the modules that have to make again what is kept: a function that is called again makes its locals
 * again, and only a module that is loaded again can take them.
 */
export function* reloadWithMakers(
  reloading: (more: readonly string[]) => Steps<ReloadSet>,
  { named, made }: {
    readonly named: readonly string[];
    readonly made: ReadonlyMap<string, readonly string[]>;
  },
): Steps<ReloadSet> {
  const makers = named.filter((at) => made.has(at));
  let set = yield* reloading([]);
  for (let more: string[] = [];;) {
    const reloaded = new Set(set.reload);
    const next = makers.filter((at) =>
      !reloaded.has(pathIn(at)) && !more.includes(pathIn(at)) &&
      made.get(at)!.some((by) => reloaded.has(by))
    ).map(pathIn);
    if (next.length === 0) return set;
    set = yield* reloading(more = [...more, ...next]);
  }
}

/** The module in a name such as `rooms.ts#rooms`. */
export function pathIn(at: string): string {
  return at.slice(0, at.indexOf("#"));
}
