import { assertEquals } from "@std/assert";
import { errorText, thrownText } from "./error_text.ts";

const refusing = {
  toString() {
    throw new Error("no text");
  },
};

Deno.test("errorText() and thrownText() have words for whatever is thrown", () => {
  assertEquals(errorText(new TypeError("why")), "why");
  assertEquals(thrownText(new TypeError("why")), "TypeError: why");
  for (const text of [errorText, thrownText]) {
    assertEquals(text("why"), "why");
    assertEquals(text(undefined), "undefined");
    assertEquals(text(Symbol("why")), "Symbol(why)");
    assertEquals(text(Object.create(null)), "a thrown object that has no text");
    assertEquals(text(refusing), "a thrown object that has no text");
  }
});

Deno.test("errorText() has words for an error whose message is none", () => {
  const odd = Object.defineProperty(new Error(), "message", {
    get: () => refusing.toString(),
  });
  assertEquals(typeof errorText(odd), "string");
  assertEquals(
    typeof errorText(Object.assign(new Error(), { message: 5 })),
    "string",
  );
});
