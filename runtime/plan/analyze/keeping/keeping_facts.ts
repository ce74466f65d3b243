/** What an analysis says of values that can be kept: their initializers by text, and what speaks against keeping them.
 * @module
 */
import type {
  KeptFact,
  ModuleAnalysis,
  TextRecord,
} from "../../../protocol/manifest/module_analysis.ts";
import type { Code } from "../effects.ts";
import { isFixed } from "./fixed.ts";
import { isOfDecorators } from "../code/of_decorators.ts";
import { keptFactsOf } from "./kept_facts.ts";
import type { Keepable, KeepableNames } from "./keepable.ts";
import { localStateOf } from "./local_state.ts";
import { type TextFact, textFactsOf } from "./text_facts.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";

/** Tells what can be kept of a module. Returns the fields of its analysis; those that would be empty are left out. */
export function keepingOf(
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
  top: ReadonlySet<Unit>,
  names: KeepableNames,
): Pick<ModuleAnalysis, "kept" | "unkeepable" | "texts"> {
  const { resolved } = code;
  const texts = textFactsOf(resolved.program, resolved, names);
  const facts = new Map(
    keptFactsOf(resolved.program, resolved, { names, units, code })
      .map((fact) => [fact.name, fact]),
  );
  const all = [...names.found.values()].filter((it) => !isOfDecorators(it));
  const holders = all.filter(({ kind, init }) =>
    kind !== "expression" && init !== null
  );
  const kept = all.map((it): KeptFact => {
    const { repeats = [], library = null, of, members = [] } =
      facts.get(it.name) ?? {};
    const at = it.id ?? it.init;
    const state = localStateOf(it, code, units, after);
    const inside = state ? holderOf(it, holders) : null;
    return {
      name: it.name,
      ...recordOf(texts.kept.get(it.name)),
      ...placeOf(it),
      ...(it.kind === "local" || it.name.includes(".new ")
        ? { local: true }
        : {}),
      ...(state ? { state } : {}),
      ...(state && at && top.has(unitAround(at, resolved, units))
        ? { early: true }
        : {}),
      ...(inside === null ? {} : { inside }),
      ...(it.byItself ? { byItself: true } : {}),
      ...(isFixed(it, resolved) ? { fixed: true } : {}),
      ...(repeats.length > 0 ? { repeats } : {}),
      ...(of ? { of, members } : {}),
      ...(library === null ? {} : { library }),
    };
  });
  const unkeepable = [...names.refused.values()];
  const exported = [...texts.exports];
  return {
    ...(kept.length > 0 ? { kept } : {}),
    ...(unkeepable.length > 0 ? { unkeepable } : {}),
    ...(exported.length > 0
      ? {
        texts: Object.fromEntries(
          exported.map(([name, fact]) => [name, recordOf(fact)]),
        ),
      }
      : {}),
  };
}

/** The variable in whose initializer an expression stands: where that is not evaluated, the expression is not either. */
function holderOf(
  it: Keepable,
  holders: readonly Keepable[],
): string | null {
  if (it.kind !== "expression") return null;
  for (const { name, start, end } of holders) {
    const isAround = start <= it.start && it.end <= end;
    if (isAround && functionOf(name) === functionOf(it.name)) return name;
  }
  return null;
}

/** `main.` of `main.games` and `main.new Users`. */
function functionOf(name: string): string {
  return name.slice(0, name.lastIndexOf(".") + 1);
}

function recordOf(fact: TextFact | undefined): TextRecord {
  const { digest = "", uses = [] } = fact ?? {};
  return { digest, ...(uses.length > 0 ? { uses } : {}) };
}

function placeOf({ line, column }: Keepable) {
  return { line, column };
}
