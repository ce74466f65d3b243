/** What the machines run, judged against the pointer or against each other: data, without any asking.
 * @module
 */
import { isPastBudget, memoryOf } from "@flyhot/runtime/plan";
import {
  fingerprint,
  type HotUpgrade,
  isUnread,
  type MachineInfo,
  type MachineResult,
  parseImageRef,
  type Pointer,
  sameImage,
} from "@flyhot/runtime/protocol";
import { EXIT_CODES } from "../errors.ts";
import { type AppMachine, restartHint } from "../fly/fleet.ts";
import {
  type AbandonedProbation,
  describeAbandoned,
  SETTLES,
} from "../rollout/pointer/abandoned.ts";
import { type OwnWords, wantedOf } from "./own_words.ts";
import { oneLine } from "../ui/format.ts";
import { retainedWords, upgradesLeftWords } from "../ui/memory_words.ts";

/**
 * How one machine stands: it runs what it should (`up_to_date`, `base_image`), older code (`behind`), older code until
 * its wave comes (`waiting`), it is about to run (`starting`), at rest (`applies_at_next_start`), out of reach
 * (`unreachable`), started and deaf to everybody (`serves_nobody`), or does not say what it runs (`unknown`).
 */
export type StatusVerdict =
  | "up_to_date"
  | "base_image"
  | "behind"
  | "waiting"
  | "starting"
  | "applies_at_next_start"
  | "unreachable"
  | "serves_nobody"
  | "unknown";

/** What one machine runs. */
export interface MachineStatus {
  /** The machine's id. */
  readonly id: string;
  /** Its region. */
  readonly region: string;
  /** Its process group. */
  readonly group: string;
  /** The platform's word for its state. */
  readonly state: string;
  /** Its base image. */
  readonly image_ref: string;
  /** The hot upgrade that is in; null for none, or where it is not known. */
  readonly hot_upgrade: {
    readonly id: string;
    readonly version: string;
    readonly source_image_ref: string;
    readonly sha256: string;
    readonly deployed_at: string;
    readonly applied_at: string;
  } | null;
  /** What code runs, or null where it is not known. */
  readonly fingerprint: string | null;
  /** What code should run on its base image, or null where that is not known. */
  readonly current_fingerprint: string | null;
  /** Upgrades since its process started, or null where it is not known. */
  readonly upgrades: number | null;
  /** Replaced modules that cannot be freed. */
  readonly retained_modules: number | null;
  /** About how much memory they keep, in bytes, as in a plan. */
  readonly retained_bytes: number | null;
  /** Whether that is past the budget, so that a restart is recommended; null where it is not known. */
  readonly retained_budget_exceeded: boolean | null;
  /** How much memory they may keep, in bytes; null where it is not known. */
  readonly retained_budget_bytes: number | null;
  /** About how much an upgrade has kept so far, in bytes; null before the first one. */
  readonly upgrade_bytes: number | null;
  /** About how many more of these fit into the budget; null before the first one. */
  readonly upgrades_left: number | null;
  /** How it stands. */
  readonly verdict: StatusVerdict;
  /** More about the verdict, or null. */
  readonly detail: string | null;
  /** The one command that mends it, or null where nothing is wrong or no command does. */
  readonly remedy: string | null;
}

/** The answer of `flyhot status --json`. */
export interface StatusReport {
  /** The Fly app. */
  readonly app: string;
  /** What the machines were compared with. */
  readonly compared_with: "pointer" | "each other";
  /** The revision of the pointer, or null if it was not read or there is none. */
  readonly pointer_revision: number | null;
  /** The machines, by region and id. */
  readonly machines: readonly MachineStatus[];
  /** Upgrades that were left on probation by a deployer that is gone. */
  readonly abandoned: readonly AbandonedProbation[];
}

const WRONG: ReadonlySet<StatusVerdict> = new Set([
  "behind",
  "unreachable",
  "serves_nobody",
  "unknown",
]);

/**
 * The exit code that tells whether all is as it should be.
 *
 * @param report the status
 * @returns 0, or 7 where a machine does not run what it should or a probation was abandoned
 */
export function statusExitCode({ machines, abandoned }: StatusReport): number {
  return abandoned.length > 0 ||
      machines.some(({ verdict }) => WRONG.has(verdict))
    ? EXIT_CODES.incomplete
    : EXIT_CODES.ok;
}

/** A machine, and what its runtime said. */
export interface AskedMachine {
  /** The machine. */
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

/**
 * Judges the machines of an app.
 *
 * @param app the Fly app
 * @param asked the machines and what each said
 * @param pointer the pointer: null if there is none; undefined if it was not read, and they are compared with each other
 * @param abandoned upgrades that nobody watches any more. Default none
 * @param words what machines have said themselves of the release that they do not run. Default nothing
 * @returns the report
 */
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
  const judgment = judge(asked, all, pointer, word);
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
    verdict: judgment.verdict,
    detail: judgment.detail,
    remedy: judgment.remedy ?? remedyOf(machine, judgment, pointer),
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

function remedyOf(
  { id }: AppMachine,
  { verdict }: Judgment,
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

type Judgment = Pick<MachineStatus, "verdict" | "detail"> & {
  /** What mends it, where that is not what usually does. */
  readonly remedy?: string;
};

const RESTING = new Set(["stopped", "stopping", "suspended", "suspending"]);
const STARTING = new Set([
  "created",
  "creating",
  "starting",
  "restarting",
  "replacing",
  "updating",
]);

function judge(
  asked: AskedMachine,
  all: readonly AskedMachine[],
  pointer: Pointer | null | undefined,
  word: MachineResult | null,
): Judgment {
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

function judgeState({ state }: AppMachine): Judgment {
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
): Judgment {
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
): Judgment | null {
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
): Judgment {
  const newest = newestPeer(info, all);
  if (newest === null) return { verdict: "base_image", detail: null };
  if (info.hotUpgradeApplied && info.sha256 === newest.sha256) {
    return { verdict: "up_to_date", detail: null };
  }
  return { verdict: "behind", detail: `others run v${newest.version}` };
}

/** The newest upgrade on any machine of the same image. */
function newestPeer(
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

/**
 * Writes the report for people.
 *
 * @param report the report
 * @returns the text
 */
export function statusText(report: StatusReport): string {
  if (report.machines.length === 0) {
    return `==> Deployment Status\n\nNo machine runs ${report.app}: deploy it with: fly deploy`;
  }
  const blocks = report.machines.map((it) => {
    const lines = [
      `Machine: ${it.id} (${it.region}) [${it.state}]`,
      ...(it.group === "app" ? [] : [`  Group: ${it.group}`]),
      `  Image: ${deploymentOf(it.image_ref)}`,
    ];
    if (it.fingerprint !== null) {
      lines.push(`  Hot Upgrade: ${upgradeWords(it.hot_upgrade)}`);
      lines.push(`  Fingerprint: ${it.fingerprint}`);
    }
    const { mark, words } = verdictWords(it);
    lines.push(`  Status: ${mark} ${words}`);
    if ((it.retained_modules ?? 0) > 0) {
      lines.push(`  Retained: ${retainedWords(it)}`);
      const left = upgradesLeftWords(it.upgrades_left, it.upgrade_bytes);
      if (left !== "" && !it.retained_budget_exceeded) {
        lines.push(`  Memory: ${left}`);
      }
    }
    if (it.retained_budget_exceeded) {
      lines.push(
        `  Note: many replaced modules stay in memory; fly machine restart ${it.id}, or a cold deploy, frees them`,
      );
    }
    return lines.map(oneLine).join("\n");
  });
  const left = report.abandoned.map((it) => `✗ ${abandonedWords(it)}`);
  const mends = mendingWords(report);
  return [
    "==> Deployment Status",
    ...blocks,
    ...(left.length > 0 ? [left.join("\n")] : []),
    ...(mends.length > 0 ? [mends.join("\n")] : []),
  ].join("\n\n");
}

/**
 * Says what was left on probation, and what settles it.
 *
 * @param abandoned the upgrade
 * @returns one line
 */
export function abandonedWords(abandoned: AbandonedProbation): string {
  return `${oneLine(describeAbandoned(abandoned))}: settle it with: ${SETTLES}`;
}

/**
 * Says what mends machines; one that is behind while a rollout reaches it mends itself.
 *
 * @param report the report
 * @returns a line for each machine that something mends
 */
export function mendingWords(
  { machines }: Pick<StatusReport, "machines">,
): readonly string[] {
  return machines.flatMap(({ verdict, remedy, id }) =>
    remedy === null || verdict === "serves_nobody"
      ? []
      : [`If ${id} stays so: ${remedy}`]
  );
}

/**
 * The part of an image reference that people know an image by.
 *
 * @param imageRef the reference
 * @returns its tag, for example `deployment-01K95…`, else its digest, else all of it
 */
export function deploymentOf(imageRef: string): string {
  // Not an image at all: the digest of a working tree.
  if (imageRef.startsWith("local:")) return imageRef;
  try {
    const { tag, digest } = parseImageRef(imageRef);
    return tag ?? digest?.slice(0, 19) ?? imageRef;
  } catch {
    return imageRef === "" ? "unknown" : imageRef;
  }
}

/**
 * How a machine's verdict reads.
 *
 * @param status the machine
 * @returns a mark, its color, and words
 */
export function verdictWords(
  { verdict, detail, state }: Pick<
    MachineStatus,
    "verdict" | "detail" | "state"
  >,
): {
  readonly mark: string;
  readonly tone: "good" | "bad" | "warn" | "info" | "dim";
  readonly words: string;
} {
  const more = detail === null ? "" : `: ${oneLine(detail)}`;
  switch (verdict) {
    case "up_to_date":
      return {
        mark: "✓",
        tone: "good",
        words: `Up to date${detail === null ? "" : ` (${detail})`}`,
      };
    case "base_image":
      return { mark: "✓", tone: "good", words: "Running base image" };
    case "behind":
      return { mark: "✗", tone: "bad", words: `Behind${more}` };
    case "waiting":
      return { mark: "…", tone: "info", words: `Waiting${more}` };
    case "starting":
      return { mark: "…", tone: "info", words: "Starting" };
    case "applies_at_next_start":
      return {
        mark: "-",
        tone: "dim",
        words: state.startsWith("suspend")
          ? "Suspended: applies when it resumes"
          : "Stopped: applies at next start",
      };
    case "unreachable":
      return { mark: "!", tone: "warn", words: `Unreachable${more}` };
    case "serves_nobody":
      return { mark: "✗", tone: "bad", words: `Serves nobody${more}` };
    case "unknown":
      return { mark: "?", tone: "warn", words: `Unknown${more}` };
  }
}

function upgradeWords(upgrade: MachineStatus["hot_upgrade"]): string {
  return upgrade === null
    ? "None"
    : `v${upgrade.version} (from ${deploymentOf(upgrade.source_image_ref)})`;
}
