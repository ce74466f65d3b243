/** What two releases say of state, as one.
 * @module
 */
import type { ReleaseSettings } from "../../protocol/manifest/release_settings.ts";

/**
 * What both say of state: what is lost is of the code that runs, whose own deno.json may have named it, and a way back
 * must not fail for a name. Where they differ, the release is right.
 */
export function bothSettings(
  said: ReleaseSettings,
  before: ReleaseSettings,
): ReleaseSettings {
  const lost = new Set(said.startsAnew);
  const keep = [
    ...said.keep,
    ...before.keep.filter(({ at }) =>
      !lost.has(at) && !said.keep.some((it) => it.at === at)
    ),
  ];
  const kept = new Set(keep.map(({ at }) => at));
  return {
    ...said,
    keep,
    startsAnew: [
      ...lost.union(
        new Set(before.startsAnew.filter((name) => !kept.has(name))),
      ),
    ],
  };
}
