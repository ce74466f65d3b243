import { assert, assertEquals } from "@std/assert";
import { foreignFolder, ownFolder } from "./own_folder.ts";

async function inTemp(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("foreignFolder() refuses links, other owners and what others may write", () => {
  const own = { isDirectory: true, uid: 7, mode: 0o40700 };
  assertEquals(foreignFolder(own, 7), null);
  assertEquals(foreignFolder({ ...own, mode: 0o40755 }, 7), null);
  assertEquals(foreignFolder({ ...own, uid: null, mode: null }, null), null);
  assert(foreignFolder({ ...own, isDirectory: false }, 7)?.includes("link"));
  assert(foreignFolder({ ...own, uid: 0 }, 7)?.includes("the user 0"));
  for (const mode of [0o40720, 0o40702, 0o41777]) {
    assert(foreignFolder({ ...own, mode }, 7)?.includes("others may write"));
  }
});

Deno.test("ownFolder() makes the folder for this user alone, and finds it again", () =>
  inTemp(async (folder) => {
    const warnings: string[] = [];
    const wanted = `${folder}/flyhot-shop`;
    for (let time = 0; time < 2; time++) {
      assertEquals(await ownFolder(wanted, (it) => warnings.push(it)), wanted);
    }
    assertEquals((await Deno.stat(wanted)).mode! & 0o777, 0o700);
    assertEquals(warnings, []);
  }));

Deno.test("ownFolder() passes over a link, a file and a folder that others may write, and says so", () =>
  inTemp(async (folder) => {
    const elsewhere = `${folder}/elsewhere`;
    await Deno.mkdir(elsewhere, { mode: 0o700 });
    const wanted = `${folder}/flyhot-shop`;
    const own = `${wanted}-${Deno.uid()}`;
    const traps: (() => Promise<void>)[] = [
      () => Deno.symlink(elsewhere, wanted),
      () => Deno.symlink(`${folder}/nowhere`, wanted),
      () => Deno.writeTextFile(wanted, "x"),
      async () => {
        await Deno.mkdir(wanted);
        await Deno.chmod(wanted, 0o777);
      },
    ];
    for (const trap of traps) {
      await trap();
      const warnings: string[] = [];
      assertEquals(await ownFolder(wanted, (it) => warnings.push(it)), own);
      assertEquals(warnings.length, 1);
      assert(warnings[0]!.startsWith(`Cannot use the folder ${wanted}: `));
      assertEquals(await Array.fromAsync(Deno.readDir(elsewhere)), []);
      await Deno.remove(wanted, { recursive: true });
    }
  }));

Deno.test("ownFolder() takes a new folder where both names are taken", () =>
  inTemp(async (folder) => {
    const wanted = `${folder}/flyhot-shop`;
    await Deno.symlink(folder, wanted);
    await Deno.symlink(folder, `${wanted}-${Deno.uid()}`);
    const own = await ownFolder(wanted, () => {});
    assert(own.startsWith(`${wanted}-`) && own !== `${wanted}-${Deno.uid()}`);
    assertEquals((await Deno.lstat(own)).mode! & 0o777, 0o700);
  }));
