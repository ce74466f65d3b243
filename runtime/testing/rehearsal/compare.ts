/** The law of "applied", asked of answers: what the upgraded process says, a fresh one says as well.
 * @module
 */
import type { ComparableAnswer } from "./answers.ts";

/** One difference between the upgraded process and a fresh one. */
export interface RehearsalDifference {
  /** The place of the request among the requests, from 1. */
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

/**
 * Compares two answers to the same request.
 *
 * @param request the place and the name of the request
 * @param upgraded the answer of the upgraded process
 * @param fresh the answer of a fresh one
 * @returns what differs, in the order of the fresh answer
 */
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

/**
 * Writes a difference on one line.
 *
 * @param difference the difference
 * @returns for example `GET /count (2nd of the requests): …`
 */
export function differenceText(
  { number, request, what, upgraded, fresh }: RehearsalDifference,
): string {
  const shown = (text: string | null) =>
    text === null ? "nothing" : JSON.stringify(
      text.length > 200 ? `${text.slice(0, 200)}…` : text,
    );
  return `${request} (request ${number}): ${what} is ${
    shown(upgraded)
  } in the upgraded process, ${shown(fresh)} in a fresh one`;
}
