/** What every store must do, whichever it is: one suite for all of them.
 * @module
 */
import type { Step, StoreUnderTest } from "./store/asking.ts";
import { listingSteps } from "./store/listings.ts";
import { objectSteps } from "./store/objects.ts";
import { raceSteps } from "./store/races.ts";
import { refusalSteps } from "./store/refusals.ts";

export type { StoreUnderTest };

/**
 * Tests a store, step by step.
 *
 * @param t the test that the steps belong to
 * @param store the store; its bucket may hold anything outside of `contract/`
 */
export async function storeContract(
  t: Deno.TestContext,
  store: StoreUnderTest,
): Promise<void> {
  let steps = 0;
  const step: Step = (name, act) => {
    const prefix = `contract/${crypto.randomUUID()}/${++steps}/`;
    return t.step(name, () => act((name) => prefix + name));
  };
  await objectSteps(step, store);
  await raceSteps(step, store);
  await listingSteps(step, store);
  await refusalSteps(step, store);
}
