/** Rehearses an upgrade: does the upgraded process answer as a fresh one does?
 * @module
 */
import { refusalText } from "../../base/refusal.ts";
import { memoryOf } from "../../protocol/machine/retained_memory.ts";
import type { AppVersion } from "../app/app_version.ts";
import type { RunningApp } from "../running_app.ts";
import { startRunningApp } from "../start_app.ts";
import type { AppSettings } from "../test_app.ts";
import { TestAppError } from "../test_app_error.ts";
import { formatUpgradeReport, type UpgradeReport } from "../upgrade_report.ts";
import {
  differenceText,
  type RehearsalDifference,
} from "./comparing/compare.ts";
import {
  differencesBetween,
  failuresUnderLoad,
  refusedRequests,
  type Side,
  unevenState,
} from "./comparing/findings.ts";
import { DEFAULT_MASKS, type Mask, maskOf } from "./comparing/masks.ts";
import { type Played, Player } from "./play.ts";
import { parseRequests, type RehearsalRequest } from "./requests.ts";

/** Options of {@linkcode rehearse}. */
export interface RehearseOptions extends AppSettings {
  /** The version that runs now. */
  readonly from: AppVersion;
  /** The version that it is upgraded to. */
  readonly to: AppVersion;
  /** What the app is asked, as `parseRequests()` reads it or has read it. Default `GET /`. */
  readonly requests?: string | readonly RehearsalRequest[];
  /** What is put out of sight in both processes' answers, besides times, UUIDs and ULIDs. */
  readonly masks?: readonly (string | RegExp)[];
  /** What is consented to for the upgrade, as refusals name it, besides what deno.json says. */
  readonly consent?: readonly string[];
  /** How a fresh process of the new version is started, where that differs. */
  readonly fresh?: Partial<AppSettings>;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode rehearse} saw. */
export interface RehearsalReport {
  /**
   * How it ended. `same`: the upgraded process answers as a fresh one. `different`: it does not, or requests failed
   * while it was upgraded. `cold`: the upgrade was refused before anything happened. `failed`: it was tried, and did not
   * come through.
   */
  readonly outcome: "same" | "different" | "cold" | "failed";
  /** What differs; empty unless `different`. */
  readonly differences: readonly RehearsalDifference[];
  /** Why it was refused or failed, place by place. */
  readonly reasons: readonly string[];
  /** What may make the comparison say less, or more, than it seems to. */
  readonly notes: readonly string[];
  /** What the upgrade did. */
  readonly upgrade: UpgradeReport;
  /** How many requests were asked while it was upgraded. */
  readonly askedMeanwhile: number;
  /** About how much memory the modules keep that the upgrade replaced, in bytes. */
  readonly retainedBytes: number;
  /** The whole for the output of a test. */
  readonly text: string;
}

/**
 * Rehearses an upgrade: starts one version, plays requests, upgrades it while requests go on, plays them again, and
 * compares the answers with those of a fresh process of the other version that has been asked the same.
 *
 * @param options the versions, the requests, and how the app is run
 * @returns what was seen; differences and refusals are not thrown
 * @throws {TestAppError} if a version does not start or cannot be packed
 * @throws {RequestsError} if the requests cannot be read
 * @throws {SyntaxError} if a mask is not a regular expression
 *
 * @example
 * ```ts ignore
 * import { rehearse } from "@flyhot/runtime/testing";
 *
 * Deno.test("the upgrade leaves the app as a fresh start would", async () => {
 *   const { outcome, text } = await rehearse({
 *     from: { git: "main" },
 *     to: ".",
 *     requests: await Deno.readTextFile("requests.txt"),
 *     masks: ["visit-\\d+"],
 *   });
 *   if (outcome !== "same") throw new Error(text);
 * });
 * ```
 */
export async function rehearse(
  options: RehearseOptions,
): Promise<RehearsalReport> {
  const { signal = new AbortController().signal, fresh: settings } = options;
  const { requests = "GET /" } = options;
  const list = typeof requests === "string"
    ? parseRequests(requests)
    : requests;
  const masks = [...(options.masks ?? []).map(maskOf), ...DEFAULT_MASKS];
  signal.throwIfAborted();
  const hot = await upgradedSide(options, list, masks, signal);
  if (hot.upgrade.failure) return reportOf(hot, [], []);
  const failures = failuresUnderLoad(hot.before, hot.load, hot.lost);
  const freshApp = await startFresh({
    ...options,
    ...settings,
    from: options.to,
  });
  if ("why" in freshApp) {
    const difference = {
      number: 0,
      request: "start",
      what: "answer",
      upgraded: "it serves",
      fresh: freshApp.why,
    };
    return reportOf(hot, [...failures, difference], []);
  }
  const fresh = await freshSide(freshApp.app, list, masks, hot, signal);
  const refused = refusedRequests(fresh.after);
  return reportOf(
    hot,
    [...failures, ...differencesBetween(hot, fresh)],
    [
      ...(refused === null ? [] : [refused]),
      ...unevenState(hot.before, fresh.before),
      ...(hot.load.length === 0
        ? [
          "nothing was asked while it was upgraded: among the requests there is no GET that ends by itself",
        ]
        : []),
    ],
  );
}

/** The side that was upgraded. */
interface UpgradedSide extends Side {
  readonly upgrade: UpgradeReport;
  readonly load: readonly Played[];
  readonly lost: readonly Played[];
  /** The WebSockets that its clients had to open again. */
  readonly returned: readonly number[];
  readonly retainedBytes: number;
}

async function upgradedSide(
  options: RehearseOptions,
  requests: readonly RehearsalRequest[],
  masks: readonly Mask[],
  signal: AbortSignal,
): Promise<UpgradedSide> {
  await using app = await startRunningApp(options);
  const player = new Player(app.url, requests, signal);
  const upgraded = new AbortController();
  try {
    const before = await player.before();
    const release = await app.pack(options.to);
    const kept = memoryOf(await app.info()).retainedBytes;
    const loading = player.load(upgraded.signal);
    // It may be rejected before anybody waits for it.
    loading.catch(() => {});
    const upgrade = await app.publish(release, options.consent);
    upgraded.abort();
    const load = await loading;
    const { returned, lost } = await player.comeBack();
    return {
      upgrade,
      before,
      load,
      lost,
      returned,
      after: upgrade.failure ? [] : await player.after(),
      retainedBytes: memoryOf(await app.info()).retainedBytes - kept,
      masks,
      places: placesOf(app),
    };
  } finally {
    upgraded.abort();
    await player.close();
  }
}

/** What an upgraded process does and a fresh one cannot even start with is a difference like another. */
async function startFresh(
  options: RehearseOptions,
): Promise<{ readonly app: RunningApp } | { readonly why: string }> {
  try {
    return { app: await startRunningApp(options) };
  } catch (error) {
    if (!(error instanceof TestAppError)) throw error;
    return { why: error.message };
  }
}

async function freshSide(
  running: RunningApp,
  requests: readonly RehearsalRequest[],
  masks: readonly Mask[],
  hot: UpgradedSide,
  signal: AbortSignal,
): Promise<Side> {
  await using app = running;
  const player = new Player(app.url, requests, signal);
  try {
    const before = await player.before();
    await player.loadAs(hot.load);
    await player.comeBackAs(hot.returned);
    return {
      before,
      after: await player.after(),
      masks,
      places: placesOf(app),
    };
  } finally {
    await player.close();
  }
}

function placesOf(
  { url, folder, pid }: RunningApp,
): (readonly [string, string])[] {
  const { host, port } = new URL(url);
  return [
    [host, "<host>"],
    [`localhost:${port}`, "<host>"],
    [`0.0.0.0:${port}`, "<host>"],
    [folder, "<folder>"],
    [`"pid":${pid}`, `"pid":"<pid>"`],
  ];
}

function reportOf(
  { upgrade, load, retainedBytes }: UpgradedSide,
  differences: readonly RehearsalDifference[],
  notes: readonly string[],
): RehearsalReport {
  const { failure } = upgrade;
  const refusals = failure?.refusals ?? [];
  const reasons = refusals.length > 0
    ? refusals.map(refusalText)
    : failure
    ? [failure.message]
    : [];
  const outcome = failure
    ? refusals.length > 0 || failure.phase === "plan" ? "cold" : "failed"
    : differences.length > 0
    ? "different"
    : "same";
  return {
    outcome,
    differences,
    reasons,
    notes,
    upgrade,
    askedMeanwhile: load.length,
    retainedBytes,
    text: [
      `${outcome}: ${formatUpgradeReport(upgrade)}`,
      ...reasons,
      ...differences.map(differenceText),
      ...notes.map((note) => `note: ${note}`),
    ].join("\n"),
  };
}
