/** What the build of an image has found out of its scripts, so that no start has to: written beside them.
 * @module
 */
import { object } from "../../protocol/json/parse.ts";
import { EDITS_VERSION } from "../edits/edits_record.ts";

/** One script. */
export interface PreparedScript {
  /** Whether blanking out its types gives what Deno makes of it. */
  readonly isErasable: boolean;
  /** What goes into its text. */
  readonly edits: string;
}

/** The scripts by their paths. */
export type PreparedScripts = Map<string, PreparedScript>;

/** Where they are written down, under the app root: a folder that belongs to no release. */
export const PREPARED_FILE = ".flyhot/prepared.json";

/** Writes them down. */
export function preparedText(scripts: PreparedScripts): string {
  return JSON.stringify({
    version: EDITS_VERSION,
    scripts: Object.fromEntries(
      [...scripts].map(([path, { isErasable, edits }]) => [
        path,
        [isErasable, edits],
      ]),
    ),
  });
}

/** Reads them. Returns none where the text is torn or of another version: whatever is not prepared is parsed. */
export function readPrepared(text: string): PreparedScripts {
  const found: PreparedScripts = new Map();
  try {
    const said = object(JSON.parse(text), "prepared");
    if (said.version !== EDITS_VERSION) return found;
    const scripts = object(said.scripts, "prepared.scripts");
    for (const [path, script] of Object.entries(scripts)) {
      if (!Array.isArray(script)) continue;
      const [isErasable, edits] = script as readonly unknown[];
      if (typeof edits !== "string") continue;
      found.set(path, { isErasable: isErasable === true, edits });
    }
  } catch {
    // Torn, or somebody else's.
    found.clear();
  }
  return found;
}
