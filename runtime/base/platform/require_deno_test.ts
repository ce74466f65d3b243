import { assertThrows } from "@std/assert";
import { requireDeno } from "./require_deno.ts";

Deno.test("requireDeno() accepts 2.9 and whatever is newer", () => {
  for (
    const version of [
      "2.9.0",
      "2.9.6",
      "2.10.0",
      "2.100.1",
      "3.0.0",
      "10.0.0",
      "2.9.0+4ac3b1e",
      "3.0.0-rc.1",
      Deno.version.deno,
    ]
  ) requireDeno(version);
});

Deno.test("requireDeno() refuses what is older, says why and what to do", () => {
  for (const version of ["2.8.9", "2.0.0", "1.46.3", "1.99.0", "0.9.0", ""]) {
    assertThrows(
      () => requireDeno(version),
      Error,
      `Cannot run @flyhot/runtime on Deno ${version}: module hooks resolve nested imports from Deno 2.9 on; raise the Deno version of the image`,
    );
  }
});
