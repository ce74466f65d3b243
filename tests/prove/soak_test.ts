import { assert } from "@std/assert";
import { soak } from "./soak.ts";

Deno.test("30 upgrades of one process fail no request, lose no count, and leave no descriptor, thread or folder behind", async () => {
  const { answered } = await soak(30);
  assert(answered > 30, `${answered}`);
});
