/** What an upgrade does about timers, loops, chains of waits, listeners and functions that requests have left behind and that would
 * run the old code: it is refused; a way back ends the timers, as it must not fail for them.
 *
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";
import { performance } from "../../base/platform/globals.ts";
import type { Refusal } from "../../base/refusal.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import type { HandedFunction } from "../../modules/left/handed.ts";
import type { AppProcess } from "../../process/process.ts";
import type { KeptPlace } from "../../state/walk/kept_place.ts";
import { KeptWalk } from "../../state/walk/kept_walk.ts";
import type { UnpackedRelease } from "../../release/unpack/folders.ts";
import type { Prepared } from "../load_modules.ts";
import type { UpgradePlan } from "../planning/plan_upgrade.ts";
import { collectGarbage } from "../../process/left/collect_garbage.ts";
import { LeftAround } from "./left_around.ts";
import { judgeHanded } from "./left_handed.ts";
import {
  consentTo,
  type Follows,
  judgeHandler,
  judgeTimer,
  judgeWait,
  type Left,
  type LeftBehindContext,
  type Old,
} from "./left_judges.ts";

/** Functions that only classes can reach, and where. */
type HiddenFunctions = ReadonlyMap<HandedFunction["handed"], KeptPlace>;

interface OldLeft extends Old {
  readonly left: Left;
}

/** So long what is nobody's is given to turn out to be that of a request that ends. */
const PATIENCE_MS = 500;
const POLL_MS = 10;
const SLICE_MS = 4;

/** What the part of an upgrade that concerns what requests have left behind looks at. */
export function leftBehind(
  { reload, gone, names }: UpgradePlan,
  { staging, staged, kept }: Prepared,
  appProcess: AppProcess,
  about:
    & Pick<
      LeftBehindContext,
      "consent" | "isWayBack" | "drainMs" | "goingOn"
    >
    & { readonly release: UnpackedRelease | null },
): LeftBehindChange {
  const { table, keeping: { moved } } = appProcess.modules;
  const { release, ...context } = about;
  const { shared = [] } = release?.manifest.settings ?? {};
  return new LeftBehindChange(appProcess, {
    ...context,
    replaced: new Set([...reload, ...gone]),
    names,
    shared: new Set(shared),
    has: (text) => staging.newSource?.(text) === true,
    keepsFunctions: release?.manifest.settings?.keep?.some((it) =>
      it.functions === "keep"
    ) === true,
    going: () =>
      kept.going(),
    leadsOn: (named) =>
      moved.isIn(named, table!.current(named.place, staged.attempt)),
    whys: new Map(),
    makers: new Map(),
    follows: null,
    bound: new WeakSet(),
  });
}

/** The part of an upgrade that concerns what requests have left behind. */
export class LeftBehindChange {
  readonly #appProcess: AppProcess;
  readonly #context: LeftBehindContext;
  #old: readonly OldLeft[] = [];
  /** What leads to the old code by what it has around it. */
  #leading: readonly Old[] = [];
  #going: ReadonlySet<unknown> = new Set();

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
    const { handed, waits } = this.#appProcess.modules;
    handed.begin();
    waits.begin();
    await this.#settleHanded();
    if (isWayBack) return;
    this.#going = new Set(this.#context.going());
    const counts = ({ begunIn }: Left) => begunIn !== null || goingOn() === 0;
    this.#leading = await this.#aroundThem(counts);
    // Streams that are open set timers and begin waits of which nobody knows whose they are: they are counted as work that
    // did not end, and requests that are short must not hide others. What is still to be done may be done soon.
    const until = performance.now() + PATIENCE_MS;
    while (
      performance.now() < until &&
      this.#judged().some(({ left }) =>
        "callback" in left ? left.begunIn === null && goingOn() > 0 : true
      )
    ) await pause(POLL_MS);
    this.#refuse(this.#counting());
    // What led there may be over by now.
    if (this.#leading.length > 0) {
      this.#leading = await this.#aroundThem(counts);
    }
  }

  /** What leads to the old code by what it has around it, of all that goes on with the new code by itself. */
  async #aroundThem(counts: (left: Left) => boolean): Promise<Old[]> {
    const around = this.#around();
    this.#judged(true, (left) => counts(left) ? around.add : null);
    return await around.old();
  }

  #around(): LeftAround {
    return new LeftAround(this.#appProcess, this.#context);
  }

  /**
   * Looks at functions that only classes can reach and that nobody has seen being handed on, such as those in what a call
   * has returned. Throws with a refusal for each module that has made some.
   */
  async hidden(found: HiddenFunctions): Promise<void> {
    if (this.#context.isWayBack || found.size === 0) return;
    const around = this.#around();
    this.#refuse(this.#judgedHidden(found, around.add));
    this.#refuse(await around.old());
  }

  #judgedHidden(found: HiddenFunctions, follows: Follows | null): Old[] {
    const { consent, shared } = this.#context;
    const { moved } = this.#appProcess.modules.keeping;
    const all: Old[] = [];
    for (const [handed, { path: at, root: { name } }] of found) {
      // What evaluations have put there twice, they were allowed to.
      if (shared.has(name) || consent.has(`repeats:${name}`)) continue;
      const given: HandedFunction = {
        url: "",
        handed,
        to: [[]],
        isNamed: moved.hand(handed) !== null,
        isGiven: true,
        begunIn: null,
        maker: null,
        forget() {},
      };
      const context = { ...this.#context, follows };
      const old = judgeHanded(given, this.#appProcess, context);
      if (old === null || consent.has(consentTo(old.path))) continue;
      all.push({ ...old, why: `${old.why}, in ${at}` });
    }
    return all;
  }

  /** Collecting garbage keeps the event loop: only where something may be held that is of the old code. */
  async #settleHanded(
    isBefore: (begunIn: number | null) => boolean = () => true,
  ): Promise<void> {
    if (!await this.#mayHold(isBefore)) return;
    const { handed, waits } = this.#appProcess.modules;
    // Of those that begin meanwhile nobody can tell.
    const waiting = waits.settling();
    // What was looked at is there until the turn is over, and as long as the look goes on.
    await pause(0);
    await handed.settle(collectGarbage, waiting.isUnsure);
    waiting.settle();
  }

  async #mayHold(
    isBefore: (begunIn: number | null) => boolean,
  ): Promise<boolean> {
    const { modules: { handed, waits } } = this.#appProcess;
    const isLeft = waits.left().some((it) =>
      it.mayBeGarbage && isBefore(it.begunIn) &&
      judgeWait(it, this.#appProcess, this.#context) !== null
    );
    if (isLeft) return true;
    const around = this.#around();
    let endsAt = performance.now() + SLICE_MS;
    for (const it of handed.unsure()) {
      if (!isBefore(it.begunIn)) continue;
      const context = { ...this.#context, follows: around.add };
      if (judgeHanded(it, this.#appProcess, context)) return true;
      if (performance.now() < endsAt) continue;
      await pause(0);
      endsAt = performance.now() + SLICE_MS;
    }
    return (await around.old()).length > 0;
  }

  /** Looks at them again in the turn of the swap. Throws with a refusal for each module whose code they run. */
  rest(hidden: HiddenFunctions = new Map()): void {
    this.#going = new Set(this.#context.going());
    if (this.#context.isWayBack) this.#old = this.#counting(true);
    else {
      this.#refuse([
        ...this.#counting(true),
        ...this.#leading,
        ...this.#judgedHidden(hidden, null),
      ]);
    }
    this.#appProcess.modules.handed.judged();
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

  /**
   * Looks at what work has left behind that began before the swap, and went on after it. Throws with a refusal for each
   * module whose code it would run.
   */
  async since(): Promise<void> {
    const { isWayBack, keepsFunctions } = this.#context;
    if (isWayBack) return;
    const { serving } = this.#appProcess.generations;
    const isBefore = (begunIn: number | null) =>
      begunIn !== null && begunIn < serving;
    // Those that may stay in variables are not told from others any more.
    if (!keepsFunctions) await this.#settleHanded(isBefore);
    // What the new code has begun is its own.
    const leading = keepsFunctions
      ? []
      : await this.#aroundThem(({ begunIn }) => isBefore(begunIn));
    this.#refuse([
      ...this.#judged(!keepsFunctions).filter(({ left }) =>
        isBefore(left.begunIn)
      ),
      ...leading,
    ]);
  }

  #refuse(all: readonly Old[]): void {
    const refusals = new Map<string, Refusal>();
    for (const { path, line, why } of all) {
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

  /** Functions that somebody holds, but for what ends with the replaced modules. */
  *#heldOutside(): Generator<HandedFunction> {
    const { handed } = this.#appProcess.modules;
    if (handed.held().take(1).toArray().length === 0) return;
    const going = this.#going;
    const walk = new KeptWalk({
      wantsInstance: () => false,
      instance() {},
      function: (it) => handed.know(it),
    });
    for (const value of going) walk.add({ name: "", value });
    walk.run();
    for (const it of handed.held()) {
      const isOfGoing = it.to.every((beside) =>
        beside.some((by) => going.has(by))
      );
      if (!isOfGoing) yield it;
    }
  }

  /** Those that count now; who holds a function is looked for in between. */
  #counting(all = false): OldLeft[] {
    const isWorking = this.#context.goingOn() > 0;
    return this.#judged(all).filter(({ left }) =>
      left.begunIn !== null || !isWorking
    );
  }

  #judged(
    all = false,
    followsOf: (left: Left) => Follows | null = () => null,
  ): OldLeft[] {
    const { drainMs, consent } = this.#context;
    const { modules: { waits }, timers, leftHandlers } = this.#appProcess;
    const old: OldLeft[] = [];
    const add = <One extends Left>(
      all: Iterable<One>,
      judge: (
        left: One,
        appProcess: AppProcess,
        context: LeftBehindContext,
      ) => Old | null,
    ) => {
      for (const left of all) {
        const context = { ...this.#context, follows: followsOf(left) };
        const found = judge(left, this.#appProcess, context);
        if (found === null || consent.has(consentTo(found.path))) continue;
        old.push({ left, ...found });
      }
    };
    add(waits.left().filter((it) => !it.mayBeGarbage), judgeWait);
    add(timers.left.left(drainMs), judgeTimer);
    add(leftHandlers.left(), judgeHandler);
    if (all) add(this.#heldOutside(), judgeHanded);
    return old;
  }
}
