/** Leaves out of an analysis the uses of imports that no effect names: those in code that nobody else can run.
 * @module
 */
import type {
  Effects,
  ExportFact,
  ModuleAnalysis,
  Touch,
} from "../../protocol/manifest/module_analysis.ts";

/** Makes an analysis smaller without saying less. */
export function compact(analysis: ModuleAnalysis): ModuleAnalysis {
  const { touches } = analysis;
  if (!touches) return analysis;
  const places = new Map<number, number>();
  const waiting: number[] = [];
  const want = (effects: Effects | undefined) => {
    for (const at of effects?.touches ?? []) {
      if (places.has(at)) continue;
      places.set(at, 0);
      waiting.push(at);
    }
    if (effects?.made) want(effects.made);
  };
  eachEffects(analysis, want);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    want(touches[at]?.callbacks);
  }
  if (places.size === touches.length) {
    const { touches: _, ...rest } = analysis;
    return { ...rest, touches };
  }
  const kept = [...places.keys()].sort((a, b) => a - b);
  for (const [place, at] of kept.entries()) places.set(at, place);
  const moved = (effects: Effects): Effects => ({
    ...effects,
    ...(effects.touches
      ? { touches: effects.touches.map((at) => places.get(at)!) }
      : {}),
    ...(effects.made ? { made: moved(effects.made) } : {}),
  });
  const { touches: _, ...rest } = analysis;
  return {
    ...mapEffects(rest, moved),
    ...(kept.length > 0
      ? {
        touches: kept.map((at): Touch => {
          const { callbacks, ...touch } = touches[at]!;
          return callbacks ? { ...touch, callbacks: moved(callbacks) } : touch;
        }),
      }
      : {}),
  };
}

function eachEffects(
  analysis: ModuleAnalysis,
  visit: (effects: Effects | undefined) => void,
): void {
  const fact = (it: ExportFact): void => {
    visit(it.effects);
    for (const field of Object.values(it.fields ?? {})) fact(field);
  };
  visit(analysis.top);
  for (const { calls } of analysis.globals ?? []) visit(calls);
  for (const it of Object.values(analysis.exports ?? {})) fact(it);
  for (const it of analysis.classes ?? []) {
    const { construct, methods = {}, fields = [], statics = [] } = it;
    visit(construct);
    for (const { effects } of Object.values(methods)) visit(effects);
    for (const { effects } of [...fields, ...statics]) visit(effects);
  }
}

function mapEffects(
  analysis: ModuleAnalysis,
  map: (effects: Effects) => Effects,
): ModuleAnalysis {
  const fact = (it: ExportFact): ExportFact => ({
    ...it,
    ...(it.effects ? { effects: map(it.effects) } : {}),
    ...(it.fields ? { fields: each(it.fields, fact) } : {}),
  });
  const mapAll = <T extends { readonly effects?: Effects }>(it: T): T =>
    it.effects ? { ...it, effects: map(it.effects) } : it;
  const { top, exports, classes, globals } = analysis;
  return {
    ...analysis,
    ...(top ? { top: map(top) } : {}),
    ...(globals
      ? {
        globals: globals.map((it) =>
          it.calls ? { ...it, calls: map(it.calls) } : it
        ),
      }
      : {}),
    ...(exports ? { exports: each(exports, fact) } : {}),
    ...(classes
      ? {
        classes: classes.map((it) => ({
          ...it,
          ...(it.construct ? { construct: map(it.construct) } : {}),
          ...(it.methods ? { methods: each(it.methods, mapAll) } : {}),
          ...(it.fields ? { fields: it.fields.map(mapAll) } : {}),
          ...(it.statics ? { statics: it.statics.map(mapAll) } : {}),
        })),
      }
      : {}),
  };
}

function each<T>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => T,
): Record<string, T> {
  const result: Record<string, T> = Object.create(null);
  for (const [key, value] of Object.entries(record)) result[key] = map(value);
  return result;
}
