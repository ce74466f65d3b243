import { assertEquals } from "@std/assert";
import { admits } from "./version_range.ts";

Deno.test("ranges admit the versions that npm says, and other forms none but themselves", () => {
  const cases: [range: string, yes: string[], no: string[]][] = [
    ["", ["1.0.0"], []],
    ["*", ["9.9.9"], []],
    ["4", ["4.0.0", "4.6.1"], ["5.0.0", "40.0.0"]],
    ["4.6", ["4.6.1"], ["4.7.0"]],
    ["4.x", ["4.6.1"], ["5.0.0"]],
    ["4.6.1", ["4.6.1"], ["4.6.2"]],
    ["^4.6.1", ["4.6.1", "4.7.0"], ["4.6.0", "5.0.0", "4.7.0-beta.1"]],
    ["^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]],
    ["^0.0.3", ["0.0.3"], ["0.0.4"]],
    ["^0", ["0.9.0"], ["1.0.0"]],
    ["~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0", "1.2.2"]],
    ["~1", ["1.9.0"], ["2.0.0"]],
    [">=1 <3", [], ["2.0.0"]],
    ["1 || 2", [], ["1.0.0"]],
    ["1.0.0-rc.1", ["1.0.0-rc.1"], ["1.0.0"]],
  ];
  for (const [range, yes, no] of cases) {
    for (const version of yes) {
      assertEquals(admits(range, version), true, `${range} ${version}`);
    }
    for (const version of no) {
      assertEquals(admits(range, version), false, `${range} ${version}`);
    }
  }
});
