import { assertEquals, assertFalse } from "@std/assert";
import { inspect } from "node:util";
import { Secret } from "./secret.ts";

Deno.test("Secret shows [redacted] however it is printed", () => {
  const secret = new Secret("hunter2");
  const shown = [
    `${secret}`,
    String(secret),
    JSON.stringify({ secret }),
    Deno.inspect(secret),
    Deno.inspect({ deep: { secret } }),
    inspect({ secret }),
    Object.values(secret).join(),
  ];
  for (const text of shown) assertFalse(text.includes("hunter2"), text);
  assertEquals(shown[0], "[redacted]");
  assertEquals(secret.reveal(), "hunter2");
});
