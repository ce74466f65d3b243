/** Which modules export nothing but functions, numbers and texts: whoever asks for classes and objects need not look at them.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";

/**
 * Tells whether a module exports nothing but functions, numbers and texts. Returns true only where its text shows it, and
 * that they stay what they are: what is called primitive may be what a method of a familiar name has returned. What an
 * upgrade takes over is what the code before has made.
 */
export function exportsNoObjects(
  facts: ModuleAnalysis | undefined,
): boolean {
  if (!facts || facts.commonjs || facts.broken) return false;
  const { exports = {}, stars = [] } = facts;
  return stars.length === 0 &&
    Object.values(exports).every(({ kind, reassigned, literal }) =>
      kind === "function" && !reassigned || literal === true
    );
}
