import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { type LogLine, MachineLog } from "./machine_log.ts";

Deno.test("MachineLog keeps the newest lines, in memory and on disk, within bounds", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "log.txt");
  const told: LogLine[] = [];
  const log = new MachineLog(path, "m1", (line) => told.push(line));
  log.append("stdout", "first");
  log.append("stderr", "x".repeat(20_000));
  for (let i = 0; i < 2_100; i++) {
    log.append("fly", `${i} ${"y".repeat(2_000)}`);
  }
  log.close();
  log.close();
  log.append("stdout", "after the end");
  assertEquals(told.length, 2_102);
  assertEquals([told[0]?.from, told[0]?.text, told[0]?.machineId], [
    "stdout",
    "first",
    "m1",
  ]);
  assertEquals(told[1]?.text.length, 16_384);
  assertEquals(log.lines().length, 2_000);
  assert(log.lines().at(-1)?.text.startsWith("2099 "));
  const text = await Deno.readTextFile(path);
  assert(text.endsWith("y\n") && text.includes("[fly] 2099 "));
  const sizes = [await Deno.stat(path), await Deno.stat(`${path}.1`)]
    .map(({ size }) => size);
  assert(sizes.every((size) => size > 0 && size <= 1_048_576), String(sizes));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("MachineLog.linesSinceStart() leaves out what was before", async () => {
  const folder = await Deno.makeTempDir();
  const log = new MachineLog(join(folder, "log.txt"), "m1", () => {});
  log.append("stdout", "old");
  log.markStart();
  assertEquals(log.linesSinceStart(), []);
  log.append("stdout", "new");
  assertEquals(log.linesSinceStart().map(({ text }) => text), ["new"]);
  assertEquals(log.lines().map(({ text }) => text), ["old", "new"]);
  log.close();
  await Deno.remove(folder, { recursive: true });
});
