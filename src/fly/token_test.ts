import {
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import { findFlyToken, parseFlyToken } from "./token.ts";

Deno.test("parseFlyToken() strips schemes again and again and tells macaroons from bearer tokens", () => {
  for (
    const [text, kind, header] of [
      ["FlyV1 fm2_a,fm2_b", "macaroon", "FlyV1 fm2_a,fm2_b"],
      ["  Bearer FlyV1  fm2_a ", "macaroon", "FlyV1 fm2_a"],
      ["flyv1 BEARER fm1r_a,fm1a_b", "macaroon", "FlyV1 fm1r_a,fm1a_b"],
      ["oauth-1,fm2_a", "macaroon", "FlyV1 fm2_a"],
      ["oauth-1", "bearer", "Bearer oauth-1"],
      ["Bearer oauth-1", "bearer", "Bearer oauth-1"],
      ["bearerish", "bearer", "Bearer bearerish"],
    ] as const
  ) {
    const token = parseFlyToken(text, "environment FLY_API_TOKEN");
    assertEquals([token.kind, token.header.reveal()], [kind, header], text);
  }
});

Deno.test("parseFlyToken() refuses what is empty or was torn at the space, without repeating it", () => {
  for (
    const [text, why] of [
      ["", "it is empty"],
      ["FlyV1 ", "it is empty"],
      ["fm2_aaaa fm2_bbbb", "it has a space inside"],
    ] as const
  ) {
    const error = assertThrows(
      () => parseFlyToken(text, "environment FLY_API_TOKEN"),
      FlyhotError,
    );
    assertEquals(error.code, "auth");
    assertEquals(
      error.message,
      `Cannot use the Fly token from environment FLY_API_TOKEN: ${why}`,
    );
    assertFalse(Deno.inspect(error).includes("fm2_bbbb"));
  }
});

Deno.test("findFlyToken() looks in the environment first, then asks flyctl", async () => {
  const env = { FLY_API_TOKEN: "fm2_api", FLY_ACCESS_TOKEN: "fm2_access" };
  const both = await findFlyToken(fakeHost({ env }));
  assertEquals(both.header.reveal(), "FlyV1 fm2_access");
  assertEquals(both.from, "environment FLY_ACCESS_TOKEN");
  const asked = await findFlyToken(
    fakeHost(),
    () =>
      Promise.resolve({
        token: () => Promise.resolve(parseFlyToken("oauth", "fly auth token")),
      }),
  );
  assertEquals(asked.from, "fly auth token");
});

Deno.test("findFlyToken() says what to do when there is no token anywhere", async () => {
  const inMachine = await assertRejects(
    () => findFlyToken(fakeHost()),
    FlyhotError,
  );
  assertEquals(inMachine.code, "auth");
  assertEquals(
    inMachine.message,
    "Cannot talk to the Machines API: FLY_API_TOKEN is not set",
  );
  const atHome = await assertRejects(
    () => findFlyToken(fakeHost(), () => Promise.resolve(null)),
    FlyhotError,
  );
  assertEquals(
    atHome.message,
    "Cannot talk to the Machines API: FLY_API_TOKEN is not set and flyctl is not installed",
  );
});
