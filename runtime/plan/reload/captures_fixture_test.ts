/** Small apps, and what is evaluated when they change.
 * @module
 */
import { inOneGo } from "../../base/in_slices.ts";
import { analyzeScript } from "../../../src/release/graph/analysis/analyze.ts";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { relativePath, type View } from "../lookup/views.ts";
import { capturesOf } from "./captures.ts";
import { reloadSet } from "./reload_set.ts";

/** The modules of an app. */
export type App = Readonly<Record<string, string>>;

/** How a state of an app is looked at. */
export function viewOf(app: App): View {
  const analyses = new Map(
    Object.entries(app).map(([path, source]) => [
      path,
      analyzeScript(path, source, { rebind: true }),
    ]),
  );
  const resolve = (path: string, specifier: string) =>
    specifier.startsWith(".") ? relativePath(path, specifier) : null;
  return {
    analysis: (path) => analyses.get(path),
    setters: () => [],
    listeners: () => [],
    resolve,
    imports: (path) => [
      ...new Set(
        (analyses.get(path)?.imports ?? []).filter((it) => !it.dynamic)
          .map((it) => resolve(path, it.specifier))
          .filter((it) => it !== null),
      ),
    ],
  };
}

/** What is evaluated when an app changes, and why: `b.ts: a.ts#f returns it at 1`; nothing for what has changed itself. */
export function change(
  app: App,
  changes: App,
  named: readonly string[] = [],
): string[] {
  const next = { ...app, ...changes };
  const running = viewOf(app), release = viewOf(next);
  const loaded = new Set(Object.keys(app));
  const dynamic = (path: string) =>
    (running.analysis(path)?.imports ?? []).filter((it) => it.dynamic)
      .map((it) => running.resolve(path, it.specifier)!);
  const captures = inOneGo(capturesOf({
    running,
    release,
    loaded,
    dynamic,
    served: () =>
      [running, release].some((view) =>
          [...loaded].some((it) => view.imports(it).includes("main.ts"))
        )
        ? null
        : "main.ts",
    rebinds: Object.fromEntries(
      [...loaded].map((path) => [path, settable(running.analysis(path))]),
    ),
  }));
  const set = inOneGo(reloadSet({
    changed: Object.keys(changes),
    release,
    running,
    main: "main.ts",
    boot: new Set(),
    loaded,
    dynamic,
    captures,
    isNamed: (path, name) => named.includes(`${path}#${name}`),
  }));
  return set.reload.filter((path) => !Object.hasOwn(changes, path))
    .map((path) => {
      const reason = set.reasons.get(path)!;
      if (reason.kind !== "imports") return `${path}: ${reason.kind}`;
      const { of, through = [], capture } = reason;
      return `${path}: ${
        [of, ...through.toReversed()].join(" > ")
      }#${capture?.name} ${capture?.why} at ${capture?.line}`;
    });
}

const settable = (analysis: ModuleAnalysis | undefined) =>
  Object.keys(analysis?.rebind?.leaves ?? {});

/** A module that exports something of every kind, and what it changes to. */
export const M = `export function f(): string { return "one"; }
export const g = () => 1;
export class C { hi() { return "one"; } }
export default function d() {}
export const value = 1;
`;
/** What it changes to. */
export const M2 = M.replaceAll("one", "two");
