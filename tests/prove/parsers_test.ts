import { assert } from "@std/assert";
import { proveParsers } from "./parsers.ts";

Deno.test("no parser of foreign text throws anything but its own errors, nor takes time by the square of the length, over 5000 inputs each", () => {
  const { taken, growth } = proveParsers(5000);
  for (const [what, times] of Object.entries(growth)) {
    // 16 times the length; by its square it would be 256.
    assert(times < 130, `${what}: ${times} times as long`);
  }
  // Inputs that are all refused at once would prove nothing.
  assert(Object.values(taken).filter((count) => count > 50).length > 15);
});
