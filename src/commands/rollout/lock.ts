/** `flyhot lock`: who holds the deploy lock, and letting it go.
 * @module
 */
import type { DeployLock } from "@flyhot/runtime/protocol";
import { loadConfig, openBucket } from "../../config/load.ts";
import { requireApp } from "../../config/resolve.ts";
import { FlyhotError } from "../../errors.ts";
import { breakLock } from "../../rollout/lock/lock.ts";
import { describeLock, lockState } from "../../rollout/lock/decision.ts";
import { readLock, type StoredLock } from "../../rollout/lock/store.ts";
import { APP_FLAGS, BUCKET_FLAGS, placeIn } from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";

/** What `flyhot lock status --json` answers. */
interface LockReport {
  readonly app: string;
  /** `free` where nobody has it, `lapsed` where its holder did not renew it in time. */
  readonly state: "free" | "held" | "lapsed";
  /** The record in the bucket, or null where there never was one. */
  readonly lock: DeployLock | null;
}

/** `flyhot lock` */
export const lockCommand: Command = defineCommand({
  name: "lock",
  summary: SUMMARIES.lock,
  description: [
    "A deploy takes the lock, renews it and releases it; one that dies leaves it to lapse. Releasing a lock that is still held needs --force: its holder notices at the next renewal and stops.",
  ],
  argument: {
    name: "action",
    description: "status or release (default: status)",
  },
  flags: [
    ...APP_FLAGS,
    {
      name: "force",
      type: "boolean",
      description: "Release it even if its holder may still be at work",
    },
    ...BUCKET_FLAGS,
  ],
  examples: [
    { title: "Who holds it", command: "flyhot lock status" },
    {
      title: "After a deploy that was killed",
      command: "flyhot lock release --force",
    },
  ],
  async run(context) {
    const { flags, argument = "status", host, signal } = context;
    if (argument !== "status" && argument !== "release") {
      throw new FlyhotError(
        "usage",
        `Cannot read "${argument}": lock takes status or release`,
        {
          hint: "see: flyhot lock --help",
        },
      );
    }
    const config = await loadConfig(
      host,
      placeIn(flags),
    );
    const app = requireApp(config);
    const bucket = openBucket(config, host);
    const found = await readLock(bucket, app, signal);
    const before = reportOf(app, found);
    if (argument === "status" || before.state === "free") {
      context.answer({ text: lockText(before, found), json: before });
      return 0;
    }
    if (before.state === "held" && !flags.force) {
      throw new FlyhotError(
        "conflict",
        `Cannot release the deploy lock of ${app}: it is ${
          describeLock(found!.record, found!.date)
        }`,
        {
          hint:
            "wait for it, or if its holder is gone: flyhot lock release --force",
        },
      );
    }
    // As it was judged: whoever has taken it since keeps it.
    await breakLock(app, { bucket }, signal, found ?? undefined);
    const freed = await readLock(bucket, app, signal);
    const after = reportOf(app, freed);
    context.answer({ text: lockText(after, freed), json: after });
    return 0;
  },
});

/** Says where a lock stands. */
function reportOf(
  app: string,
  found: StoredLock | null,
): LockReport {
  const lock = found?.record ?? null;
  return { app, state: lockState(lock, found?.date ?? 0), lock };
}

function lockText(
  { app, state }: LockReport,
  found: StoredLock | null,
): string {
  if (state === "free" || !found) return `The deploy lock of ${app} is free\n`;
  return `The deploy lock of ${app} is ${
    describeLock(found.record, found.date)
  }\n`;
}
