/** What an upgrade does about timers, loops and chains of waits that requests have left behind and that would run the old
 * code: it is refused; a way back ends the timers, as it must not fail for them.
 *
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";
import { performance } from "../../base/platform/globals.ts";
import type { Refusal } from "../../base/refusal.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { originalOf } from "../../modules/live/calls_as_work.ts";
import type { AppProcess } from "../../process/process.ts";
import type { LeftWait } from "../../modules/left/left_waits.ts";
import type { LeftTimer } from "../../process/timers/left_timers.ts";
import { usesAround } from "../../state/classes/free_names.ts";
import type { NamesOf } from "../planning/names_of.ts";

/** What is known of the upgrade. */
export interface LeftBehindContext {
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

/** Something that would go on with the old code. */
interface Old {
  /** The module whose code it is. */
  readonly path: string;
  /** Its line; 0 where nobody knows it. */
  readonly line: number;
  readonly why: string;
}

interface OldLeft extends Old {
  readonly left: LeftWait | LeftTimer;
}

const OTHER_TEXT = "its text is not in the new code";
const WAITS = /^(?:async )?(?:function )?\(\) \{ \[native code\] \}$/;
/** So long what is nobody's is given to turn out to be that of a request that ends. */
const PATIENCE_MS = 500;
const POLL_MS = 10;

/** The part of an upgrade that concerns what requests have left behind. */
export class LeftBehindChange {
  readonly #appProcess: AppProcess;
  readonly #context: LeftBehindContext;
  #old: readonly OldLeft[] = [];

  /**
   * @param appProcess what runs in this process
   * @param context what is known of the upgrade
   */
  constructor(appProcess: AppProcess, context: LeftBehindContext) {
    this.#appProcess = appProcess;
    this.#context = context;
  }

  /** Looks at them while the old code goes on. Throws with a refusal for each module whose code they run. */
  async ahead(): Promise<void> {
    const { isWayBack, goingOn } = this.#context;
    if (isWayBack) return;
    // Streams that are open set timers and begin waits of which nobody knows whose they are: they are counted as work that
    // did not end, and requests that are short must not hide others. What is still to be done may be done soon.
    const until = performance.now() + PATIENCE_MS;
    while (
      performance.now() < until &&
      this.#judged().some(({ left }) =>
        "callback" in left ? left.isOfNobody && goingOn() > 0 : true
      )
    ) await pause(POLL_MS);
    this.#refuse();
  }

  /** Looks at them again in the turn of the swap. Throws with a refusal for each module whose code they run. */
  rest(): void {
    if (this.#context.isWayBack) this.#old = this.#counting();
    else this.#refuse();
  }

  /** Ends the timers of the code that a way back takes out. Returns how much else goes on with that code. */
  finish(): number {
    const { timers, logger } = this.#appProcess;
    let goOn = 0;
    for (const { left, path, line, why } of this.#old) {
      if ("callback" in left) timers.left.end(left);
      else {
        goOn++;
        // It has been told of, and the code that comes next has nothing to do with it.
        left.forget();
        logger.warn(`${path}:${line} ${why}: a way back cannot end it`);
      }
    }
    return goOn;
  }

  #refuse(): void {
    const refusals = new Map<string, Refusal>();
    for (const { path, line, why } of this.#counting()) {
      if (refusals.has(path)) continue;
      refusals.set(path, {
        rule: "timer",
        path,
        line,
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
      `Cannot replace ${first.path}${
        first.line > 0 ? `:${first.line}` : ""
      }: it ${first.why}; ${first.remedy}, or let it go on as it is (consent "${first.consent}")`,
      { refusals: [...refusals.values()] },
    );
  }

  /** Those that count now. */
  #counting(): OldLeft[] {
    const isWorking = this.#context.goingOn() > 0;
    return this.#judged().filter(({ left }) => !left.isOfNobody || !isWorking);
  }

  #judged(): OldLeft[] {
    const { drainMs, consent } = this.#context;
    const { modules: { waits }, timers } = this.#appProcess;
    const old: OldLeft[] = [];
    const add = <Left extends LeftWait | LeftTimer>(
      all: Iterable<Left>,
      judge: (
        left: Left,
        appProcess: AppProcess,
        context: LeftBehindContext,
      ) => Old | null,
    ) => {
      for (const left of all) {
        const found = judge(left, this.#appProcess, this.#context);
        if (found === null || consent.has(consentTo(found.path))) continue;
        old.push({ left, ...found });
      }
    };
    add(waits.left(), judgeWait);
    add(timers.left.left(drainMs), judgeTimer);
    return old;
  }
}

/** What an app consents to where timers and loops of a module go on as they are. */
function consentTo(path: string): string {
  return `timers:${path}`;
}

function judgeWait(
  { url, text, name, line }: LeftWait,
  { modules }: AppProcess,
  context: LeftBehindContext,
): Old | null {
  const path = modules.table?.pathOf(url) ?? null;
  if (path === null || !context.replaced.includes(path)) return null;
  const old = text === null
    ? OTHER_TEXT
    : name === null
    ? whyOld(text, `async () => {${text}}`, path, context)
    // The next turn is one of the same function.
    : context.has(text)
    ? ofOldCode(name)
    : OTHER_TEXT;
  const where = name === null ? "a loop" : `${name}(), which leads to itself,`;
  return old === null ? null : {
    path,
    line,
    why:
      `is in ${where} on behalf of a request that is over, and would go on with the old code (${old})`,
  };
}

function judgeTimer(
  { callback, places, repeats, isChained }: LeftTimer,
  { modules }: AppProcess,
  context: LeftBehindContext,
): Old | null {
  // Whoever sets it, or hands on what it runs, is on the stack; looking at the texts of all modules would take long.
  const among = places.filter((it) => context.replaced.includes(it));
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
    const old = whyOld(text, text, path, context);
    return old === null ? null : {
      path,
      line: 0,
      why:
        `has set ${what} for a request that is over, which would go on with the old code (${
          callback.name || "a function"
        }: ${old})`,
    };
  }
  // What it resumes shows no text, but has set it.
  const waits = isChained || WAITS.test(text);
  return waits && context.replaced.includes(place)
    ? {
      path: place,
      line: 0,
      why:
        "waits in a loop or for long on behalf of a request that is over, and would go on with the old code",
    }
    : null;
}

/** Why something would go on with the old code; null where all of it is in the new code, or follows it. */
function whyOld(
  text: string,
  asFunction: string,
  path: string,
  { has, names }: LeftBehindContext,
): string | null {
  if (!has(text)) return OTHER_TEXT;
  const name = oldName(asFunction, path, names);
  return name && ofOldCode(name);
}

function ofOldCode(name: string): string {
  return `${name} is that of the old code`;
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
