import { assertEquals } from "@std/assert";
import { frameworkOf } from "./framework.ts";

Deno.test("frameworkOf() tells frameworks by what is imported, and takes none for Deno.serve", () => {
  for (
    const [framework, ...specifiers] of [
      [
        "hono",
        "hono",
        "npm:hono@4",
        "jsr:@hono/hono@4/cors",
        "@hono/hono",
        "https://deno.land/x/hono@v4/mod.ts",
      ],
      [
        "oak",
        "@oak/oak",
        "jsr:@oak/oak@17",
        "npm:@oakserver/oak",
        "https://deno.land/x/oak@v12/mod.ts",
      ],
      [
        "fresh",
        "fresh",
        "fresh/runtime",
        "jsr:@fresh/core@2",
        "$fresh/server.ts",
        "https://deno.land/x/fresh@1/server.ts",
      ],
      ["node", "node:http", "https", "node:net"],
      ["deno", "./hono.ts", "@std/http", "oakley", "freshest", "honorary"],
    ] as const
  ) {
    for (const specifier of specifiers) {
      assertEquals(frameworkOf(["@std/path", specifier]), framework, specifier);
    }
  }
});
