/** Errors of an app's modules, told by the places that somebody wrote: not by the folders that releases are unpacked to.
 * @module
 */
import type { ModuleTable } from "../modules/module_table.ts";
import { errorText } from "../base/error_text.ts";
import { RefusedError, UpgradeError } from "../base/upgrade_error.ts";

/** Where modules of the app and of its releases are. */
export type Places = Pick<ModuleTable, "root" | "releases">;

const ATTEMPT = /[?&]flyhot=\d+(?=[^\w]|$)/g;

/** Names the modules of a text by their places. */
export function placedText(text: string, { root, releases }: Places): string {
  return text.split(releases).map((piece, at) =>
    at === 0 ? piece : root + piece.replace(/^[^/\s]+\//, "")
  ).join("").replaceAll(ATTEMPT, "");
}

/**
 * Says what went wrong in a module of the app, and where. Returns the error to go on with; the same one where flyhot
 * itself has thrown it.
 */
export function placedError(thrown: unknown, places: Places): unknown {
  if (thrown instanceof UpgradeError || thrown instanceof RefusedError) {
    return thrown;
  }
  const said = placedText(errorText(thrown), places).replaceAll(
    places.root,
    "",
  );
  const where = placeOf(thrown, places);
  const text = where === null || said.includes(where)
    ? said
    : `${said} (${where})`;
  const placed = new Error(text, { cause: thrown });
  if (typeof thrown === "object" && thrown !== null && "transient" in thrown) {
    Object.assign(placed, { transient: thrown.transient });
  }
  return placed;
}

/** The stack of an error, by the places of its modules. Returns the stack; null for what has none of the app in it. */
export function placedStack(thrown: unknown, places: Places): string | null {
  return placeOf(thrown, places) === null
    ? null
    : placedText(stackOf(thrown), places);
}

/** `deep/b.ts:5:9`: the innermost place in the app, as far as the stack tells. */
function placeOf(thrown: unknown, places: Places): string | null {
  const stack = placedText(stackOf(thrown), places);
  // What is written into the message is not where it was thrown.
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  for (const frame of frames) {
    const start = frame.indexOf(places.root);
    if (start === -1) continue;
    const [place] = /^[^\s()]+:\d+:\d+/.exec(
      frame.slice(start + places.root.length),
    ) ?? [];
    if (place !== undefined) return place;
  }
  return null;
}

function stackOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "";
  try {
    const { stack } = thrown as { readonly stack?: unknown };
    return typeof stack === "string" ? stack : "";
  } catch {
    // A getter of the app.
    return "";
  }
}
