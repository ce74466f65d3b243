import { assert, assertEquals } from "@std/assert";
import { pid } from "node:process";
import { freeLock, parseLock, startOf, takeLock } from "./laid_lock.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

/** A process that lives until it is disposed. */
function living(): Deno.ChildProcess & AsyncDisposable {
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  });
}

async function write(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value));
}

Deno.test("takeLock() takes a free lock, again and after it was given back", async () => {
  await using folder = await tempFolder();
  const file = folder.join("lock");
  for (let round = 0; round < 2; round++) {
    assertEquals(await takeLock(file, "i", 5), { held: true, since: 5 });
  }
  const { owner } = parseLock(await Deno.readTextFile(file))!;
  assertEquals(owner, { pid, started: await startOf(pid) ?? "" });
  await freeLock(file);
  assertEquals(parseLock(await Deno.readTextFile(file))!.owner, null);
  assertEquals(await takeLock(file, "i", 9), { held: true, since: 5 });
});

Deno.test("takeLock() names the process that has it and lives", async () => {
  await using folder = await tempFolder();
  await using other = living();
  const owner = { pid: other.pid, started: await startOf(other.pid) ?? "" };
  const file = folder.join("lock");
  await write(file, { owner, imageRef: "i", since: 1 });
  assertEquals(await takeLock(file, "i", 5), { held: false, by: owner });
  await freeLock(file);
  assertEquals(
    parseLock(await Deno.readTextFile(file))!.owner,
    owner,
    "another's lock is not given back",
  );
});

Deno.test("takeLock() takes over from a process that has ended", async () => {
  await using folder = await tempFolder();
  const file = folder.join("lock");
  let owner;
  {
    await using other = living();
    owner = { pid: other.pid, started: await startOf(other.pid) ?? "" };
  }
  await write(file, { owner, imageRef: "i", since: 1 });
  assertEquals(await takeLock(file, "i", 5), { held: true, since: 1 });
});

Deno.test({
  name: "takeLock() takes over where another process got the number since",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using folder = await tempFolder();
    await using other = living();
    const file = folder.join("lock");
    await write(file, {
      owner: { pid: other.pid, started: "an earlier boot:1" },
      imageRef: "i",
      since: 1,
    });
    assertEquals((await takeLock(file, "i", 5)).held, true);
  },
});

Deno.test("takeLock() counts from the first start on the same image", async () => {
  await using folder = await tempFolder();
  const file = folder.join("lock");
  await takeLock(file, "i1", 100);
  assertEquals(await takeLock(file, "i1", 200), { held: true, since: 100 });
  assertEquals(await takeLock(file, "i2", 300), { held: true, since: 300 });
});

Deno.test("takeLock() takes a lock file that was cut or holds something else", async () => {
  for (const text of ["", "{", "null", "[]", "7", '{"owner":{"pid":"x"}}']) {
    await using folder = await tempFolder();
    const file = folder.join("lock");
    await Deno.writeTextFile(file, text);
    assert((await takeLock(file, "i", 5)).held, text);
  }
});

Deno.test("takeLock() writes a shorter record over a longer one", async () => {
  await using folder = await tempFolder();
  const file = folder.join("lock");
  await takeLock(file, "i".repeat(500), 5);
  await takeLock(file, "i", 5);
  assertEquals(parseLock(await Deno.readTextFile(file))!.imageRef, "i");
});
