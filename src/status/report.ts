/** From what machines said to the status of an app: data, without any asking.
 * @module
 */
import {
  fingerprint,
  isPastBudget,
  type MachineInfo,
  type MachineResult,
  memoryOf,
  type Pointer,
} from "@flyhot/runtime/protocol";
import type { AbandonedProbation } from "../rollout/pointer/abandoned.ts";
import { type AskedMachine, judge, newestPeer } from "./judge.ts";
import { type OwnWords, wantedOf } from "./own_words.ts";
import type { MachineStatus, StatusReport } from "./status.ts";

/** Judges the machines of an app. */
export async function statusReport(
  app: string,
  asked: readonly AskedMachine[],
  pointer: Pointer | null | undefined,
  abandoned: readonly AbandonedProbation[] = [],
  words: OwnWords = new Map(),
): Promise<StatusReport> {
  return {
    app,
    compared_with: pointer === undefined ? "each other" : "pointer",
    pointer_revision: pointer?.revision ?? null,
    machines: await Promise.all(
      asked.map((it) =>
        statusOf(it, asked, pointer, words.get(it.machine.id) ?? null)
      ),
    ),
    abandoned,
  };
}

async function statusOf(
  asked: AskedMachine,
  all: readonly AskedMachine[],
  pointer: Pointer | null | undefined,
  word: MachineResult | null,
): Promise<MachineStatus> {
  const { machine, answer } = asked;
  const info = answer && "info" in answer ? answer.info : null;
  const memory = info && memoryOf(info);
  return {
    id: machine.id,
    region: machine.region,
    group: machine.group,
    state: machine.state,
    image_ref: info?.currentImageRef ?? machine.imageRef,
    hot_upgrade: info?.hotUpgradeApplied
      ? {
        id: info.id,
        version: info.version,
        source_image_ref: info.sourceImageRef,
        sha256: info.sha256,
        deployed_at: info.deployedAt,
        applied_at: info.appliedAt,
      }
      : null,
    fingerprint: info?.fingerprint ?? null,
    current_fingerprint: info && await currentFingerprint(info, all, pointer),
    upgrades: info?.upgrades ?? null,
    retained_modules: info?.retainedModules ?? null,
    retained_bytes: memory?.retainedBytes ?? null,
    retained_budget_exceeded: memory &&
      (info.retainedBudgetExceeded ?? isPastBudget(memory)),
    retained_budget_bytes: memory?.budgetBytes ?? null,
    upgrade_bytes: memory?.upgradeBytes ?? null,
    upgrades_left: memory?.upgradesLeft ?? null,
    ...judge(asked, all, pointer, word),
  };
}

async function currentFingerprint(
  info: MachineInfo,
  all: readonly AskedMachine[],
  pointer: Pointer | null | undefined,
): Promise<string> {
  if (pointer === undefined) {
    return (newestPeer(info, all) ?? info).fingerprint;
  }
  const wanted = wantedOf(pointer, info.currentImageRef);
  return await fingerprint(info.currentImageRef, wanted?.sha256 ?? null);
}
