/** Writes what this machine says about an upgrade.
 * @module
 */
import { retry } from "../../base/waiting/retry.ts";
import {
  type Bucket,
  BucketError,
  getJson,
  putJson,
} from "../../bucket/bucket.ts";
import {
  type MachineResult,
  machineResultRecord,
  parseMachineResult,
} from "../../protocol/machine/machine_result.ts";
import { resultKey } from "../../protocol/object_keys.ts";

const RETRY = { attemptsMax: 5, firstMs: 200 };

/** Writes a result; only this machine writes to its key, so the newest write is the truth. */
export async function writeResult(
  bucket: Bucket,
  app: string,
  result: MachineResult,
): Promise<void> {
  const key = resultKey(app, result.upgrade_id, result.machine_id);
  const outcome = await retry(
    () => putJson(bucket, key, machineResultRecord(result), "always"),
    { ...RETRY, isUnsettled: ({ status }) => status !== "written" },
  );
  if (outcome.status === "written") return;
  throw new BucketError(
    "server",
    `Cannot write the result of upgrade ${result.upgrade_id} to ${
      bucket.url(key)
    }: ${"reason" in outcome ? outcome.reason : outcome.status}`,
  );
}

/** Reads what this machine has said about an upgrade before. */
export async function readResult(
  bucket: Bucket,
  app: string,
  upgradeId: string,
  machineId: string,
): Promise<MachineResult | null> {
  const read = await getJson(bucket, resultKey(app, upgradeId, machineId));
  return read.status === "found" ? parseMachineResult(read.value) : null;
}
