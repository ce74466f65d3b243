import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answering,
  MachineProcess,
} from "../../support/programs/machine_process.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const FATAL = `setTimeout(() => Deno.exit(9), 100);`;
// Twice as long counts as a death: room for a machine that is busy.
const LIVED = { FLYHOT_LIVED_MS: "4000" };

Deno.test("a rollback that comes by the pointer does not wait for a probation", async () => {
  await using machine = await MachineProcess.make(answering("image"));
  assert(await machine.start());
  const from = performance.now();
  const one = await machine.release("one", answering("one"), {
    state: "probation",
    probation_ms: 60_000,
  });
  await machine.point(one);
  await machine.answers("one");
  await pause(500);
  assertEquals((await machine.result("one"))?.state, "pending");
  const back = {
    ...one,
    id: "back",
    key: null,
    tarball_url: null,
    sha256: null,
    size: 0,
  };
  await machine.point(back, [{ ...one, state: "rolled_back" }]);
  await machine.answers("image");
  assert(performance.now() - from < 60_000 / 2);
});

Deno.test("a release that kills its process twice in a row gives way to the one before, and is ended when that lives", async () => {
  await using machine = await MachineProcess.make(answering("image"), LIVED);
  const good = await machine.release("good", answering("good"));
  const bad = await machine.release("bad", answering("bad", FATAL));
  await machine.point(bad, [good]);
  for (let death = 1; death <= 2; death++) {
    await machine.start();
    assertEquals((await machine.ended()).code, 9, machine.log);
  }
  assert(await machine.start());
  assertEquals(await machine.ask(), "good");
  assertStringIncludes(machine.log, "the process died 2 times in a row");
  const said = await machine.said("bad", "failed");
  assertStringIncludes(said.failure?.message ?? "", "ended on this machine");
  await machine.stop("SIGTERM");
  assert(await machine.start());
  assertEquals(await machine.ask(), "good");
  await machine.said("good", "applied");
});

Deno.test("a release on probation that kills its process twice is not taken a third time", async () => {
  await using machine = await MachineProcess.make(answering("image"), LIVED);
  // Deno.exit() of new code would be caught, and the release taken out: nothing catches this.
  const bad = await machine.release(
    "bad",
    answering(
      "bad",
      `setTimeout(() => new Deno.Command("sh", { args: ["-c", "kill -KILL " + Deno.pid] }).outputSync(), 50);`,
    ),
    { state: "probation", probation_ms: 60_000 },
  );
  await machine.point(bad);
  for (let death = 1; death <= 2; death++) {
    // It may be over before it is known to serve.
    await machine.start();
    assertEquals((await machine.ended()).signal, "SIGKILL", machine.log);
  }
  assert(await machine.start());
  const said = await machine.said("bad", "failed");
  assertStringIncludes(said.failure?.message ?? "", "ended on this machine");
  assertEquals(await machine.ask(), "image");
  // The next revision is another try.
  const mended = await machine.release("mended", answering("mended"));
  await machine.point(mended);
  await machine.answers("mended");
});

Deno.test("the image runs where two releases in a row kill their process", async () => {
  await using machine = await MachineProcess.make(answering("image"), LIVED);
  const worse = await machine.release("worse", answering("worse", FATAL));
  const bad = await machine.release("bad", answering("bad", FATAL));
  await machine.point(bad, [worse]);
  for (let death = 1; death <= 3; death++) {
    await machine.start();
    assertEquals((await machine.ended()).code, 9, machine.log);
  }
  assert(await machine.start());
  assertEquals(await machine.ask(), "image");
  const said = await machine.said("bad", "failed");
  assertStringIncludes(said.failure?.message ?? "", "ended on this machine");
});

Deno.test("a release is innocent where what was before dies too, and is taken again", async () => {
  await using machine = await MachineProcess.make(
    answering("image", FATAL),
    LIVED,
  );
  await machine.point(await machine.release("one", answering("one", FATAL)));
  const seen: string[] = [];
  for (let start = 1; start <= 4; start++) {
    const from = machine.log.length;
    await machine.start();
    await machine.ended();
    const log = machine.log.slice(from);
    seen.push(log.includes("on trial") ? "image" : "one");
  }
  assertEquals(seen, ["one", "one", "image", "one"]);
  // A process that dies at once may not have come to say it.
  for (let again = 1; again <= 5; again++) {
    if ((await machine.result("one"))?.state === "applied") break;
    await machine.start();
    await machine.ended();
  }
  await machine.said("one", "applied");
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`an end by ${signal} is in order and not a death, and ends the process as ever`, async () => {
    await using machine = await MachineProcess.make(answering("image"), LIVED);
    await machine.point(await machine.release("one", answering("one")));
    for (let start = 1; start <= 4; start++) {
      assert(await machine.start());
      assertEquals(await machine.ask(), "one");
      const status = await machine.stop(signal);
      assertEquals(status.signal, signal);
    }
  });
}

Deno.test("a crash after the minute is not a death of the release", async () => {
  await using machine = await MachineProcess.make(answering("image"), {
    FLYHOT_LIVED_MS: "200",
  });
  await machine.point(await machine.release("one", answering("one")));
  for (let start = 1; start <= 4; start++) {
    assert(await machine.start());
    assertEquals(await machine.ask(), "one");
    await pause(500);
    await machine.stop("SIGKILL");
  }
});
