/** What evaluations of replaced modules have begun and nobody ends: sockets, streams, children and channels that would call the
 * old code beside what the new code begins. An upgrade is refused for it before anything of the new code runs.
 *
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import { performance } from "../../base/platform/globals.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { pause } from "../../base/waiting/pause.ts";
import { originalOf } from "../../modules/live/calls_as_work.ts";
import type { BegunHandler } from "../../process/left/left_handlers.ts";
import type { AppProcess } from "../../process/process.ts";
import type { UnpackedRelease } from "../../release/unpack/folders.ts";
import { consentTo } from "./left_behind.ts";
import { NATIVE } from "./left_judges.ts";

/** So long what may be over soon is given to be over. */
const PATIENCE_MS = 500;
const POLL_MS = 10;

/**
 * Refuses to replace modules whose evaluation has begun something that would go on.
 *
 * @param replaced the modules that are reloaded or gone
 * @param release the release; null for the base image
 * @param consent what the app and the operator consent to
 */
export async function refuseBegun(
  replaced: ReadonlySet<string>,
  release: UnpackedRelease | null,
  consent: ReadonlySet<string>,
  appProcess: AppProcess,
): Promise<void> {
  const { keep = [], startsAnew = [] } = release?.manifest.settings ?? {};
  const kept = new Map<string, unknown>();
  for (const [name, value] of appProcess.kept.values()) {
    if (keep.some(({ at }) => at === name)) kept.set(name, value);
  }
  const values = new Set(kept.values());
  const isDealtWith = ({ place, kept: maker, object }: BegunHandler) =>
    !replaced.has(place) || consent.has(consentTo(place)) ||
    values.has(object) || maker !== null && kept.has(maker) ||
    // What may be lost is lost with what it has begun; what a module ends itself is over then.
    startsAnew.some((it) => it.startsWith(`${place}#`)) ||
    (appProcess.hots.get(place)?.disposers.length ?? 0) > 0;
  const callsOld = ({ functions, isHidden }: BegunHandler) =>
    isHidden || functions.some((it) => isOf(it, replaced, appProcess));
  const { leftHandlers, modules: { waits }, tcpListeners } = appProcess;
  const isServed = tcpListeners.addresses.length > 0;
  const begun = () => [
    // Connections that the app accepts are known by themselves, and a pipe does not say whose it is.
    ...leftHandlers.begun().filter(({ isHidden }) => !isHidden || !isServed),
    ...waits.begun(isServed).map((it): BegunHandler => ({
      ...it,
      what: "a loop that reads",
      functions: [],
      isHidden: true,
    })),
  ];
  let left = begun().filter((it) => !isDealtWith(it) && callsOld(it));
  const until = performance.now() + PATIENCE_MS;
  while (left.length > 0 && performance.now() < until) {
    await pause(POLL_MS);
    const open = new Set(begun().map(({ object }) => object));
    left = left.filter(({ object }) => open.has(object));
  }
  if (left.length > 0) throw refusal(left);
}

/** Whether a function is one of some modules. */
function isOf(
  it: (...args: never[]) => unknown,
  among: ReadonlySet<string>,
  { modules }: AppProcess,
): boolean {
  const text = Function.prototype.toString.call(originalOf(it));
  return !NATIVE.test(text) && modules.makersOf(text, among).length > 0;
}

function refusal(left: readonly BegunHandler[]): UpgradeError {
  const refusals = new Map<string, Refusal>();
  for (const { place, what } of left) {
    if (refusals.has(place)) continue;
    refusals.set(place, {
      rule: "timer",
      path: place,
      line: 0,
      column: 0,
      subject: "",
      why:
        `has begun ${what} while it was evaluated, which would go on with the old code beside that of the new`,
      remedy: "close it in hot(import.meta).dispose()",
      consent: consentTo(place),
    });
  }
  const [first] = refusals.values();
  return new UpgradeError(
    "load",
    `Cannot replace ${first!.path}: it ${first!.why}; ${
      first!.remedy
    }, or let it go on as it is (consent "${first!.consent}")`,
    { refusals: [...refusals.values()] },
  );
}
