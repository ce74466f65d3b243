/** One upgrade of a running program: what was known before, what happened, and what the law says of it.
 * @module
 */
import type { AppProcess } from "./driver.ts";
import type { Added, Load } from "./load.ts";
import { underLoad } from "./load_verdict.ts";
import type { HolderModel, Release } from "./program/model.ts";
import * as observe from "./observe.ts";
import type { Outcome } from "./outcome.ts";
import { type PlantedBug, tampered } from "./planted.ts";
import { expectedStates, type SavedStates } from "./state_model.ts";

/** What a process answers at rest. */
export interface Before {
  readonly answers: observe.Answers;
  readonly beats: string;
  readonly states: Readonly<Record<string, SavedStates>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** An upgrade that is over. */
export interface Attempt {
  readonly hot: AppProcess;
  readonly old: Release;
  readonly next: Release;
  readonly before: Before;
  readonly load: Load;
  /** When its end was told. */
  readonly settled: number;
  readonly planted: PlantedBug | undefined;
}

/** Looks at a process before it is upgraded. */
export async function lookBefore(
  hot: AppProcess,
  old: Release,
): Promise<Before> {
  return {
    answers: await observe.answersOf(hot, old),
    beats: await observe.beatsAtRest(hot),
    states: await observe.statesOf(hot, old),
    variables: await observe.variablesOf(hot, old),
  };
}

/** Where the new code is in: it must answer as a fresh process with the same state. */
export async function judgeNew(
  { hot, old, next, before, load, settled, planted }: Attempt,
  fresh: AppProcess,
): Promise<string[]> {
  const violations: string[] = [];
  const beatsFresh = await beatsOnceUp(fresh, next);
  await observe.serversUp(hot, next);
  await tampered(planted, hot, old, next);
  violations.push(...await restore(fresh, old, next, before, load.added));
  const variables = await observe.variablesOf(hot, next);
  for (const { piece, startsAnew } of next.variables) {
    if (!(piece in before.variables)) continue;
    violations.push(
      ...variableLost(
        piece,
        before.variables[piece],
        variables[piece],
        startsAnew,
      ),
    );
  }
  for (const { piece } of next.variables) {
    await fresh.call(`${piece}_restore`, variables[piece]);
  }
  // What came with this release has had no calls yet; both get them now.
  const had = new Set(old.given.map(({ name }) => name));
  await give(hot, next, (name) => !had.has(name));
  await give(fresh, next);
  const answers = await observe.answersOf(fresh, next);
  return [
    ...violations,
    ...observe.differences("runs by itself", {
      beats: await observe.beatsLike(hot, beatsFresh),
    }, { beats: beatsFresh }),
    ...observe.differences(
      "answer",
      await observe.answersOf(hot, next),
      answers,
    ),
    ...observe.differences(
      "state",
      await observe.statesOf(hot, next),
      await observe.statesOf(fresh, next),
    ),
    ...observe.differences(
      "change",
      await observe.changesOf(hot, next),
      await observe.changesOf(fresh, next),
    ),
    ...underLoad(load.seen, before.answers, answers, settled),
  ];
}

/** What callers are answered while the new code is in, although it is taken out again. */
export async function answersMeanwhile(
  { old, next, before }: Attempt,
  twin: AppProcess,
): Promise<observe.Answers> {
  await restore(twin, old, next, before, []);
  await give(twin, next);
  return await observe.answersOf(twin, next);
}

/** Gives a fresh process the state that the running one must have. */
async function restore(
  fresh: AppProcess,
  old: Release,
  next: Release,
  { states }: Before,
  added: readonly Added[],
): Promise<string[]> {
  const violations: string[] = [];
  for (const holder of old.holders) {
    const { piece } = holder;
    const after = next.holders.find((other) => other.piece === piece);
    if (after) {
      const wanted = expectedStates(states[piece]!, added, holder, after);
      await fresh.call(`${piece}_restore`, wanted);
    } else violations.push(`state of ${piece} is gone, and nobody consented`);
  }
  return violations;
}

/**
 * Where the new code was never in, or has been taken out: all must be as before.
 *
 * @param met what callers may have been answered by the new code until its end was told: after health they met it.
 * Null where they must not have met it
 */
export async function judgeOld(
  { hot, old, next, before, load, settled, planted }: Attempt,
  end: string,
  met: observe.Answers | null,
  fresh: AppProcess | undefined,
): Promise<string[]> {
  await observe.serversUp(hot, old);
  await tampered(planted, hot, old, next, { fresh });
  const states: Record<string, SavedStates> = {};
  for (const holder of old.holders) {
    states[holder.piece] = expectedBack(
      before.states[holder.piece]!,
      load,
      holder,
      met && next.holders.find(({ piece }) => piece === holder.piece),
    );
  }
  const variables = await observe.variablesOf(hot, old);
  const as = (what: string) => `as before, after ${end}: ${what}`;
  return [
    ...observe.differences(as("runs by itself"), {
      beats: await observe.beatsLike(hot, before.beats),
    }, { beats: before.beats }),
    ...observe.differences(
      as("answer"),
      await observe.answersOf(hot, old),
      before.answers,
    ),
    ...observe.differences(
      as("state"),
      await observe.statesOf(hot, old),
      states,
    ),
    ...met
      // The way back from probation is an upgrade: what may start anew has done so.
      ? old.variables.flatMap(({ piece, startsAnew }) =>
        variableLost(
          piece,
          before.variables[piece],
          variables[piece],
          startsAnew,
        )
      )
      : observe.differences(as("variable"), variables, before.variables),
    ...underLoad(
      load.seen,
      before.answers,
      before.answers,
      settled,
      met ?? undefined,
    ),
  ];
}

/** There and back: callers have changed it by the code that was in. */
function expectedBack(
  before: SavedStates,
  { added }: Load,
  old: HolderModel,
  next: HolderModel | null | undefined,
): SavedStates {
  if (!next || next.steps.length === old.steps.length) {
    return expectedStates(before, added, old, old);
  }
  return expectedStates(
    expectedStates(before, added, old, next),
    [],
    next,
    old,
  );
}

/** Brings what has no state to export into the state in which it is compared. */
export async function give(
  app: AppProcess,
  release: Release,
  to: (name: string) => boolean = () => true,
): Promise<void> {
  for (const { name, args } of release.given) {
    if (to(name)) await app.call(name, ...args);
  }
}

/** Whether the new code stays although it failed: there was no way back from its probation. */
export const stays = (outcome: Outcome): boolean =>
  outcome.state === "failed" && outcome.phase === "probation" &&
  (outcome.message ?? "").includes("so it stays");

function variableLost(
  piece: string,
  before: unknown,
  after: unknown,
  startsAnew: boolean,
): string[] {
  return after === before || (startsAnew && after === 0) ? [] : [
    `variable of ${piece} was ${before} and is ${after}, and nothing names it`,
  ];
}

/** What a fresh process does by itself once its servers listen. Its end, if the release is broken, is told by `ended`. */
async function beatsOnceUp(
  fresh: AppProcess,
  release: Release,
): Promise<string> {
  try {
    await observe.serversUp(fresh, release);
    return await observe.beatsAtRest(fresh);
  } catch (error) {
    if (fresh.ended) return "";
    throw error;
  }
}
