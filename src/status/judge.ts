/** The verdict on one machine: what it runs, against the pointer or against its peers.
 * @module
 */
import {
  type HotUpgrade,
  isUnread,
  type MachineInfo,
  type MachineResult,
  type Pointer,
  sameImage,
} from "@flyhot/runtime/protocol";
import { type AppMachine, restartHint } from "../fly/fleet/fleet.ts";
import { SETTLES } from "../rollout/pointer/abandoned.ts";
import { wantedOf } from "./own_words.ts";
import type { MachineStatus, StatusVerdict } from "./status.ts";

/** A machine, and what its runtime said. */
export interface AskedMachine {
  readonly machine: AppMachine;
  /** The runtime's answer, why there is none, or null if it was not asked because it does not run. */
  readonly answer:
    | { readonly info: MachineInfo }
    | {
      /** Why there is none. */
      readonly problem: string;
      /** Whether the machine could not be reached at all. */
      readonly unreachable: boolean;
      /** Whether it is started and its process answers nobody. */
      readonly servesNobody?: boolean;
    }
    | null;
}

/** A verdict on one machine, and more about it. */
type Judgment = Pick<MachineStatus, "verdict" | "detail" | "remedy">;

type Verdict = Pick<MachineStatus, "verdict" | "detail"> & {
  /** What mends it, where that is not what usually does. */
  readonly remedy?: string;
};

/**
 * Judges one machine; the pointer is undefined where it was not read, `word` is what the machine itself says of the release
 * that it does not run.
 */
export function judge(
  asked: AskedMachine,
  all: readonly AskedMachine[],
  pointer: Pointer | null | undefined,
  word: MachineResult | null,
): Judgment {
  const { verdict, detail, remedy } = verdictOn(asked, all, pointer, word);
  return {
    verdict,
    detail,
    remedy: remedy ?? usualRemedy(asked.machine, verdict, pointer),
  };
}

const RESTING = new Set(["stopped", "stopping", "suspended", "suspending"]);
const STARTING = new Set([
  "created",
  "creating",
  "starting",
  "restarting",
  "replacing",
  "updating",
]);

function verdictOn(
  asked: AskedMachine,
  all: readonly AskedMachine[],
  pointer: Pointer | null | undefined,
  word: MachineResult | null,
): Verdict {
  if (asked.answer === null) return judgeState(asked.machine);
  if ("problem" in asked.answer) {
    const { problem, unreachable, servesNobody } = asked.answer;
    if (servesNobody) {
      return {
        verdict: "serves_nobody",
        detail: restartHint(asked.machine.id),
      };
    }
    return {
      verdict: unreachable ? "unreachable" : "unknown",
      detail: problem,
    };
  }
  const { info } = asked.answer;
  if (pointer === undefined) return judgeByPeers(info, all);
  const wanted = wantedOf(pointer, info.currentImageRef);
  if (wanted === null && isUnread(pointer, info.currentImageRef)) {
    return {
      verdict: "unknown",
      detail: "the pointer's entry of its image cannot be read",
      remedy: SETTLES,
    };
  }
  return judgeByPointer(info, wanted, asked, word);
}

function judgeState({ state }: AppMachine): Verdict {
  if (RESTING.has(state)) {
    return { verdict: "applies_at_next_start", detail: null };
  }
  if (STARTING.has(state)) return { verdict: "starting", detail: null };
  return { verdict: "unknown", detail: `its state is ${state}` };
}

function judgeByPointer(
  info: MachineInfo,
  wanted: HotUpgrade | null,
  { machine }: AskedMachine,
  word: MachineResult | null,
): Verdict {
  const running = info.hotUpgradeApplied ? info.sha256 : null;
  const wantedSha = wanted?.sha256 ?? null;
  if (running === wantedSha) {
    if (running === null) return { verdict: "base_image", detail: null };
    return {
      verdict: "up_to_date",
      detail: wanted?.state === "probation" ? "on probation" : null,
    };
  }
  if (wanted === null || wantedSha === null) {
    return { verdict: "behind", detail: "the base image is current" };
  }
  if (
    wanted.state === "probation" && wanted.wave !== "*" &&
    !wanted.wave.includes(machine.id)
  ) {
    return {
      verdict: "waiting",
      detail: `v${wanted.version} is on probation elsewhere`,
    };
  }
  return judgeByWord(word, machine) ??
    { verdict: "behind", detail: `v${wanted.version} is current` };
}

/** A machine that has given the release up takes it at no start again, until the pointer names another. */
function judgeByWord(
  word: MachineResult | null,
  { id }: AppMachine,
): Verdict | null {
  if (word === null || word.failure === null) return null;
  const { version, state, failure: { phase, message } } = word;
  return state === "pending"
    ? {
      verdict: "behind",
      detail: `v${version} is current, and tried again there: ${message}`,
      remedy: `fly logs --machine ${id}`,
    }
    : {
      verdict: "behind",
      detail: `v${version} failed there in ${phase}: ${message}`,
      remedy: SETTLES,
    };
}

function judgeByPeers(
  info: MachineInfo,
  all: readonly AskedMachine[],
): Verdict {
  const newest = newestPeer(info, all);
  if (newest === null) return { verdict: "base_image", detail: null };
  if (info.hotUpgradeApplied && info.sha256 === newest.sha256) {
    return { verdict: "up_to_date", detail: null };
  }
  return { verdict: "behind", detail: `others run v${newest.version}` };
}

function usualRemedy(
  { id }: AppMachine,
  verdict: StatusVerdict,
  pointer: Pointer | null | undefined,
): string | null {
  switch (verdict) {
    case "serves_nobody":
      return `fly machine restart ${id}`;
    case "behind":
      // Where only machines were compared, nobody knows what a start would apply.
      return pointer === undefined ? null : `fly machine restart ${id}`;
    case "unknown":
      return `fly logs --machine ${id}`;
    default:
      return null;
  }
}

/** The newest upgrade on any machine of the same image; null where none has any. */
export function newestPeer(
  info: MachineInfo,
  all: readonly AskedMachine[],
): Extract<MachineInfo, { hotUpgradeApplied: true }> | null {
  let newest: Extract<MachineInfo, { hotUpgradeApplied: true }> | null = null;
  for (const { answer } of all) {
    if (!answer || !("info" in answer)) continue;
    const peer = answer.info;
    if (!peer.hotUpgradeApplied) continue;
    const { currentImageRef: other } = peer;
    const isSame = other === info.currentImageRef ||
      sameImage(other, info.currentImageRef);
    if (!isSame) continue;
    if (newest === null || peer.deployedAt > newest.deployedAt) newest = peer;
  }
  return newest;
}
