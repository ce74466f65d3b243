/** What would go on with the old code, of the functions that requests have handed to somebody who still holds them.
 * @module
 */
import { EventEmitter } from "node:events";
import type { HandedFunction } from "../../modules/left/handed.ts";
import { originalOf } from "../../modules/live/calls_as_work.ts";
import { functionsOf } from "../../process/left/functions_of.ts";
import { isOver } from "../../process/left/left_handlers.ts";
import { isAccepted } from "../../process/left/note_handlers.ts";
import type { AppProcess } from "../../process/process.ts";
import {
  type LeftBehindContext,
  NATIVE,
  type Old,
  whyBound,
  whyOld,
} from "./left_judges.ts";

/** Judges a function that somebody holds. */
export function judgeHanded(
  given: HandedFunction,
  appProcess: AppProcess,
  context: LeftBehindContext,
): Old | null {
  const { modules, kept } = appProcess;
  const { handed, isNamed, isGiven, maker } = given;
  const { replaced, follows } = context;
  // What goes with its module has nothing to go on with.
  if (maker !== null && !kept.goesOn(maker)) return null;
  const own = modules.table?.pathOf(given.url) ?? null;
  const name = () =>
    handed.name || shortened(Function.prototype.toString.call(handed));
  if (!isNamed && !isGiven && !replaced.has(own ?? "")) {
    // It may have something of a replaced module around it.
    if (own === null || isDealtWith(given, appProcess)) return null;
    follows?.(handed, own, (why, path = own) => ({
      path,
      line: 0,
      why:
        `has made what a function of ${own} goes on with, which somebody still holds for a request that is over (${name()}: ${why})`,
    }));
    return null;
  }
  const named = isNamed ? modules.keeping.moved.find(handed) : null;
  const evaluated = Function.prototype.toString.call(originalOf(handed));
  const text = modules.keeping.plain(evaluated);
  const makers = !named && (isNamed || isGiven)
    ? modules.makersOf(text, replaced)
    : [];
  // Of a text that several have, it is the one's who has handed it on.
  const path = named
    ? modules.table?.pathOf(named.place) ?? null
    : !isNamed && !isGiven || makers.includes(own ?? "")
    ? own
    : makers[0] ?? null;
  if (path === null || !replaced.has(path)) return null;
  if (isDealtWith(given, appProcess)) return null;
  if (named && !modules.keeping.moved.isLookedFor(named)) {
    return context.leadsOn(named) ? null : {
      path,
      line: 0,
      why:
        `has handed ${named.name} to somebody for a request that is over, who may still hold it, and the new code has no function of this name`,
    };
  }
  const known = NATIVE.test(text)
    ? whyBound(handed, context)
    : context.whys.get(`${path} ${evaluated}`);
  // Thousands may be of one text, and looking for it takes its time.
  const old = known === undefined ? whyOld(text, text, path, context) : known;
  context.whys.set(`${path} ${evaluated}`, old);
  const refuse = (why: string, of = path): Old => ({
    path: of,
    line: 0,
    why: `has ${
      of === path
        ? "handed a function to somebody"
        : `made what a function of ${path} goes on with, which was handed to somebody`
    } ${
      maker === null
        ? "for a request that is over"
        : `while ${maker.kept} was made`
    }, who still holds it and would go on with the old code (${name()}: ${why})`,
  });
  if (old !== null) return refuse(old);
  follows?.(handed, path, refuse);
  return null;
}

/** Whether all who may call it are known by themselves, or over. */
function isDealtWith(
  { handed, isNamed, to }: HandedFunction,
  { packageSockets }: AppProcess,
): boolean {
  return to.every((beside) =>
    beside.some((it) =>
      // Connections that stay open keep the last request that came by them.
      (it instanceof EventEmitter || it instanceof EventTarget) &&
        (isOver(it) || isNamed && !functionsOf(it).has(handed)) ||
      it instanceof WebSocket && it.url === "" || isAccepted(it) ||
      packageSockets.isOpen(it)
    )
  );
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
