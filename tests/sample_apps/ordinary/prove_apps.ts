/** The long proof of the ordinary apps: many ways through their histories, back and forth, over several versions at once.
 * @module
 */
import { Dice } from "../../support/dice.ts";
import { CHAT } from "./chat/story.ts";
import { DASHBOARD } from "./dashboard/story.ts";
import { GAME } from "./game/story.ts";
import { liveThrough } from "./live_through.ts";

const STORIES = [CHAT, GAME, DASHBOARD];
const STEPS = 12;

/** A way through versions that begins at the first, and never stays where it is. */
export function wayThrough(count: number, dice: Dice): number[] {
  const way = [1];
  while (way.length <= STEPS) {
    const next = 2 + dice.below(count - 1);
    if (next !== way.at(-1)) way.push(next);
  }
  return way.slice(1);
}

/**
 * Takes every app on some ways, each of which a seed decides.
 *
 * @returns whether no answer, no request and no connection was wrong
 */
export async function proveApps(
  seeds: number,
  from: number,
  { verbose, rebind }: { readonly verbose: boolean; readonly rebind: boolean },
  write: (text: string) => void,
): Promise<boolean> {
  let isGood = true;
  for (let seed = from; seed < from + seeds; seed++) {
    for (const story of STORIES) {
      const path = wayThrough(story.versions, new Dice(seed));
      const { lines, violations, answers } = await liveThrough(story, {
        path,
        asExpected: false,
        rebind,
        clients: 8,
        talkers: 5,
      });
      const isIn = lines.filter((line) =>
        / (?:applied|nothing_to_do),/.test(line)
      );
      write(
        `seed ${seed}, ${story.name}: ${isIn.length} of ${lines.length} applied, ${answers} answers`,
      );
      if (violations.length === 0 && !verbose) continue;
      for (const line of [...lines, ...violations]) write(`  ${line}`);
      isGood &&= violations.length === 0;
    }
  }
  return isGood;
}
