/** Many clients at one object at once.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { WriteOutcome } from "@flyhot/runtime/bucket";
import {
  etagOf,
  put,
  type Step,
  type StoreUnderTest,
  textAt,
} from "./asking.ts";

const RACERS = 12;

/** What a store does when clients race. */
export async function raceSteps(
  step: Step,
  store: StoreUnderTest,
): Promise<void> {
  const bucket = store.client();
  for (const size of [10, 1024 * 1024]) {
    await step(
      `of ${RACERS} that create an object of ${size} bytes at once, exactly one wins`,
      async (key) => {
        for (let round = 0; round < 5; round++) {
          const outcomes = await race((racer) =>
            store.client().put(
              key(`${round}`),
              new Uint8Array(size).fill(racer),
              { ifNoneMatch: "*" },
            )
          );
          const winner = onlyWinner(outcomes);
          const found = await bucket.get(key(`${round}`));
          assert(found.status === "found");
          const content = await new Response(found.body).bytes();
          assertEquals(content.length, size);
          assert(content.every((byte) => byte === winner), `round ${round}`);
        }
      },
    );
  }

  await step(
    `of ${RACERS} that replace an object at once, exactly one wins`,
    async (key) => {
      await put(bucket, key("a"), "begin");
      for (let round = 0; round < 8; round++) {
        const etag = await etagOf(bucket, key("a"));
        const outcomes = await race((racer) =>
          put(store.client(), key("a"), `${round} ${racer}`, { ifMatch: etag })
        );
        assertEquals(
          await textAt(bucket, key("a")),
          `${round} ${onlyWinner(outcomes)}`,
        );
      }
    },
  );

  await step(
    "no step of a counter is lost that many raise by compare-and-swap",
    async (key) => {
      await put(bucket, key("a"), "0");
      const each = 5;
      await Promise.all(Array.from({ length: 6 }, async () => {
        const client = store.client();
        for (let done = 0; done < each;) {
          const found = await client.get(key("a"));
          assert(found.status === "found");
          const count = Number(await new Response(found.body).text());
          const outcome = await put(client, key("a"), `${count + 1}`, {
            ifMatch: found.etag,
          });
          // On one machine no answer is lost: what is not written was lost.
          if (outcome.status === "written") done++;
        }
      }));
      assertEquals(await textAt(bucket, key("a")), `${6 * each}`);
    },
  );

  await step(
    "get() gives one version whole, while others overwrite it",
    async (key) => {
      const content = (letter: string) => letter.repeat(100_000);
      await put(bucket, key("a"), content("a"));
      let writing = true;
      const writer = (async () => {
        for (const letter of "bcdefghij") {
          await put(
            bucket,
            key("a"),
            content(letter),
          );
        }
        writing = false;
      })();
      while (writing) {
        const text = await textAt(store.client(), key("a"));
        assertEquals(text, content(text.charAt(0)));
      }
      await writer;
    },
  );
}

function race(
  act: (racer: number) => Promise<WriteOutcome>,
): Promise<WriteOutcome[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));
}

/** One has won; the others know that they did not, or that they do not know. */
function onlyWinner(outcomes: readonly WriteOutcome[]): number {
  const statuses = outcomes.map(({ status }) => status);
  assertEquals(
    statuses.filter((status) => status === "written").length,
    1,
    `${statuses}`,
  );
  assert(
    statuses.every((status) =>
      status === "written" || status === "lost" || status === "unknown"
    ),
    `${statuses}`,
  );
  return statuses.indexOf("written");
}
