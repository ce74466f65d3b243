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
import { endOpen } from "../../process/left/end_open.ts";
import { leadTo } from "../../process/left/lead_to.ts";
import {
  type BegunHandler,
  CONNECTION,
} from "../../process/left/left_handlers.ts";
import type { AppProcess } from "../../process/process.ts";
import type { UnpackedRelease } from "../../release/unpack/folders.ts";
import { consentTo, NATIVE } from "./left_judges.ts";

type AnyFunction = (...args: never[]) => unknown;

/** So long what may be over soon is given to be over. */
const PATIENCE_MS = 500;
const POLL_MS = 10;

/** What is known of an upgrade that may end what the evaluations of replaced modules have begun, or is refused for it. */
export interface BegunContext {
  /** The modules that are reloaded or gone. */
  readonly replaced: ReadonlySet<string>;
  /** The release; null for the base image. */
  readonly release: UnpackedRelease | null;
  /** What the app and the operator consent to. */
  readonly consent: ReadonlySet<string>;
}

/** Refuses to replace modules whose evaluation has begun something that would go on. */
export async function refuseBegun(
  context: BegunContext,
  appProcess: AppProcess,
): Promise<void> {
  let left = [...begunOf(context, appProcess)];
  if (left.length === 0) return;
  const until = performance.now() + PATIENCE_MS;
  const isOld = (it: AnyFunction) => isOf(it, context.replaced, appProcess);
  // What is opened and listened to by packages leads to the old code behind what these hide.
  const leads = new Map<BegunHandler, boolean>();
  for (const it of left) {
    const callsOld = it.isHidden || it.functions.some(isOld) ||
      it.functions.length > 0 && await leadTo(
            it.objects,
            (it) =>
              typeof it === "function" && isOld(it as AnyFunction)
                ? "found"
                : "further",
          ) === true;
    leads.set(it, callsOld);
  }
  left = left.filter((it) => leads.get(it));
  while (left.length > 0 && performance.now() < until) {
    await pause(POLL_MS);
    const open = new Set(
      [...begunOf(context, appProcess)].map(({ object }) => object),
    );
    left = left.filter(({ object }) => open.has(object));
  }
  if (left.length > 0) throw refusal(left);
}

/**
 * Ends what the evaluations of code have begun that a way back takes out, as far as they have asked for it themselves: it
 * must not fail for that.
 */
export function endBegun(
  context: BegunContext,
  attempt: number,
  appProcess: AppProcess,
): void {
  for (const it of begunOf(context, appProcess)) {
    if (it.attempt === attempt) continue;
    if (it.opener !== null && context.replaced.has(it.opener)) {
      endOpen(it.object);
    }
  }
}

/** What evaluations of replaced modules have begun, and neither they nor what stays deals with. */
function* begunOf(
  { replaced, release, consent }: BegunContext,
  appProcess: AppProcess,
): Generator<BegunHandler> {
  const { keep = [], startsAnew = [] } = release?.manifest.settings ?? {};
  const kept = new Map<string, unknown>();
  for (
    const { key, value } of appProcess.kept.named(keep.map(({ at }) => at))
  ) {
    kept.set(key, value);
  }
  const values = new Set(kept.values());
  const { leftHandlers, modules: { waits }, tcpListeners } = appProcess;
  const begun = [...leftHandlers.begun()];
  const connected = new Set(
    begun.flatMap(({ what, place }) => what === CONNECTION ? [place] : []),
  );
  const isServed = tcpListeners.addresses.length > 0;
  const loops = waits.begun((it) => isServed && !connected.has(it));
  for (
    const it of [
      ...begun,
      ...loops.map((it): BegunHandler => ({
        ...it,
        what: "a loop that reads",
        functions: [],
        objects: [],
        opener: null,
        isHidden: true,
      })),
    ]
  ) {
    const isDealtWith = !replaced.has(it.place) ||
      consent.has(consentTo(it.place)) ||
      values.has(it.object) || it.kept !== null && kept.has(it.kept) ||
      // What may be lost is lost with what it has begun; what a module ends itself is over then.
      startsAnew.some((name) => name.startsWith(`${it.place}#`)) ||
      (appProcess.hots.get(it.place)?.disposers.length ?? 0) > 0;
    if (!isDealtWith) yield it;
  }
}

/** Whether a function is one of some modules. */
function isOf(
  it: AnyFunction,
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
