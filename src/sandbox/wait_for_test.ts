import { assertEquals, assertRejects } from "@std/assert";
import { Notifier, waitFor } from "./wait_for.ts";

Deno.test("waitFor() looks at once, then at every change", async () => {
  const changes = new Notifier();
  let value = 1;
  const find = (wanted: number) => () => value === wanted ? "found" : undefined;
  const limits = { timeoutMs: 60_000 };
  assertEquals(await waitFor(changes, find(1), limits), "found");
  const waiting = waitFor(changes, find(3), limits);
  value = 2;
  changes.tell();
  value = 3;
  changes.tell();
  value = 4;
  changes.tell();
  assertEquals(await waiting, "found");
});

Deno.test("waitFor() ends without a find, when time is over, it is aborted, or looking fails", async () => {
  const changes = new Notifier();
  const never = () => undefined;
  assertEquals(await waitFor(changes, never, { timeoutMs: 1 }), undefined);
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = waitFor(changes, never, { timeoutMs: 60_000, signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(
    () => waitFor(changes, never, { timeoutMs: 60_000, signal }),
    Error,
    "enough",
  );
  const failing = () => {
    throw new Error("cannot look");
  };
  await assertRejects(
    () => waitFor(changes, failing, { timeoutMs: 60_000 }),
    Error,
    "cannot look",
  );
});
