import { assertEquals } from "@std/assert";
import { admits, isVersion } from "./ranges.ts";

Deno.test("isVersion() takes three numbers and nothing else", () => {
  assertEquals(["0.1.0", "1.20.300"].map(isVersion), [true, true]);
  const wrong = ["", "1.2", "1.2.3.4", "01.2.3", "1.2.3-rc.1", "v1.2.3"];
  assertEquals(wrong.filter(isVersion), []);
});

Deno.test("admits() follows ^, ~ and exact versions", () => {
  const cases = [
    ["1.2.3", "1.2.3", true],
    ["1.2.3", "1.2.4", false],
    ["~1.2.3", "1.2.9", true],
    ["~1.2.3", "1.2.2", false],
    ["~1.2.3", "1.3.0", false],
    ["^1.2.3", "1.3.0", true],
    ["^1.2.3", "1.2.2", false],
    ["^1.2.3", "1.1.9", false],
    ["^1.2.3", "2.0.0", false],
    ["^0.1.0", "0.1.9", true],
    ["^0.1.0", "0.2.0", false],
    ["^0.1.2", "0.1.1", false],
    ["^0.0.3", "0.0.3", true],
    ["^0.0.3", "0.0.4", false],
    ["^0.0.0", "0.0.1", false],
    ["*", "1.2.3", undefined],
    ["^1.2", "1.2.3", undefined],
    [">=1.2.3", "1.2.3", undefined],
  ] as const;
  for (const [range, version, expected] of cases) {
    assertEquals(admits(range, version), expected, `${range} ${version}`);
  }
});
