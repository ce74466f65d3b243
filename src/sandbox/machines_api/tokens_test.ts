import { assertEquals } from "@std/assert";
import { carriesToken } from "./tokens.ts";

Deno.test("carriesToken() takes the schemes that Fly takes", () => {
  for (
    const header of [
      "FlyV1 fm2_abc",
      "Bearer fm2_abc",
      "Bearer FlyV1 fm2_abc",
      "bearer fm2_abc",
      "FlyV1 fm2_other,fm2_abc",
    ]
  ) assertEquals(carriesToken(header, "fm2_abc"), true, header);
});

Deno.test("carriesToken() refuses what is missing, bare, cut or wrong", () => {
  for (
    const header of [
      undefined,
      "",
      "fm2_abc",
      "FlyV1",
      "FlyV1 fm2_ab",
      "FlyV1 fm2_abcd",
      "Basic fm2_abc",
      "FlyV1 fm2_abc extra",
    ]
  ) assertEquals(carriesToken(header, "fm2_abc"), false, String(header));
});
