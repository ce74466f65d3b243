import { assertEquals, assertRejects } from "@std/assert";
import { JobQueue } from "./job_queue.ts";

Deno.test("JobQueue runs changes one after the other, the first at once", async () => {
  const queue = new JobQueue(() => {});
  const seen: string[] = [];
  const change = (name: string) => async () => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    seen.push(`${name} ends`);
  };
  const first = queue.run(change("a"));
  assertEquals(seen, ["a begins"]);
  queue.start(change("b"));
  await first;
  await queue.idle();
  assertEquals(seen, ["a begins", "a ends", "b begins", "b ends"]);
});

Deno.test("JobQueue goes on after a change that failed, and says so", async () => {
  const errors: string[] = [];
  const queue = new JobQueue((error) => errors.push(String(error)));
  const bad = queue.run(() => Promise.reject(new Error("bad")));
  queue.start(() => Promise.reject(new Error("worse")));
  await assertRejects(() => bad, Error, "bad");
  await queue.run(() => Promise.resolve());
  assertEquals(errors, ["Error: bad", "Error: worse"]);
});

Deno.test("JobQueue.close() skips what has not begun", async () => {
  const queue = new JobQueue(() => {});
  const seen: string[] = [];
  queue.start(async () => {
    await Promise.resolve();
    seen.push("begun");
  });
  queue.start(() => Promise.resolve(void seen.push("waiting")));
  await queue.close();
  assertEquals(seen, ["begun"]);
});
