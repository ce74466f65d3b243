/** What would go on with the old code, of what requests have left behind.
 * @module
 */
import { originalOf } from "../../modules/live/calls_as_work.ts";
import type { NamedFunction } from "../../modules/left/moved_functions.ts";
import type { HandedFunction } from "../../modules/left/handed.ts";
import type { AppProcess } from "../../process/process.ts";
import type { LeftWait } from "../../modules/left/left_waits.ts";
import type { LeftHandler } from "../../process/left/left_handlers.ts";
import type { LeftTimer } from "../../process/timers/left_timers.ts";
import { usesAround } from "../../state/texts/free_names.ts";
import type { NamesOf } from "../planning/names_of.ts";

/** Whatever requests leave behind. */
export type Left = LeftWait | LeftTimer | LeftHandler | HandedFunction;

/** What is known of the upgrade. */
export interface LeftBehindContext {
  /** The modules that are reloaded or gone. */
  readonly replaced: ReadonlySet<string>;
  /** What names in a module stand for. */
  readonly names: NamesOf;
  /** Whether the new code has a text. */
  readonly has: (text: string) => boolean;
  /** The variables that evaluations may do something to a second time. */
  readonly shared: ReadonlySet<string>;
  /** What the app and the operator consent to. */
  readonly consent: ReadonlySet<string>;
  /** Whether it leads back to code that ran before. */
  readonly isWayBack: boolean;
  /** Whether functions in some variable may stay as they are. */
  readonly keepsFunctions: boolean;
  /** What the replaced modules have at their top level that ends with them. */
  readonly going: () => Iterable<unknown>;
  /** How long work that began before has to end, in milliseconds. */
  readonly drainMs: number;
  /** Why functions would go on with the old code, by their module and their text, as far as they have been judged. */
  readonly whys: Map<string, string | null>;
  /** Which replaced module has made functions, by their text, as far as all were looked at for it. */
  readonly makers: Map<string, string | null>;
  /** Whether whoever calls a function by its name meets a new one. */
  readonly leadsOn: (named: NamedFunction) => boolean;
  /** Told of functions that go on with the new code, as far as their own text says, and of how to say that they do not. */
  readonly follows: Follows | null;
  /** What was bound to something, and has been found to go on with the new code. */
  readonly bound: WeakSet<object>;
  /** How many of the requests that went on when the upgrade began still do. */
  readonly goingOn: () => number;
}

/**
 * Told of a function that goes on with the new code, of the module whose it is, and of how to say that it does not; null
 * for a module that only a look behind it tells.
 */
export type Follows = (
  it: (...args: never[]) => unknown,
  path: string | null,
  refuse: (why: string, of?: string) => Old,
) => void;

/** Something that would go on with the old code. */
export interface Old {
  /** The module whose code it is. */
  readonly path: string;
  /** Its line; 0 where nobody knows it. */
  readonly line: number;
  readonly why: string;
}

const OTHER_TEXT = "its text is not in the new code";
export const BOUND = "nobody can tell what it is bound to";
/** What the platform has made. */
export const NATIVE = /\{ \[native code\] \}$/;
const WAITS = /^(?:async )?(?:function )?\(\) \{ \[native code\] \}$/;

/** What an app consents to where timers and loops of a module go on as they are. */
export function consentTo(path: string): string {
  return `timers:${path}`;
}

/** Judges a loop or a chain. */
export function judgeWait(
  { url, text, name, line }: LeftWait,
  { modules }: AppProcess,
  context: LeftBehindContext,
): Old | null {
  const path = modules.table?.pathOf(url) ?? null;
  if (path === null || !context.replaced.has(path)) return null;
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

/** Judges a timer. */
export function judgeTimer(
  { callback, places, repeats, isChained }: LeftTimer,
  { modules }: AppProcess,
  context: LeftBehindContext,
): Old | null {
  const place = places.at(-1);
  if (place === undefined) return null;
  const what = repeats ? "an interval" : "a timer";
  const text = modules.keeping.plain(
    Function.prototype.toString.call(originalOf(callback)),
  );
  const refuseIn = (path: string) => (why: string, of = path): Old => ({
    path: of,
    line: 0,
    why:
      `has set ${what} for a request that is over, which would go on with the old code (${
        callback.name || "a function"
      }: ${why})`,
  });
  if (NATIVE.test(text) && isBound(callback)) {
    if (!context.replaced.has(place)) return null;
    const why = whyBound(callback, context);
    if (why !== null) return refuseIn(place)(why);
    context.follows?.(callback, place, refuseIn(place));
    return null;
  }
  const path = WAITS.test(text) ? null : madeBy(text, places, modules, context);
  if (path !== null) {
    const old = whyOld(text, text, path, context);
    if (old !== null) return refuseIn(path)(old);
    context.follows?.(callback, path, refuseIn(path));
    return null;
  }
  // What it resumes shows no text, but has set it.
  const waits = isChained || WAITS.test(text);
  if (waits && context.replaced.has(place)) {
    return {
      path: place,
      line: 0,
      why:
        "waits in a loop or for long on behalf of a request that is over, and would go on with the old code",
    };
  }
  if (!waits) context.follows?.(callback, place, refuseIn(place));
  return null;
}

/** The replaced module that has made a function of a text. */
function madeBy(
  text: string,
  places: readonly string[],
  modules: AppProcess["modules"],
  { replaced, makers }: LeftBehindContext,
): string | null {
  // Whoever sets a timer is on the stack, mostly with what it runs; looking at the texts of all modules takes long.
  const among = new Set(places.filter((it) => replaced.has(it)));
  const near = modules.makersOf(text, among);
  const path = places.find((it) => near.includes(it));
  if (path !== undefined) return path;
  const known = makers.get(text);
  if (known !== undefined) return known;
  const [other = null] = modules.makersOf(text, replaced);
  makers.set(text, other);
  return other;
}

/** Judges what the platform may call. */
export function judgeHandler(
  { what, functions, places }: LeftHandler,
  { modules }: AppProcess,
  context: LeftBehindContext,
): Old | null {
  const { replaced } = context;
  const begun = places.find((it) => replaced.has(it));
  if (begun !== undefined) {
    return {
      path: begun,
      line: 0,
      why:
        `has begun ${what} for a request that is over, which would go on with the old code`,
    };
  }
  for (const it of functions) {
    const text = modules.keeping.plain(
      Function.prototype.toString.call(originalOf(it)),
    );
    const refuseIn = (path: string) => (why: string, of = path): Old => ({
      path: of,
      line: 0,
      why:
        `has given ${what} a function for a request that is over, which would go on with the old code (${
          it.name || "a function"
        }: ${why})`,
    });
    if (NATIVE.test(text)) {
      if (isBound(it)) context.follows?.(it, null, refuseIn(""));
      continue;
    }
    const [path] = modules.makersOf(text, replaced);
    if (path === undefined) continue;
    const old = whyOld(text, text, path, context);
    if (old !== null) return refuseIn(path)(old);
    context.follows?.(it, path, refuseIn(path));
  }
  return null;
}

/** Whether a function of the platform is another one with something bound to it. */
export function isBound(it: { readonly name: string }): boolean {
  return it.name.startsWith("bound ");
}

/** Only a look behind it tells. */
export function whyBound(
  it: (...args: never[]) => unknown,
  { follows, bound }: LeftBehindContext,
): string | null {
  return isBound(it) && follows === null && !bound.has(it) ? BOUND : null;
}

/** Why something would go on with the old code; null where all of it is in the new code, or follows it. */
export function whyOld(
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
