/** Refuses to go on where timers that requests have left behind would run the old code.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { originalOf } from "../../modules/calls_as_work.ts";
import type { LeftTimer } from "../../process/timers/left_timers.ts";
import { usesAround } from "../../state/classes/free_names.ts";
import type { NamesOf } from "../planning/names_of.ts";

/** What is needed to judge them. */
export interface LeftTimersInput {
  /** The timers. */
  readonly timers: Iterable<LeftTimer>;
  /** The modules that are reloaded or gone. */
  readonly replaced: readonly string[];
  /** The text of a function as its module has it. */
  readonly textOf: (callback: (...args: unknown[]) => unknown) => string;
  /** Whether a module that is replaced has a text. */
  readonly had: (path: string, text: string) => boolean;
  /** Whether the new code has a text. */
  readonly has: (text: string) => boolean;
  /** What names in a module stand for. */
  readonly names: NamesOf;
  /** What the app and the operator consent to. */
  readonly consent: ReadonlySet<string>;
}

const WAITS = /^(?:async )?(?:function )?\(\) \{ \[native code\] \}$/;

/** Refuses timers that go on with old code. Throws with a refusal for each module whose code they run. */
export function refuseLeftTimers(input: LeftTimersInput): void {
  const refusals = new Map<string, Refusal>();
  for (const timer of input.timers) {
    const found = judge(timer, input);
    if (found === null || refusals.has(found.path)) continue;
    const consent = `timers:${found.path}`;
    if (input.consent.has(consent)) continue;
    refusals.set(found.path, {
      rule: "timer",
      path: found.path,
      line: 0,
      column: 0,
      subject: "",
      why: found.why,
      remedy:
        "let it call a method of something that stays (() => room.tick()), or begin it once where a module is evaluated",
      consent,
    });
  }
  const [first] = refusals.values();
  if (!first) return;
  throw new UpgradeError(
    "load",
    `Cannot replace ${first.path}: it ${first.why}; ${first.remedy}, or let it go on as it is (consent "${first.consent}")`,
    { refusals: [...refusals.values()] },
  );
}

function judge(
  { callback, places, repeats, isChained }: LeftTimer,
  { replaced, textOf, had, has, names }: LeftTimersInput,
): { readonly path: string; readonly why: string } | null {
  // Whoever sets it, or hands on what it runs, is on the stack; looking at the texts of all modules would take long.
  const among = places.filter((it) => replaced.includes(it));
  if (among.length === 0) return null;
  const place = places.at(-1)!;
  const what = repeats ? "an interval" : "a timer";
  const text = textOf(originalOf(callback));
  for (const path of WAITS.test(text) ? [] : new Set(among)) {
    if (!had(path, text)) continue;
    const old = has(text) ? oldName(text, path, names) : "its text";
    if (old === null) return null;
    return {
      path,
      why:
        `has set ${what} for a request that is over, which would go on with the old code (${
          callback.name || "a function"
        }: ${
          old === "its text"
            ? "its text is not in the new code"
            : `${old} is that of the old code`
        })`,
    };
  }
  // What it resumes shows no text, but has set it.
  const waits = isChained || WAITS.test(text);
  return waits && replaced.includes(place)
    ? {
      path: place,
      why:
        "waits in a loop or for long on behalf of a request that is over, and would go on with the old code",
    }
    : null;
}

/** What a function uses that stays as the old code has it; null where all of it follows the new code. */
function oldName(text: string, path: string, names: NamesOf): string | null {
  for (const { name, isCalled } of usesAround(text)) {
    const kind = names(path, name);
    // Of what a function has around it, instances follow their classes; functions do not.
    if (kind === "replaced" || kind === "local" && isCalled) return name;
  }
  return null;
}
