/** Variables that two versions of a module have: while code of both runs, they are one.
 * @module
 */
import { valueOf } from "./kept_entry.ts";
import type { Pair, Staged } from "./kept_instances.ts";

/** What code before so many upgrades still changes is not followed any more. */
const FOLLOWED_MAX = 16;

/** The variables of code that was replaced, which may still change them, and of what took its place. */
export class FollowedVariables {
  /** Attempts that are in while code before them still answers, oldest first. */
  readonly #following = new Set<Staged>();

  /** Whether any variable has to be followed. */
  get isFollowing(): boolean {
    return [...this.#following].some(({ pairs }) =>
      pairs.some(({ to, name }) => to.entries.get(name)?.write !== undefined)
    );
  }

  /** Follows what an attempt has taken. */
  add(staged: Staged): void {
    this.#following.add(staged);
  }

  /** Makes the variables of the old code and of the new one the same. */
  follow(): void {
    for (const { pairs } of this.#following) {
      for (const pair of pairs) carry(pair);
    }
  }

  /** Lets go of all that an attempt has taken but its variables. */
  settle(attempt: number | undefined): void {
    for (const staged of this.#following) {
      if (staged.attempt !== attempt) continue;
      for (const pair of staged.pairs) carry(pair);
      staged.instances.clear();
      const variables = staged.pairs.filter(({ to, name }) =>
        to.entries.get(name)?.write
      );
      staged.pairs.splice(0, Infinity, ...variables);
      if (variables.length === 0) this.#following.delete(staged);
    }
    const [oldest] = this.#following;
    if (oldest && this.#following.size > FOLLOWED_MAX) this.release(oldest);
  }

  /** Lets go of an attempt; its modules live on. */
  release(staged: Staged): void {
    this.#following.delete(staged);
    staged.pairs.length = 0;
    staged.instances.clear();
  }
}

/** Writes what has become of a variable into its other instance. */
function carry(pair: Pair): void {
  const [from, to] = [pair.from, pair.to].map((it) =>
    it.entries.get(pair.name)
  );
  if (!from?.read || !to?.read || !from.write || !to.write) return;
  const [old, next] = [valueOf(from), valueOf(to)];
  if (!old || !next || Object.is(old.value, next.value)) {
    if (old && next) pair.last = next.value;
    return;
  }
  const value = Object.is(next.value, pair.last)
    ? old.value
    : Object.is(old.value, pair.last)
    ? next.value
    : both(old.value, next.value, pair.last);
  if (!Object.is(next.value, value)) to.write(value);
  if (!Object.is(old.value, value)) from.write(value);
  pair.last = value;
}

function both(old: unknown, next: unknown, last: unknown): unknown {
  return typeof old === "number" && typeof next === "number" &&
      typeof last === "number"
    ? old + next - last
    : next;
}
