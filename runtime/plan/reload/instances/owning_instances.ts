/** Who has to be evaluated in the place of modules that hold what is replaced in nothing but instances of their classes: whoever may have one of these.
 * @module
 */
import type { Capture, Captures } from "../captures.ts";
import type { UsesOfView } from "../uses/import_uses.ts";
import type { Entry } from "../uses/uses_by_place.ts";

/** Who has to be evaluated because it may have instances that hold what is replaced. */
export interface Owning {
  readonly path: string;
  /** Whose instances: the module whose classes it uses first, and last the one that imports what is replaced. */
  readonly through: readonly string[];
  readonly capture: Capture;
}

/**
 * Finds those who may have instances of the classes of a module that stays, if that holds something of another one in these.
 *
 * @param captures who holds what
 * @param importer the module that stays
 * @param path what it imports
 * @param importersOf what imports a module
 */
export function* owningInstances(
  captures: Captures,
  importer: string,
  path: string,
  importersOf: (path: string) => Iterable<string>,
): Generator<Owning> {
  if (!isHolder(captures, importer, path, false)) return;
  const ways = new Map<string, readonly string[]>([[importer, [importer]]]);
  // Whoever is added while it goes is come to as well.
  for (const [holder, through] of ways) {
    const direct = new Set(importersOf(holder));
    for (const user of direct.union(captures.usersOf(holder))) {
      const capture =
        (direct.has(user) ? captures.ofImport(user, holder) : null) ??
          captureOf(captures, user, holder);
      if (capture) yield { path: user, through, capture };
      else if (!ways.has(user) && isHolder(captures, user, holder, true)) {
        ways.set(user, [user, ...through]);
      }
    }
  }
}

/** Whether a module holds something of another one in instances of its classes. */
function isHolder(
  captures: Captures,
  importer: string,
  path: string,
  isAny: boolean,
): boolean {
  return captures.views.some((uses) =>
    uses.of(path, importer).some((entry) =>
      captures.isInside(entry, path) &&
      // What would be made in the same way follows its class wherever it is.
      (isAny || captures.whyHeld(entry, path, uses) !== null)
    )
  );
}

function captureOf(
  captures: Captures,
  user: string,
  holder: string,
): Capture | null {
  for (const uses of captures.views) {
    for (const entry of uses.of(holder, user)) {
      if (!mayHave(captures, entry, holder, uses)) continue;
      const { name, line, column } = entry.use;
      const why = "may have instances that hold what changes";
      return { name, why, line, column };
    }
  }
  return null;
}

/** Whether a user of a holder may have an instance of its classes elsewhere than in instances of its own. */
function mayHave(
  captures: Captures,
  entry: Entry,
  holder: string,
  uses: UsesOfView,
): boolean {
  const { use, found } = entry;
  if (found.kind !== "here") return true;
  if (found.path !== holder) return use.how === "export";
  return use.how !== "new" || uses.hasRun(entry) ||
    captures.isElsewhere(entry, uses) ||
    uses.fateOf(entry) !== undefined && !captures.isInside(entry, holder);
}
