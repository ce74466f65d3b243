import { assert, assertEquals } from "@std/assert";
import { bucketNow, endsAt } from "./bucket_time.ts";

Deno.test("bucketNow() counts from when the answer came, on this computer's steady clock", () => {
  const time = { date: 10_000, sentAt: 100, receivedAt: 400 };
  assertEquals(bucketNow(time, 400), 10_000);
  assertEquals(bucketNow(time, 1400.7), 11_000);
});

Deno.test("endsAt() is never later than the moment itself, however slow the answer and coarse the header", () => {
  // The bucket's true clock is the steady clock plus 5000; its header leaves out what is less than a second.
  for (let sentAt = 0; sentAt < 3000; sentAt += 137) {
    for (const there of [0, 40, 900]) {
      for (const back of [0, 70, 12_000]) {
        const truth = sentAt + there + 5000;
        const date = Math.floor(truth / 1000) * 1000;
        const time = { date, sentAt, receivedAt: sentAt + there + back };
        const end = bucketNow(time, time.receivedAt) + 30_000;
        // In the bucket's time, with the second that the header left out.
        assert(endsAt(time, end) + 5000 <= end + 1000);
        assert(bucketNow(time, time.receivedAt) <= time.receivedAt + 5000);
      }
    }
  }
});
