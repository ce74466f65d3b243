import { assertEquals, assertThrows } from "@std/assert";
import { parseImageRef, sameImage } from "./image_ref.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

Deno.test("parseImageRef() takes repository, tag and digest apart", () => {
  const cases: [ref: string, parts: [string, string | null, string | null]][] =
    [
      ["registry.fly.io/shop:deployment-01", [
        "registry.fly.io/shop",
        "deployment-01",
        null,
      ]],
      [`registry.fly.io/shop@${DIGEST}`, [
        "registry.fly.io/shop",
        null,
        DIGEST,
      ]],
      [`registry.fly.io/shop:v1@${DIGEST}`, [
        "registry.fly.io/shop",
        "v1",
        DIGEST,
      ]],
      ["nginx", ["nginx", null, null]],
      ["localhost:5000/shop", ["localhost:5000/shop", null, null]],
      ["localhost:5000/shop:v1", ["localhost:5000/shop", "v1", null]],
      ["  nginx:1 \n", ["nginx", "1", null]],
    ];
  for (const [ref, [repository, tag, digest]] of cases) {
    assertEquals(parseImageRef(ref), { repository, tag, digest }, ref);
  }
});

Deno.test("parseImageRef() refuses a reference with an empty part", () => {
  for (
    const ref of [
      "",
      "  ",
      ":v1",
      `@${DIGEST}`,
      "shop@",
      "shop:",
      `shop:@${DIGEST}`,
    ]
  ) {
    assertThrows(
      () => parseImageRef(ref),
      TypeError,
      `Cannot read the image reference "${ref}"`,
    );
  }
});

Deno.test("sameImage() compares by the most exact part that both have", () => {
  const same: [string, string][] = [
    ["r/shop:v1", "r/shop:v1"],
    ["r/shop:v1", `r/shop:v1@${DIGEST}`],
    [`r/shop@${DIGEST}`, `r/shop:v1@${DIGEST}`],
    [`r/shop:v2@${DIGEST}`, `r/shop:v1@${DIGEST}`],
    ["nginx", "nginx"],
    ["nginx", "nginx:latest"],
    [" r/shop:v1", "r/shop:v1 "],
  ];
  const other = DIGEST.replace("a", "b");
  const different: [string, string][] = [
    ["r/shop:v1", "r/shop:v2"],
    ["r/shop:v1", "r/shop2:v1"],
    ["r/shop:v1", "r2/shop:v1"],
    [`r/shop:v1@${DIGEST}`, `r/shop:v1@${other}`],
    [`r/shop@${DIGEST}`, "r/shop:v1"],
    [`r/shop@${DIGEST}`, "r/shop"],
    ["nginx", "nginx:1"],
  ];
  for (const [a, b] of same) {
    assertEquals([sameImage(a, b), sameImage(b, a)], [true, true], `${a} ${b}`);
  }
  for (const [a, b] of different) {
    assertEquals(
      [sameImage(a, b), sameImage(b, a)],
      [false, false],
      `${a} ${b}`,
    );
  }
});
