/** What becomes of values that modules pass to functions of each other.
 * @module
 */
import type {
  Met,
  ParameterFacts,
  PassedTo,
  Passing,
} from "../../../protocol/manifest/passing_facts.ts";

/** What a function does with its arguments, and the module that it is of. */
interface Parameters {
  readonly path: string;
  readonly list: readonly ParameterFacts[];
}

type Fate = Passing["fate"];

/** Follows values through functions that are imported. */
export class Passings {
  readonly #of: (by: string, to: PassedTo) => Parameters | null;
  readonly #fates = new Map<Passing, Fate>();

  /**
   * @param of what an imported function does with its arguments; null where nobody knows
   */
  constructor(of: (by: string, to: PassedTo) => Parameters | null) {
    this.#of = of;
  }

  /**
   * What becomes of a value in the end.
   *
   * @param by the module that has it
   * @param value what becomes of it there
   * @param from the module that has given it; what that gets back is its own affair
   * @returns what becomes of it
   */
  fateOf(by: string, value: Passing, from: string | null): Fate {
    if (value.fate === "held" || !value.to) return value.fate;
    if (this.#fates.has(value)) return this.#fates.get(value);
    const fate = this.#follow(by, value, from);
    this.#fates.set(value, fate);
    return fate;
  }

  #follow(by: string, value: Passing, from: string | null): Fate {
    let worst: Fate;
    const seen = new Set<Passing>(), seenData = new Set<Passing>();
    const waiting = [{ by, passing: value, isData: false }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { fate, to = [], only } = next.passing;
      if (fate === "held") return fate;
      // Who is passed a number or a text has nothing of the code that gave it.
      if (fate === "passed" && !only && !next.isData) worst = fate;
      for (const it of to) {
        const isData = next.isData || it.data === true;
        const found = this.#of(next.by, it);
        if (!found) {
          if (!isData) worst = "passed";
          continue;
        }
        const passing = at(found.list, it.index);
        if (!passing || found.path === from || seen.has(passing)) continue;
        if (isData && seenData.has(passing)) continue;
        (isData ? seenData : seen).add(passing);
        waiting.push({ by: found.path, passing, isData });
      }
    }
    return worst;
  }

  /** The members that are asked for of an instance; null where any may be. */
  met(by: string, { names = [], to = [] }: Met): Set<string> | null {
    const all = new Set<string>(names);
    const waiting = to.map((it) => ({ by, it }));
    const seen = new Set<ParameterFacts>();
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const found = this.#of(next.by, next.it);
      if (!found) return null;
      const facts = at(found.list, next.it.index);
      if (!facts || seen.has(facts)) continue;
      seen.add(facts);
      if (!facts.met) return null;
      for (const name of facts.met.names ?? []) all.add(name);
      for (const it of facts.met.to ?? []) {
        waiting.push({ by: found.path, it });
      }
    }
    return all;
  }
}

function at(
  list: readonly ParameterFacts[],
  index: number,
): ParameterFacts | undefined {
  const last = list.at(-1);
  return list[index] ?? (last?.rest ? last : undefined);
}
