/** What a rehearsal makes of two processes' answers: differences, failures under load, and what could not be compared.
 * @module
 */
import { type Answer, comparable, type Comparing } from "./answers.ts";
import { differencesOf, type RehearsalDifference } from "./compare.ts";
import type { Played } from "../play.ts";

/** The answers of one process, and how they are made comparable. */
export interface Side extends Comparing {
  /** To the requests before the upgrade; of a fresh process, to the same. */
  readonly before: readonly Played[];
  /** To the requests after it. */
  readonly after: readonly Played[];
}

/** Compares what two processes answered after they had been asked the same. */
export function differencesBetween(
  upgraded: Side,
  fresh: Side,
): RehearsalDifference[] {
  const places = new Map(
    upgraded.after.map((played) => [keyOf(played), played.answer]),
  );
  const nothing: Answer = { kind: "none", why: "it was not open any more" };
  return fresh.after.flatMap((played) =>
    differencesOf(
      played,
      comparable(places.get(keyOf(played)) ?? nothing, upgraded),
      comparable(played.answer, fresh),
    )
  );
}

const keyOf = ({ number, request }: Played) => `${number} ${request}`;

/** Finds the requests that an upgrade made fail. */
export function failuresUnderLoad(
  before: readonly Played[],
  during: readonly Played[],
  lost: readonly Played[],
): RehearsalDifference[] {
  const good = new Set(
    before.filter(({ answer }) => !failed(answer)).map(({ number }) => number),
  );
  const found = new Map<number, RehearsalDifference>();
  for (const { number, request, answer } of [...during, ...lost]) {
    if (!failed(answer) || !good.has(number) || found.has(number)) continue;
    const why = answer.kind === "http"
      ? `status ${answer.status}`
      : answer.kind === "none"
      ? answer.why
      : `closed with ${answer.closed}`;
    found.set(number, {
      number,
      request: `${request} while it was upgraded`,
      what: "answer",
      upgraded: why,
      fresh: null,
    });
  }
  return [...found.values()];
}

/** Finds the requests that changed one process and not the other: what is different afterwards may come from them. */
export function unevenState(
  upgraded: readonly Played[],
  fresh: readonly Played[],
): string[] {
  return upgraded.flatMap(({ number, request, answer }, at) => {
    const other = fresh[at]?.answer;
    const reads = /^(?:GET|HEAD|OPTIONS) /.test(request);
    if (!other || reads || took(answer) === took(other)) return [];
    return [
      `${request} (request ${number}) was ${
        wordOf(answer)
      } by the old code and ${
        wordOf(other)
      } by a fresh process of the new: what it changes, only one of them has`,
    ];
  });
}

/** Counts the requests that neither process did: that their answers are the same says little. */
export function refusedRequests(played: readonly Played[]): string | null {
  const refused = played.filter(({ answer }) => !took(answer));
  const [first] = refused;
  if (!first) return null;
  return `${refused.length} of ${played.length} requests were not taken by a fresh process of the new version, the first of them ${first.request}: ${
    wordOf(first.answer)
  }`;
}

/** Whether an app did what it was asked. */
function took(answer: Answer): boolean {
  return answer.kind === "http"
    ? answer.status < 400
    : answer.kind === "socket";
}

function failed(answer: Answer): boolean {
  return answer.kind === "http" ? answer.status >= 500 : answer.kind === "none";
}

function wordOf(answer: Answer): string {
  switch (answer.kind) {
    case "http":
      return `answered ${answer.status}`;
    case "socket":
      return "taken";
    case "none":
      return "not answered";
  }
}
