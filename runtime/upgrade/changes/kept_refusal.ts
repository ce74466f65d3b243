/** What is said of something kept that cannot follow the new code, as the plan says the rest.
 * @module
 */
import { type Refusal, refusalText } from "../../base/refusal.ts";
import { RefusedError, UpgradeError } from "../../base/upgrade_error.ts";
import type { TakenEntry } from "../../plan/rules/keep_rule.ts";
import type { StateDefinition } from "../../state/definition.ts";
import type { KeptPlace } from "../../state/walk/kept_place.ts";

/** What to do about functions in kept state. */
export const KEEP_FUNCTIONS =
  'keep functions out of the state, or declare functions: "keep"';

/** A variable that may hold instances. */
export interface KeptVariable {
  /** As `rooms.ts#rooms`. */
  readonly name: string;
  readonly value: unknown;
  /** How it is named under `keep`; null for one of a module that stays, of which only the instances are concerned. */
  readonly entry: TakenEntry | null;
  /** Whether functions that go on as they are may be in it. */
  readonly keepFunctions: boolean;
  /** Where it is declared; 0 where that is not known. */
  readonly line: number;
}

/** What is said of something that holds instances. */
export type Terms =
  & Pick<StateDefinition, "classes" | "keepFunctions">
  & Partial<Pick<StateDefinition, "module" | "line">>
  & { readonly variable?: KeptVariable };

/** What is wrong with something kept. */
export interface Trouble {
  /** What is there. */
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** Whether the remedy is all there is to be said, wherever it is held. */
  readonly isWhole?: boolean;
  /** The class that it is about. Default none. */
  readonly ofClass?: string;
}

/** What only this machine can know, said as the plan says the rest. */
export function keptRefusal(
  place: KeptPlace,
  terms: Partial<Terms>,
  trouble: Trouble,
): Error {
  const { path, root } = place;
  const { variable, module, line } = terms;
  const { what, why, remedy } = trouble;
  if (variable) return variableRefusal(variable, place, trouble);
  return new RefusedError(
    {
      rule: "state",
      path: module ?? root.name,
      line: line ?? 0,
      column: 0,
      subject: `${path} (${what})`,
      why,
      remedy,
    },
    `Cannot keep ${path} (${what}): ${why}; ${remedy}`,
  );
}

function variableRefusal(
  { name, entry, line }: KeptVariable,
  place: KeptPlace,
  { what, why, remedy, isWhole, ofClass }: Trouble,
): UpgradeError {
  const hash = name.indexOf("#");
  const isClass = ofClass !== undefined;
  const refusal: Refusal = {
    rule: "keep",
    path: name.slice(0, hash),
    line,
    column: 0,
    subject: place.path.slice(hash + 1),
    why: `holds ${what}: ${why}`,
    remedy: isWhole
      ? remedy
      : isClass
      ? `let ${ofClass} construct its instances as before${
        // What stays cannot be lost.
        entry === null ? "" : `, or name it under "startsAnew": ["${name}"]`}`
      : `keep functions out of it, or add to "flyhot" in deno.json: "keep": [{ "at": "${name}", "functions": "keep" }]${
        entry === null ? "" : `, or "startsAnew": ["${name}"] to lose it`
      }`,
  };
  return new UpgradeError("migrate", `Cannot keep ${refusalText(refusal)}`, {
    refusals: [refusal],
  });
}
