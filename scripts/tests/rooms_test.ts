import { assert, assertEquals } from "@std/assert";
import { testsByRoom } from "./rooms.ts";
import { LONG } from "./long.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("testsByRoom() gathers the units of each room, and leaves out what runs alone", () => {
  assertEquals(
    testsByRoom([
      "tests/e2e/boot_test.ts",
      "src/ui/text_test.ts",
      "src/main_test.ts",
      "src/ui/deep/er_test.ts",
      "scripts/demo/x_test.ts",
      "runtime/api/pages/assets_test.ts",
      LONG.find((it) => it.startsWith("runtime/"))!,
    ]),
    {
      scripts: ["scripts/demo/x_test.ts"],
      src: ["src/main_test.ts"],
      "src/ui": ["src/ui/deep/er_test.ts", "src/ui/text_test.ts"],
    },
  );
});

Deno.test("every long test is there", async () => {
  for (const path of LONG) {
    const { isDirectory } = await Deno.stat(new URL(path, ROOT));
    assert(isDirectory === path.endsWith("/"), path);
  }
});
