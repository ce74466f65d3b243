/** Removing what no machine needs any more.
 * @module
 */
import {
  type Bucket,
  getJson,
  type ListedObject,
} from "@flyhot/runtime/bucket";
import {
  errorText,
  GENERATIONS_MAX,
  isReleaseKey,
  parsePointer,
  type Pointer,
  pointerKey,
  resultKey,
  unreadIn,
} from "@flyhot/runtime/protocol";
import type { RolloutDeps } from "./deps.ts";
import { PointerMover, readPointer } from "./pointer/pointer.ts";
import { withoutOldGenerations } from "./pointer/transitions.ts";
import { readReleased } from "./released.ts";

/** Of how many upgrades the results are kept. */
const RESULTS_KEPT = 5;

/** Picks the results that are older than the last upgrades. */
export function staleResults(
  keys: readonly string[],
  app: string,
  pointer: Pointer,
): string[] {
  const root = resultKey(app, "").slice(0, -1);
  const upgradeOf = (key: string) => key.slice(root.length).split("/")[0] ?? "";
  // ULIDs sort by time.
  const newest = [...new Set(keys.map(upgradeOf))].sort().slice(-RESULTS_KEPT);
  const kept = new Set([
    ...newest,
    ...Object.values(pointer.generations)
      .map(({ hot_upgrade }) => hot_upgrade?.id),
  ]);
  return keys.filter((key) => !kept.has(upgradeOf(key)));
}

/** Tells whether the pointer names a release, in an entry that can be read or in one that cannot. */
export function isNamed(key: string, pointer: Pointer): boolean {
  const named = Object.values(pointer.generations)
    .flatMap(({ hot_upgrade, history }) => [hot_upgrade, ...history])
    .some((upgrade) => upgrade?.key === key);
  return named || JSON.stringify(unreadIn(pointer)).includes(key);
}

/** What is younger is spared, in milliseconds: its pointer may not be written yet. */
const YOUNG_MS = 3_600_000;

/** What {@linkcode prune} works with; the bucket is to look at the lock before each removal. */
export type PruneDeps = Pick<
  RolloutDeps,
  "bucket" | "reporter" | "host" | "fleet"
>;

/**
 * Removes results, releases and generations that nothing refers to; trouble is only a note.
 *
 * The pointer is read again immediately before each removal: somebody may have taken the lock over by force, and be about
 * to name what was stale a moment ago.
 */
export async function prune(
  app: string,
  deps: PruneDeps,
  signal?: AbortSignal,
): Promise<number> {
  const { bucket, reporter } = deps;
  let removed = 0;
  try {
    await dropGenerations(app, deps, signal);
    const first = await current(app, bucket, signal);
    if (first === null) return 0;
    const results = await listed(
      bucket,
      resultKey(app, "").slice(0, -1),
      signal,
    );
    const stale = new Set(
      staleResults(results.map(({ key }) => key), app, first.pointer),
    );
    const releases = await listed(bucket, `releases/${app}-`, signal);
    const candidates = [
      ...results.filter(({ key }) => stale.has(key)),
      ...releases.filter(({ key }) => isReleaseKey(key)),
    ];
    for (const { key, lastModified } of candidates) {
      const isRelease = key.endsWith(".tar.gz");
      if (isYoung(lastModified, first.date)) continue;
      if (isRelease && isNamed(key, first.pointer)) continue;
      // The name of another app may begin like this one's.
      if (isRelease && (await readReleased(bucket, key, signal))?.app !== app) {
        continue;
      }
      if (!await isStillStale(app, key, bucket, signal)) continue;
      await bucket.delete(key, { signal });
      removed++;
    }
  } catch (error) {
    reporter.emit({
      type: "note",
      text: `Old objects are left: ${errorText(error)}`,
    });
  }
  return removed;
}

/** Looks once more at the object and the pointer: both may have changed since they were listed. */
async function isStillStale(
  app: string,
  key: string,
  bucket: Bucket,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [object] = (await listed(bucket, key, signal))
    .filter((each) => each.key === key);
  const now = await current(app, bucket, signal);
  if (!object || now === null || isYoung(object.lastModified, now.date)) {
    return false;
  }
  const isResult = Object.values(now.pointer.generations)
    .some(({ hot_upgrade }) =>
      hot_upgrade && key.startsWith(resultKey(app, hot_upgrade.id))
    );
  return !isResult && !isNamed(key, now.pointer);
}

/** Whether something is too young to be removed, by the bucket's own clock; what has no age is. */
function isYoung(lastModified: string, now: number | null): boolean {
  const written = Date.parse(lastModified);
  return now === null || Number.isNaN(written) || now - written < YOUNG_MS;
}

async function current(
  app: string,
  bucket: Bucket,
  signal: AbortSignal | undefined,
): Promise<{ pointer: Pointer; date: number | null } | null> {
  const dates: number[] = [];
  const found = await getJson(bucket, pointerKey(app), {
    signal,
    onDate: (date) => void dates.push(date),
  });
  if (found.status !== "found") return null;
  const pointer = parsePointer(found.value, { place: bucket });
  return { pointer, date: dates.at(-1) ?? null };
}

async function listed(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<ListedObject[]> {
  return await Array.fromAsync(bucket.list(prefix, { signal }));
}

/** Only who sees all machines can tell which generations are still run. */
async function dropGenerations(
  app: string,
  deps: PruneDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { pointer } = await readPointer(deps.bucket, app, signal);
  const count = Object.keys(pointer?.generations ?? {}).length;
  if (count <= GENERATIONS_MAX) return;
  const machines = await deps.fleet.list(signal);
  const images = machines.map(({ imageRef }) => imageRef);
  const now = new Date(deps.host.now()).toISOString();
  await new PointerMover(app, deps)
    .move(withoutOldGenerations(images, now), signal);
}
