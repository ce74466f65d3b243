/** Where a module declares a name, as far as its analysis tells.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";

/** Finds where a name is declared. Returns the line, from 1; 0 where the analysis does not tell. */
export function declarationLine(
  analysis: ModuleAnalysis | undefined,
  name: string,
): number {
  if (!analysis) return 0;
  const { kept, bindings, unkeepable, exports = {}, classes, enums } = analysis;
  const named = [...kept ?? [], ...bindings ?? [], ...unkeepable ?? []]
    .find((it) => it.name === name);
  if (named) return named.line;
  const [owner = "", field] = name.split(".");
  const found = [...classes ?? [], ...enums ?? []]
    .find((it) => it.name === owner);
  if (found) {
    const statics = "statics" in found ? found.statics ?? [] : [];
    return statics.find((it) => it.name === field)?.line ?? found.line;
  }
  const local = Object.entries(exports).find(([exported, fact]) =>
    (fact.local ?? exported) === name && fact.line !== undefined
  );
  return local?.[1].line ?? 0;
}

/** Finds where a module imports something. Returns the line, from 1; 0 where the analysis does not tell. */
export function importLine(
  analysis: ModuleAnalysis | undefined,
  isMeant: (specifier: string) => boolean,
): number {
  return analysis?.imports?.find(({ specifier }) => isMeant(specifier))?.line ??
    0;
}

/** Finds where a module serves. Returns the line of its only server, from 1; 0 where it has another number of them. */
export function serverLine(analysis: ModuleAnalysis | undefined): number {
  const servers = analysis?.owned?.filter(({ kind }) => kind === "server") ??
    [];
  return servers.length === 1 ? servers[0]!.line : 0;
}
