import { assert, assertEquals } from "@std/assert";
import {
  answering,
  MachineProcess,
} from "../../support/programs/machine_process.ts";

/** How often it is looked for a pointer, as the machine of these tests does. */
const POLL_MS = 100;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets the process's clock jump, from the boot module on, which no release changes. */
const CLOCK = `
let jumped = 0;
const now = performance.now.bind(performance);
performance.now = () => now() + jumped;
Object.assign(globalThis, { jump: (ms: number) => { jumped += ms; } });
`;

/** An app that answers with a word, and lets the clock jump when it is asked to. */
const jumping = (word: string) => `
export const handle = (request: Request) => {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/jump/")) {
    (globalThis as unknown as { jump(ms: number): void }).jump(Number(pathname.slice(6)));
  }
  return new Response("${word}");
};
`;

/** Asks all the time, until it is disposed, and keeps what was answered. */
function load(machine: MachineProcess) {
  const answers: string[] = [];
  let ended = false;
  const running = (async () => {
    while (!ended) {
      answers.push(await machine.ask());
      await pause(5);
    }
  })();
  return {
    answers,
    async [Symbol.asyncDispose]() {
      ended = true;
      await running;
    },
  };
}

async function logged(machine: MachineProcess, text: string): Promise<void> {
  const until = performance.now() + 120_000;
  while (!machine.log.includes(text)) {
    assert(
      performance.now() < until,
      `"${text}" was not logged: ${machine.log}`,
    );
    await pause(20);
  }
}

async function applied(machine: MachineProcess, id: string): Promise<void> {
  const said = await machine.said(id, "applied", "failed", "rejected");
  assertEquals(said.state, "applied", JSON.stringify(said.failure));
}

const timesIn = (text: string, part: string) => text.split(part).length - 1;

for (
  const [name, deleted, lineage, revision] of [
    ["deleted and made again", true, "01B", 1],
    ["overwritten by one of another lineage", false, "01B", 1],
    ["overwritten by one that has come further", false, "01B", 900],
    ["overwritten by one without a lineage", false, undefined, 1],
  ] as const
) {
  Deno.test(`a pointer ${name} is warned of once, and counts when it has been read for a minute (P56)`, async () => {
    await using machine = await MachineProcess.make(
      jumping("image"),
      {},
      CLOCK,
    );
    // Or the machine makes a pointer of its own when it starts.
    await machine.point(null, [], { lineage: "01A", revision: 4 });
    assert(await machine.start());
    const first = await machine.release("one", jumping("one"));
    await machine.point(first, [], { lineage: "01A", revision: 5 });
    await applied(machine, "one");
    await machine.answers("one");
    await using asking = load(machine);
    const second = await machine.release("two", jumping("two"));
    if (deleted) {
      await machine.unpoint();
      await pause(3 * POLL_MS);
    }
    await machine.point(second, [], {
      revision,
      ...(lineage === undefined ? {} : { lineage }),
    });
    await logged(machine, "the pointer was made again");
    await machine.ask("/jump/50000");
    await pause(6 * POLL_MS);
    assertEquals(await machine.result("two"), null, "not a minute yet");
    assertEquals(await machine.ask(), "one");
    await machine.ask("/jump/15000");
    await applied(machine, "two");
    await machine.answers("two");
    assertEquals(timesIn(machine.log, "the pointer was made again"), 1);
    const third = await machine.release("three", jumping("three"));
    await machine.point(third, [], {
      revision: revision + 1,
      ...(lineage === undefined ? {} : { lineage }),
    });
    await applied(machine, "three");
    await machine.answers("three");
    // Under load, and in order: nobody met the second release before it counted.
    const met = asking.answers.filter((it, at, all) => it !== all[at - 1]);
    assertEquals(met.slice(0, 2), ["one", "two"]);
  });
}

for (const revision of [5, 6]) {
  Deno.test(`a pointer of another lineage that is gone again within the minute, for revision ${revision} of the known one, begins afresh (P56)`, async () => {
    await using machine = await MachineProcess.make(
      jumping("image"),
      {},
      CLOCK,
    );
    // Or the machine makes a pointer of its own when it starts.
    await machine.point(null, [], { lineage: "01A", revision: 4 });
    assert(await machine.start());
    const first = await machine.release("one", jumping("one"));
    await machine.point(first, [], { lineage: "01A", revision: 5 });
    await applied(machine, "one");
    const other = await machine.release("other", jumping("other"));
    await machine.point(other, [], { lineage: "01B", revision: 1 });
    await logged(machine, "the pointer was made again");
    await machine.ask("/jump/50000");
    await machine.point(first, [], { lineage: "01A", revision });
    await pause(4 * POLL_MS);
    await machine.point(other, [], { lineage: "01B", revision: 1 });
    while (timesIn(machine.log, "the pointer was made again") < 2) {
      await pause(20);
    }
    await machine.ask("/jump/15000");
    await pause(4 * POLL_MS);
    assertEquals(await machine.result("other"), null);
    assertEquals(await machine.ask(), "one");
    await machine.ask("/jump/50000");
    await applied(machine, "other");
  });
}

for (
  const [name, before] of [
    ["has been answered", `await info();`],
    ["is still to be answered", `info();`],
    ["was asked twice", `await Promise.all([info(), info()]); await info();`],
  ] as const
) {
  Deno.test(`info() that ${name} before reapply() does not keep it from watching (P57)`, async () => {
    await using machine = await MachineProcess.make(
      answering("image"),
      {},
      before,
    );
    assert(await machine.start());
    assertEquals(await machine.ask(), "image");
    await using asking = load(machine);
    const first = await machine.release("one", answering("one"));
    await machine.point(first);
    await applied(machine, "one");
    await machine.answers("one");
    assert(asking.answers.length > 0);
    assertEquals(timesIn(machine.log, "hot upgrades are off"), 0);
  });
}

Deno.test("info() before reapply() does not keep it from applying what the machine ran before (P57)", async () => {
  await using machine = await MachineProcess.make(
    answering("image"),
    {},
    `await info();`,
  );
  const first = await machine.release("one", answering("one"));
  await machine.point(first);
  assert(await machine.start());
  assertEquals(await machine.ask(), "one", "from the first request on");
  const second = await machine.release("two", answering("two"));
  await machine.point(second);
  await applied(machine, "two");
  await machine.answers("two");
});
