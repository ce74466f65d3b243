import { assertEquals } from "@std/assert";
import { tempFolder } from "../../tests/support/temp_folder.ts";
import { checksumLines } from "./checksums.ts";

Deno.test("checksumLines() writes what sha256sum -c reads, sorted by name", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(folder.join("b"), "abc");
  await Deno.writeTextFile(folder.join("a"), "");
  assertEquals(
    await checksumLines([folder.join("b"), folder.join("a")]),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n" +
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n",
  );
});
