/** What an upgrade does about timers that requests have left behind and that would run the old code: it is refused; a way
 * back ends them, as it must not fail for them.
 *
 * @module
 */
import { pause } from "../../base/pause.ts";
import { performance } from "../../base/platform/globals.ts";
import type { Refusal } from "../../base/refusal.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { originalOf } from "../../modules/calls_as_work.ts";
import type { AppProcess } from "../../process/process.ts";
import type { LeftTimer } from "../../process/timers/left_timers.ts";
import { usesAround } from "../../state/classes/free_names.ts";
import type { NamesOf } from "../planning/names_of.ts";

/** What is known of the upgrade. */
export interface LeftTimersContext {
  /** The modules that are reloaded or gone. */
  readonly replaced: readonly string[];
  /** What names in a module stand for. */
  readonly names: NamesOf;
  /** Whether the new code has a text. */
  readonly has: (text: string) => boolean;
  /** What the app and the operator consent to. */
  readonly consent: ReadonlySet<string>;
  /** Whether it leads back to code that ran before. */
  readonly isWayBack: boolean;
  /** How long work that began before has to end, in milliseconds. */
  readonly drainMs: number;
  /** How many of the requests that went on when the upgrade began still do. */
  readonly goingOn: () => number;
}

interface OldTimer {
  readonly timer: LeftTimer;
  readonly path: string;
  readonly why: string;
}

const WAITS = /^(?:async )?(?:function )?\(\) \{ \[native code\] \}$/;
/** So long a timer of nobody is given to turn out to be that of a request that ends. */
const PATIENCE_MS = 500;
const POLL_MS = 10;

/** The part of an upgrade that concerns timers that requests have left behind. */
export class LeftTimersChange {
  readonly #appProcess: AppProcess;
  readonly #context: LeftTimersContext;
  #old: readonly OldTimer[] = [];

  /**
   * @param appProcess what runs in this process
   * @param context what is known of the upgrade
   */
  constructor(appProcess: AppProcess, context: LeftTimersContext) {
    this.#appProcess = appProcess;
    this.#context = context;
  }

  /** Looks at them while the old code goes on. Throws with a refusal for each module whose code they run. */
  async ahead(): Promise<void> {
    const { isWayBack, goingOn } = this.#context;
    if (isWayBack) return;
    this.#refuse();
    // Streams that are open set timers of which nobody knows whose they are. They are counted as work that did not end;
    // requests that are short must not hide others.
    const until = performance.now() + PATIENCE_MS;
    while (
      goingOn() > 0 && performance.now() < until &&
      this.#judged().some(({ timer }) => timer.isOfNobody)
    ) await pause(POLL_MS);
  }

  /** Looks at them again in the turn of the swap. Throws with a refusal for each module whose code they run. */
  rest(): void {
    if (this.#context.isWayBack) this.#old = this.#counting();
    else this.#refuse();
  }

  /** Ends those of the code that a way back takes out. Returns how many. */
  finish(): number {
    const { left } = this.#appProcess.timers;
    for (const { timer } of this.#old) left.end(timer);
    return this.#old.length;
  }

  #refuse(): void {
    const refusals = new Map<string, Refusal>();
    for (const { path, why } of this.#counting()) {
      refusals.set(path, {
        rule: "timer",
        path,
        line: 0,
        column: 0,
        subject: "",
        why,
        remedy:
          "let it call a method of something that stays (() => room.tick()), or begin it once where a module is evaluated",
        consent: consentTo(path),
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

  /** Those that count now. */
  #counting(): OldTimer[] {
    const isWorking = this.#context.goingOn() > 0;
    return this.#judged().filter(({ timer }) =>
      !timer.isOfNobody || !isWorking
    );
  }

  #judged(): OldTimer[] {
    const { drainMs, consent } = this.#context;
    const old: OldTimer[] = [];
    const paths = new Set<string>();
    for (const timer of this.#appProcess.timers.left.left(drainMs)) {
      const found = judge(timer, this.#appProcess, this.#context);
      if (found === null || consent.has(consentTo(found.path))) continue;
      // The first of a module says it for all.
      if (!this.#context.isWayBack && paths.has(found.path)) continue;
      if (!timer.isOfNobody) paths.add(found.path);
      old.push({ timer, ...found });
    }
    return old;
  }
}

/** What an app consents to where timers of a module go on as they are. */
function consentTo(path: string): string {
  return `timers:${path}`;
}

function judge(
  { callback, places, repeats, isChained }: LeftTimer,
  { modules }: AppProcess,
  { replaced, has, names }: LeftTimersContext,
): { readonly path: string; readonly why: string } | null {
  // Whoever sets it, or hands on what it runs, is on the stack; looking at the texts of all modules would take long.
  const among = places.filter((it) => replaced.includes(it));
  if (among.length === 0) return null;
  const place = places.at(-1)!;
  const what = repeats ? "an interval" : "a timer";
  const text = modules.keeping.plain(
    Function.prototype.toString.call(originalOf(callback)),
  );
  const table = modules.table!;
  const had = (path: string) =>
    modules.hasText(
      text,
      (url) => table.isCurrent(url) && table.pathOf(url) === path,
    );
  for (const path of WAITS.test(text) ? [] : new Set(among)) {
    if (!had(path)) continue;
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
