/** What the functions of the library work with.
 * @module
 */
import type { Host } from "../host.ts";
import type { Reporter } from "./reporter.ts";
import { silentReporter } from "./reporters/text_reporter.ts";

/** What `plan()`, `status()` and `doctor()` work with. */
export interface AppDeps {
  /** The outside; the app's folder is its working folder. */
  readonly host: Host;
  /** Told of what happens. Default nobody. */
  readonly reporter?: Reporter;
}

/** Who is told what happens. */
export function reporterOf({ reporter }: AppDeps): Reporter {
  return reporter ?? silentReporter;
}
