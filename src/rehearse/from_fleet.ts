/** Where a rehearsal starts from if nobody says it: what the fleet runs, else the last tag.
 * @module
 */
import type { Pointer } from "@flyhot/runtime/protocol";
import { loadConfig, openBucket } from "../config/load.ts";
import { withDeadline } from "../base/deadline.ts";
import { FlyhotError, toFlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { readPointer } from "../rollout/pointer/pointer.ts";
import type { Repository, Version } from "./versions.ts";

const POINTER_MS_MAX = 10_000;

/** Finds the version that runs now. */
export async function runningVersion(
  repository: Repository,
  host: Host,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<Version> {
  const commit = await fleetCommit(host, note, signal);
  if (commit !== null) {
    try {
      const { id } = await repository.version(commit);
      return { id, name: `${commit.slice(0, 9)} (what the fleet runs)` };
    } catch (error) {
      if (!(error instanceof FlyhotError)) throw error;
      note(`The fleet runs ${commit}, which is not in this repository.`);
    }
  }
  const tag = await repository.lastTag();
  if (tag !== null) return await repository.version(tag);
  throw new FlyhotError(
    "usage",
    "Cannot tell what to rehearse from: the fleet does not say which commit it runs, and there is no tag",
    { hint: "name a git ref: flyhot rehearse main" },
  );
}

/** The commit of the newest upgrade that is applied; null where it does not say it. */
export function commitIn(pointer: Pointer | null): string | null {
  const [newest] = Object.values(pointer?.generations ?? {})
    .sort((a, b) => a.first_seen < b.first_seen ? 1 : -1);
  const upgrade = newest?.hot_upgrade;
  return upgrade?.state === "committed" ? upgrade.commit ?? null : null;
}

async function fleetCommit(
  host: Host,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const config = await loadConfig(host);
  const app = config.app.value;
  // Where nothing leads to the fleet, there is nothing to say about it.
  if (app === null || config.bucket.value === null) return null;
  if (config.accessKeyId.value === null) return null;
  try {
    const { pointer } = await withDeadline(
      POINTER_MS_MAX,
      () =>
        new FlyhotError(
          "network",
          `no answer within ${POINTER_MS_MAX / 1000} s`,
          { hint: "name the version that runs: flyhot rehearse <git ref>" },
        ),
      (deadline) => readPointer(openBucket(config, host), app, deadline),
      signal,
    );
    return commitIn(pointer);
  } catch (thrown) {
    signal.throwIfAborted();
    note(`What the fleet runs is not known: ${toFlyhotError(thrown).message}`);
    return null;
  }
}
