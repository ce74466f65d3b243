/** What an upgrade does about values that stay by name: from the plan to the end of the work that began before it.
 * @module
 */
import { types } from "node:util";
import { type Refusal, refusalText } from "../../base/refusal.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import type { TakenEntry } from "../../plan/rules/keep_rule.ts";
import type { AppProcess } from "../../process/process.ts";
import type { KeptEntry } from "../../protocol/manifest/release_settings.ts";
import type { KeptVariable } from "./kept_refusal.ts";

/** What the code that runs declares. */
export interface RunningNames {
  /** Where a module declares a name: the line, from 1; 0 where nobody knows. */
  readonly declares: (path: string, name: string) => number;
  /** The names of what a module holds and cannot have changed. */
  readonly fixed: (path: string) => ReadonlySet<string>;
}

/** Tells which values there are to take. */
export function heldValues(
  taken: readonly TakenEntry[],
  { kept }: Pick<AppProcess, "kept">,
): { readonly held: readonly TakenEntry[]; readonly refusals: Refusal[] } {
  const held: TakenEntry[] = [];
  const refusals: Refusal[] = [];
  for (const entry of taken) {
    const [path, name] = parts(entry);
    const state = kept.stateOf(path, name);
    const [beside] = kept.besides(path, name);
    if (beside !== undefined) {
      refusals.push(
        refused(
          entry,
          `it is loaded as ${beside} too, whose values are others, which no name keeps`,
        ),
      );
    } else if (state === "held") {
      const [it] = kept.named([entry.at]);
      if (!types.isModuleNamespaceObject(it?.value)) held.push(entry);
      else refusals.push(refused(entry, "it is a module, which is replaced"));
    } else if (state === "twice") {
      refusals.push(
        refused(
          entry,
          "its initializer has run more than once, and which of the values is the one to keep cannot be told",
        ),
      );
    } else if (state === "unknown" || !entry.local) {
      refusals.push(
        refused(entry, "this process has no value of it that could be kept"),
      );
    }
    // A local that never was, or that nobody has any more, is made as it would be.
  }
  return { held, refusals };
}

/** The part of an upgrade that concerns values that stay by name. */
export class KeptChange {
  readonly #appProcess: AppProcess;
  readonly #taken: readonly TakenEntry[];
  readonly #named: ReadonlyMap<string, KeptEntry>;
  readonly #replaced: ReadonlySet<string>;
  readonly #attempt: number;
  readonly #running: RunningNames;

  /**
   * @param appProcess what runs in this process
   * @param taken what is taken over
   * @param named what the release names under `keep`, modules that stay included
   * @param replaced the modules that are reloaded or gone
   * @param attempt the attempt that takes it
   * @param running what the code that runs declares
   */
  constructor(
    appProcess: AppProcess,
    taken: readonly TakenEntry[],
    named: readonly KeptEntry[],
    replaced: ReadonlySet<string>,
    attempt: number,
    running: RunningNames,
  ) {
    this.#appProcess = appProcess;
    this.#running = running;
    this.#taken = taken;
    this.#named = new Map(named.map((entry) => [entry.at, entry]));
    this.#replaced = replaced;
    this.#attempt = attempt;
    appProcess.kept.stage(attempt, taken.map(({ at }) => at));
  }

  /** Ends the taking: the new modules are evaluated. Throws naming the values that were not taken, or not once. */
  seal(): void {
    const { missing, twice, fixed } = this.#appProcess.kept.seal();
    const refusals: Refusal[] = [];
    const add = (keys: readonly string[], why: string) => {
      for (const entry of this.#taken) {
        if (keys.includes(entry.at)) refusals.push(refused(entry, why));
      }
    };
    add(twice, "its initializer runs more than once in the new code");
    add(
      missing,
      "its initializer does not run while the new code is evaluated",
    );
    add(fixed, "it is a constant now, and the old code may still change it");
    if (refusals.length > 0) throw refusal("load", refusals);
  }

  /** What may hold instances of replaced classes. */
  *variables(): Generator<KeptVariable> {
    const entries = new Map(this.#taken.map((entry) => [entry.at, entry]));
    const named = this.#named;
    const { declares, fixed } = this.#running;
    const { kept } = this.#appProcess;
    for (const { place, name, key, value } of kept.values(undefined, fixed)) {
      const entry = entries.get(key) ?? null;
      if (entry === null && this.#replaced.has(place)) continue;
      yield {
        name: key,
        value,
        entry,
        keepFunctions: (entry ?? named.get(key))?.functions === "keep",
        // Only who is refused wants to know it.
        get line() {
          return entry?.line ?? declares(place, name);
        },
      };
    }
    for (const [name, serves] of this.#servers()) {
      const entry = entries.get(name);
      if (!entry) continue;
      const keepFunctions = entry.functions === "keep";
      yield { name, value: { serves }, entry, keepFunctions, line: entry.line };
    }
  }

  /** What answers where values that are taken over began to serve when they were made, but for what is judged as handed on. */
  *#servers(): Generator<readonly [name: string, serves: unknown[]]> {
    const { handedOver, modules: { handed } } = this.#appProcess;
    for (const kind of handedOver) {
      for (const [name, answers] of kind.ofKept()) {
        const serves = answers.filter((it) =>
          typeof it === "function" && !handed.isNoted(it)
        );
        if (serves.length > 0) yield [name, serves];
      }
    }
  }

  /** What the replaced modules have at their top level that ends with them. */
  *going(): Generator<unknown> {
    const taken = new Set(this.#taken.map(({ at }) => at));
    const { kept } = this.#appProcess;
    for (const { name, key, value } of kept.values(this.#replaced)) {
      const isOfModule = !name.includes(".");
      if (isOfModule && !taken.has(key)) yield value;
    }
  }

  /** Puts the values of the new code in the place of those before, in one turn. */
  swap(): () => void {
    const { kept } = this.#appProcess;
    kept.swap();
    this.#watch();
    return () => {
      kept.undo();
      this.#watch();
    };
  }

  /** Says that everybody meets the new code: what the old one has made of variables meanwhile goes to the new one. */
  commit(): void {
    const { kept } = this.#appProcess;
    kept.follow();
    kept.forget(this.#replaced, this.#attempt);
  }

  /** Says that no work goes on in the code before. */
  settle(): void {
    this.#appProcess.kept.settle(this.#attempt);
    this.#watch();
  }

  /** Gives the new code up before it was in. */
  discard(): void {
    this.#appProcess.kept.drop(this.#attempt);
  }

  /** While old code and new both answer, a variable is one: whoever begins finds what the other has made of it. */
  #watch(): void {
    const { kept, generations } = this.#appProcess;
    generations.between = kept.isFollowing ? () => kept.follow() : null;
  }
}

function parts({ at }: Pick<TakenEntry, "at">): [path: string, name: string] {
  const hash = at.indexOf("#");
  return [at.slice(0, hash), at.slice(hash + 1)];
}

function refused(entry: TakenEntry, why: string): Refusal {
  const [path, subject] = parts(entry);
  return {
    rule: "keep",
    path,
    line: entry.line,
    column: 0,
    subject,
    why: entry.byItself
      ? `stays by itself, and ${why}`
      : `is named under "keep", and ${why}`,
    remedy: `name it under "startsAnew": ["${entry.at}"] to lose it`,
  };
}

function refusal(phase: "load", refusals: readonly Refusal[]): UpgradeError {
  return new UpgradeError(
    phase,
    `Cannot keep ${refusals.map(refusalText).join("; ")}`,
    { refusals },
  );
}
