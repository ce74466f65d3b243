import { assertRejects } from "@std/assert";
import { sleep } from "./sleep.ts";

Deno.test("sleep() waits, and gives up when it is aborted", async () => {
  await sleep(1);
  const controller = new AbortController();
  const waiting = sleep(60_000, controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(() => sleep(1, controller.signal), Error, "enough");
});
