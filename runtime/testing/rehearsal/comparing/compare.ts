/** The law of "applied", asked of answers: what the upgraded process says, a fresh one says as well.
 * @module
 */
import type { ComparableAnswer } from "./answers.ts";

/** One difference between the upgraded process and a fresh one. */
export interface RehearsalDifference {
  /** The place of the request among the requests, from 1; 0 for the start of the process. */
  readonly number: number;
  /** The request, for example `POST /rooms`, or what happened `while it was upgraded`. */
  readonly request: string;
  /** What differs: `status`, `header <name>`, `body`, `messages`, `close` or `answer`. */
  readonly what: string;
  /** What the upgraded process said, masked; null for nothing. */
  readonly upgraded: string | null;
  /** What the fresh one said, masked; null for nothing. */
  readonly fresh: string | null;
}

/** Compares two answers to the same request. */
export function differencesOf(
  { number, request }: { readonly number: number; readonly request: string },
  upgraded: ComparableAnswer,
  fresh: ComparableAnswer,
): RehearsalDifference[] {
  const names = new Set([...fresh.keys(), ...upgraded.keys()]);
  return [...names].flatMap((what) => {
    const hot = upgraded.get(what) ?? null;
    const cold = fresh.get(what) ?? null;
    return hot === cold
      ? []
      : [{ number, request, what, upgraded: hot, fresh: cold }];
  });
}

/** Writes a difference on one line. */
export function differenceText(
  { number, request, what, upgraded, fresh }: RehearsalDifference,
): string {
  const shown = (text: string | null) =>
    text === null ? "nothing" : JSON.stringify(
      text.length > 200 ? `${text.slice(0, 200)}…` : text,
    );
  const place = number === 0 ? "" : ` (request ${number})`;
  return `${request}${place}: ${what} is ${
    shown(upgraded)
  } in the upgraded process, ${shown(fresh)} in a fresh one`;
}
