/** What one module does, as far as its text tells; the tree comes from whatever parser is at hand.
 * @module
 */
import type {
  ImportFact,
  ModuleAnalysis,
} from "../../protocol/manifest/module_analysis.ts";
import { classFactsOf } from "./values/class_facts.ts";
import { enumFactsOf } from "./values/enum_facts.ts";
import { hiddenStateOf } from "./keeping/hidden_state.ts";
import { keepableBindings, keepableOf } from "./keeping/keepable.ts";
import { keepingOf } from "./keeping/keeping_facts.ts";
import { compact } from "./compact.ts";
import { type Code, EffectTable } from "./effects.ts";
import { isOfDecorators } from "./code/of_decorators.ts";
import { isErasable } from "./erasable.ts";
import { isSteady } from "./waits/steady.ts";
import { exportedBindings, exportsOf } from "./exports.ts";
import { globalChangesOf, globalWritesOf } from "./evaluation/global_writes.ts";
import { importsOf, textOf } from "./imports.ts";
import { isRuntime } from "./values/known_calls.ts";
import { keyName, many, type Node, one, unwrap } from "./code/nodes.ts";
import { placeOf, rememberText } from "./code/places.ts";
import type { AnalyzeOptions } from "./options.ts";
import { rebindFactsOf } from "./rebinding/rebind_facts.ts";
import { Roots } from "./code/roots.ts";
import { Runs } from "./code/runs.ts";
import { type Resolved, resolveNames } from "./code/scope.ts";
import { stateOf } from "./state/state.ts";
import { type Units, unitsOf } from "./code/units.ts";
import { useOf } from "./code/uses.ts";
import { ValueFacts } from "./values/value_facts.ts";
import { ownedBy } from "./pace/owned.ts";
import { pacingOf } from "./pace/pacing_facts.ts";
import { placed } from "./placed.ts";

export type { AnalyzeOptions } from "./options.ts";

/**
 * Analyzes a module.
 *
 * @param program the root of its tree: ESTree, with TypeScript and JSX nodes as `@babel/parser` gives them
 * @param source its text
 * @param options what has to be known besides
 * @returns what it does
 */
export function analyzeTree(
  program: Node,
  source: string,
  options: AnalyzeOptions = {},
): ModuleAnalysis {
  rememberText(program, source);
  const resolved = resolveNames(program);
  if (options.commonjs) {
    return { commonjs: true, ...some("imports", requiredBy(resolved)) };
  }
  const units = unitsOf(resolved);
  const names = keepableOf(program);
  const roots = new Roots(resolved, units, keepableBindings(names, resolved));
  const code: Code = {
    resolved,
    roots,
    runs: new Runs(resolved, units, roots),
    values: new ValueFacts(resolved, roots),
  };
  const table = new EffectTable(code, units);
  const { facts, stars } = exportsOf(code, table);
  const top = code.runs.closure([units.module]);
  const effects = table.of(top, { reads: true });
  const after = code.runs.after(exportedBindings(resolved));
  const { bindings, later, keepsFiles, given } = stateOf(code, units, after);
  const hidden = hiddenStateOf(
    code,
    units,
    { top, after },
    names.found.values(),
  );
  const analysis = compact({
    ...some("imports", importsOf(resolved, source, options)),
    ...some(
      "names",
      resolved.moduleLevel.filter((it) => !it.imported).map((it) => it.label),
    ),
    ...(Object.keys(facts).length > 0 ? { exports: facts } : {}),
    ...some("stars", stars),
    ...some("touches", table.touches),
    ...(Object.keys(effects).length > 0 ? { top: effects } : {}),
    ...some("later", later),
    ...some("changes", given.changes),
    ...some("given", given.given),
    ...some(
      "bindings",
      [...bindings, ...hidden].filter((it) => !isOfDecorators(it)),
    ),
    ...some("classes", classFactsOf(code, units, table, source)),
    ...some("enums", enumFactsOf(program)),
    ...keepingOf(code, units, after, top, names),
    ...some("owned", ownedBy(resolved, units, top)),
    ...some("pacing", pacingOf(resolved, units)),
    ...some(
      "globals",
      globalWritesOf(
        resolved,
        units,
        top,
        roots,
        (value) => table.ofValue(value),
      ),
    ),
    ...some("globalChanges", globalChangesOf(resolved, units, top)),
    ...(options.rebind ? { rebind: rebindFactsOf(code, units) } : {}),
    ...some("hot", hotMembers(code, units)),
    computed: hasComputedImport(resolved),
    ...(keepsFiles ? { keepsFiles } : {}),
    ...(isErasable(resolved, source, options) ? { erasable: true } : {}),
    ...(units.module.awaits.length > 0 ? { awaits: true } : {}),
    ...(isSteady(program) ? { steady: true } : {}),
  });
  return options.place ? placed(analysis, options.place) : analysis;
}

function hasComputedImport(
  { importCalls, metas, parents }: Resolved,
): boolean {
  return importCalls.some((it) => textOf(one(it, "source")) === null) ||
    metas.some((it) => {
      const member = parents.get(it);
      const call = member && parents.get(member.node);
      return member?.key === "object" && call?.key === "callee" &&
        resolvesBare(call.node);
    });
}

/** Whether it is `import.meta.resolve()` of what may be an alias. */
function resolvesBare(call: Node): boolean {
  const callee = call.type === "CallExpression" ? one(call, "callee") : null;
  if (
    callee?.type !== "MemberExpression" ||
    keyName(callee, "property") !== "resolve"
  ) return false;
  const text = textOf(many(call, "arguments")[0] ?? null);
  return text === null || !/^(?:\.{0,2}\/|[a-z][a-z+.-]*:)/i.test(text);
}

function some<K extends string, T>(
  key: K,
  list: readonly T[],
): { readonly [P in K]?: readonly T[] } {
  return list.length > 0 ? { [key]: list } as { [P in K]: readonly T[] } : {};
}

/** What CommonJS requires by a text that can be read. */
function requiredBy(resolved: Resolved): ImportFact[] {
  const found: ImportFact[] = [];
  for (const node of resolved.globals.get("require") ?? []) {
    const up = resolved.parents.get(node);
    if (up?.key !== "callee") continue;
    const specifier = textOf(many(up.node, "arguments")[0] ?? null);
    if (specifier !== null) {
      found.push({ specifier, line: placeOf(node).line });
    }
  }
  return found;
}

/** Which members of `hot(import.meta)` a module uses. */
function hotMembers(code: Code, units: Units): string[] {
  const found = new Set<string>();
  // Nothing leads to it where nothing imports it.
  const imports = code.resolved.moduleLevel.some(({ imported }) =>
    imported && isRuntime(imported.specifier) &&
    (imported.name === "hot" || imported.name === "*" ||
      code.resolved.importCalls.length > 0)
  );
  if (!imports) return [];
  for (const unit of units.all) {
    for (const node of unit.references) {
      const use = useOf(node, code.resolved);
      for (const root of code.roots.along(node, use)) {
        if (root.specifier === null || !isRuntime(root.specifier)) continue;
        const [call, member] = root.path;
        if (root.name === "hot" && call === "()" && member) {
          found.add(member.replace(/\(\)$/, ""));
        }
      }
    }
  }
  // `const { dispose } = hot(import.meta)` names it without a reference.
  for (const binding of code.resolved.moduleLevel) {
    const value = binding.from ? unwrap(binding.from.value) : null;
    const callee = value?.type === "CallExpression"
      ? one(value, "callee")
      : null;
    const root = callee ? code.roots.of(callee)[0] : undefined;
    if (
      root?.specifier && isRuntime(root.specifier) && root.name === "hot" &&
      binding.from!.path[0]
    ) found.add(binding.from!.path[0]);
  }
  return [...found].sort();
}
