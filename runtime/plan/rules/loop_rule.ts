/** Loops that replaced modules have begun and that nothing ends: they would go on beside those of the new code.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type {
  OwnedFact,
  PacedBy,
} from "../../protocol/manifest/owned_facts.ts";
import { soundsPaced } from "../analyze/pace/paces.ts";
import { ExportFinder } from "../lookup/find_export.ts";
import type { View } from "../lookup/views.ts";
import type { Consents } from "./consent.ts";

/** Refuses to replace modules whose loops wait for something else than timers. */
export function loopRefusals(
  replaced: readonly string[],
  running: View,
  loaded: Iterable<string>,
  consents: Consents,
): Refusal[] {
  const refusals: Refusal[] = [];
  const pacing = new PacingFinder(running, loaded);
  for (const path of replaced) {
    const own = running.analysis(path)?.owned ?? [];
    for (const fact of [...own, ...begunElsewhere(path, running, pacing)]) {
      if (fact.kind !== "loop") continue;
      const why = whyEndless(path, fact, pacing);
      if (why === null) continue;
      // By the module: lines move.
      const consent = `repeats:${path}#loop`;
      if (consents.take(consent)) continue;
      refusals.push({
        rule: "loop",
        path,
        line: fact.line,
        column: 0,
        subject: fact.detail,
        why: `goes on beside that of the new code, because ${why}`,
        remedy:
          "begin it in a service and end it by its signal, or let it wait for a timer in each turn",
        consent,
      });
    }
  }
  return refusals;
}

/** Loops of functions of other modules that a module calls while it is evaluated. */
function* begunElsewhere(
  path: string,
  running: View,
  pacing: PacingFinder,
): Iterable<OwnedFact> {
  const { top, touches } = running.analysis(path) ?? {};
  const seen = new Set<string>();
  for (const at of top?.touches ?? []) {
    const touch = touches?.[at];
    if (!touch || !/^(?:call|method)$/.test(touch.how)) continue;
    const called = /(?:^|\.)(\w+)\(\)$/.exec(touch.member ?? "")?.[1];
    const name = touch.name === "*" ? called ?? "*" : touch.name;
    const isMethod = called !== undefined && touch.name !== "*";
    const key = `${touch.specifier} ${isMethod ? `.${called}` : name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const { specifier } = touch;
    const begins = pacing.begins(
      path,
      { specifier, name },
      isMethod ? called : null,
    );
    if (begins) {
      yield {
        kind: "loop",
        line: touch.line,
        detail: `the loop of ${isMethod ? called : name}()`,
        unpaced: true,
      };
    }
  }
}

function whyEndless(
  path: string,
  { unpaced, pacedBy }: OwnedFact,
  pacing: PacingFinder,
): string | null {
  if (unpaced) return "it waits for something else than timers";
  if (!pacedBy || pacedBy.some((it) => pacing.isPaced(path, it))) return null;
  const names = pacedBy.map(({ name }) => `${name}()`).join(", ");
  return `${names}, for which it waits, ${
    pacedBy.length === 1 ? "sets" : "set"
  } no timer`;
}

/** Looks into the functions of the app that may wait for timers. */
class PacingFinder {
  readonly #view: View;
  readonly #loaded: Iterable<string>;
  readonly #exports: ExportFinder;

  constructor(view: View, loaded: Iterable<string>) {
    this.#view = view;
    this.#loaded = loaded;
    this.#exports = new ExportFinder(view);
  }

  /** Whether a function waits for a timer; by its name where nobody can look into it. */
  isPaced(path: string, by: PacedBy, seen: Set<string> = new Set()): boolean {
    const { specifier, name } = by;
    if (specifier === undefined) return this.#isMethodPaced(name, seen);
    const target = this.#view.resolve(path, specifier);
    if (target === null) return soundsPaced(name) || soundsPaced(specifier);
    const found = this.#exports.find(target, name);
    if (found.kind !== "here") return soundsPaced(name);
    return this.#isFactPaced(found.path, found.name, seen) ?? false;
  }

  /** Whether a function or method of another module begins a loop that waits for something else than timers. */
  begins(
    path: string,
    { specifier, name }: PacedBy,
    method: string | null,
  ): boolean {
    const target = this.#view.resolve(path, specifier ?? "");
    if (target === null) return false;
    const found = this.#exports.find(target, name);
    if (found.kind !== "here") return false;
    const wanted = method === null ? found.name : `.${method}`;
    const fact = this.#view.analysis(found.path)?.pacing?.find((it) =>
      it.name === wanted
    );
    return fact?.loop === true &&
      !(fact.loopBy ?? []).some((it) => this.isPaced(found.path, it));
  }

  #isMethodPaced(name: string, seen: Set<string>): boolean {
    const judged = [...this.#loaded].flatMap((path) =>
      this.#isFactPaced(path, `.${name}`, seen) ?? []
    );
    return judged.length === 0 || judged.includes(true);
  }

  #isFactPaced(path: string, name: string, seen: Set<string>): boolean | null {
    const fact = this.#view.analysis(path)?.pacing?.find((it) =>
      it.name === name
    );
    const key = `${path}\n${name}`;
    if (!fact || seen.has(key)) return null;
    seen.add(key);
    return fact.timer === true ||
      (fact.by ?? []).some((it) => this.isPaced(path, it, seen));
  }
}
