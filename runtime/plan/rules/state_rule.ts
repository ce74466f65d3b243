/** Refuses what would lose state without a word: every lost variable needs a name in `deno.json`.
 * @module
 */
import type { ReleaseSettings } from "../../protocol/manifest/release_settings.ts";
import type { Steps } from "../../base/in_slices.ts";
import type { Contact } from "../lookup/touched.ts";
import type { Reason } from "../reload/reload_set.ts";
import type { Consents } from "./consent.ts";
import type { Refusal } from "../../base/refusal.ts";
import { type LostState, stateIn } from "./lost_state.ts";
import type { View } from "../lookup/views.ts";

/** What becomes of the state of replaced modules. */
export interface StateVerdict {
  readonly refusals: readonly Refusal[];
  /** What is lost because the app says so. */
  readonly startsAnew: readonly string[];
}

/** What is needed to judge state. */
export interface StateInput {
  /** The modules that are replaced. */
  readonly reload: readonly string[];
  /** Loaded modules that nothing reaches any more. */
  readonly pruned: readonly string[];
  /** Why each of them is evaluated. */
  readonly reasons: ReadonlyMap<string, Reason>;
  /** Modules that are evaluated for the first time. */
  readonly fresh: readonly string[];
  readonly loaded: readonly string[];
  readonly running: View;
  readonly release: View;
  readonly settings: ReleaseSettings;
  readonly consents: Consents;
  /** Whether this process can keep values. */
  readonly canKeep: boolean;
  /** What functions have made, and while which modules were evaluated. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  /** What was judged as a value that stays, by `path#name`. */
  readonly kept: ReadonlySet<string>;
  /** Whether it leads back to code that this process ran before: what only newer code has ends with it. */
  readonly isWayBack: boolean;
}

/** Judges the state of replaced modules. */
export function* judgeState(input: StateInput): Steps<StateVerdict> {
  const { reload, pruned, settings, kept } = input;
  const named = new Set(settings.startsAnew);
  const refusals: Refusal[] = [];
  const startsAnew: string[] = [];
  let moved: ReadonlyMap<string, string> | null = null;
  const isPruned = new Set(pruned);
  const states = yield* stateIn(
    [...reload, ...pruned],
    input.loaded,
    input.running,
    input.made,
  );
  for (const state of states) {
    yield;
    const key = `${state.path}#${state.name}`;
    const around = state.inside && `${state.path}#${state.inside}`;
    if (around && (kept.has(around) || named.has(around))) continue;
    if (named.has(key)) startsAnew.push(key);
    else if (kept.has(key)) continue;
    else if (isPruned.has(state.path)) {
      // Only few releases take state away: nobody else looks for where it may be.
      moved ??= yield* movedNames(input);
      const to = moved.get(state.name);
      if (state.why === "handle" && !input.consents.take(`handle:${key}`)) {
        refusals.push(openHandle(state, key));
      } else if (to !== undefined) refusals.push(movedState(state, key, to));
    } else if (input.isWayBack && !isKnown(state, input.release)) {
      startsAnew.push(key);
    } else if (
      state.why !== "handle" || !input.consents.take(`handle:${key}`)
    ) {
      const { canKeep } = input;
      const isKeepable = canKeep && isInitializer(state, input.release);
      refusals.push(
        unnamed(state, key, contactOf(state.path, input.reasons), isKeepable),
      );
    }
  }
  return { refusals, startsAnew };
}

/** State of the same name in a module that is new, or has not had it: most likely it has only moved. */
function* movedNames(
  { fresh, release, reload, running, loaded, pruned }: StateInput,
): Steps<Map<string, string>> {
  const names = new Map<string, string>();
  const isPruned = new Set(pruned);
  const all = new Set([...fresh, ...loaded.filter((it) => !isPruned.has(it))]);
  const states = yield* stateIn([...fresh, ...reload], all, release);
  for (const { path, name } of states) {
    const before = running.analysis(path)?.names ?? [];
    if (!before.includes(name.split(".")[0]!)) names.set(name, path);
  }
  for (const path of [...fresh, ...reload]) {
    yield;
    const before = running.analysis(path)?.kept ?? [];
    for (const { name, state } of release.analysis(path)?.kept ?? []) {
      if (!state || before.some((it) => it.name === name)) continue;
      names.set(name, path);
    }
  }
  return names;
}

type Place = Pick<LostState, "path" | "line" | "column" | "name">;

function at({ path, line, column, name }: Place) {
  return { path, line, column, subject: name };
}

/** Whether the release has a variable of that name. */
function isKnown({ path, name }: LostState, release: View): boolean {
  const names = release.analysis(path)?.names ?? [];
  return names.includes(name.split(".")[0]!);
}

/** Whether the value can be kept by its name. */
function isInitializer({ path, name }: LostState, release: View): boolean {
  return release.analysis(path)?.kept?.some((it) => it.name === name) === true;
}

/** The touch by which a module came into the set, if nothing of it or of what it imports has changed. */
function contactOf(
  path: string,
  reasons: ReadonlyMap<string, Reason>,
): Contact | null {
  let at = reasons.get(path);
  while (at?.kind === "imports") at = reasons.get(at.of);
  return at?.kind === "touched" ? at.contact : null;
}

function unnamed(
  state: LostState,
  key: string,
  contact: Contact | null,
  isKeepable: boolean,
): Refusal {
  const refusal = lost(state, key, isKeepable);
  if (!contact) return refusal;
  const { path, name, by, line } = contact;
  return {
    ...refusal,
    why:
      `${refusal.why}: ${by}:${line} touches ${path}#${name} while it is evaluated`,
    remedy:
      `${refusal.remedy}, or, if that may happen a second time, "shared": ["${path}#${name}"]`,
  };
}

function lost(
  state: LostState,
  key: string,
  isKeepable: boolean,
): Refusal {
  const anew = `"startsAnew": ["${key}"]`;
  const remedy = isKeepable
    ? `add to "flyhot" in deno.json: "keep": ["${key}"] to keep it, or ${anew} to lose it`
    : `add to "flyhot" in deno.json: ${anew}`;
  const move = isKeepable ? "" : "move it into a holder, or ";
  switch (state.why) {
    case "handle":
      return {
        ...at(state),
        rule: "state",
        why: `is open (${state.detail}), and would be opened a second time`,
        remedy: isKeepable
          ? remedy
          : `close it in hot(import.meta).dispose(), or ${remedy}`,
        consent: `handle:${key}`,
      };
    case "instance":
      return {
        ...at(state),
        rule: "state",
        why: `holds what ${state.detail} has become, which would be lost`,
        remedy: `${move}${remedy}`,
      };
    default:
      return {
        ...at(state),
        rule: "state",
        why: `holds state (${state.detail}), which would be lost`,
        remedy: `${move}${remedy}`,
      };
  }
}

function openHandle(state: LostState, key: string): Refusal {
  return {
    ...at(state),
    rule: "state",
    why: `is open (${state.detail}), and nothing imports its module any more`,
    remedy:
      `close it in hot(import.meta).dispose(), or add to "flyhot" in deno.json: "startsAnew": ["${key}"]`,
    consent: `handle:${key}`,
  };
}

function movedState(state: LostState, key: string, to: string): Refusal {
  return {
    ...at(state),
    rule: "state",
    why: `holds state (${state.detail}), and would start empty in ${to}`,
    remedy:
      `let it stay in ${state.path}, move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["${key}"]`,
  };
}
