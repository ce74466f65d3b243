import { assert, assertEquals } from "@std/assert";
import {
  answering,
  MachineProcess,
} from "../../support/programs/machine_process.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks all the time until it is disposed, and keeps what it was answered. */
function load(machine: MachineProcess) {
  const answers = new Set<string>();
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      answers.add(await machine.ask().catch(String));
      await pause(5);
    }
  })();
  return {
    answers,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await running;
    },
  };
}

const status = (code: number) => new Response("<Error/>", { status: code });
/** A body that ends before all of it has come. */
const cut = () => new Response(new Uint8Array(100));

Deno.test("a release that is refused, cut or not there yet at boot is brought in as soon as it can be, while the image serves (P55)", async () => {
  await using machine = await MachineProcess.make(answering("image"));
  const one = await machine.release("one", answering("one"));
  await machine.point(one);
  const ways = [() => status(404), cut, () => status(403)];
  let isWell = false;
  machine.download = (count) => isWell ? null : ways[count % ways.length]!();
  assert(await machine.start());
  // Tried before the app served, each time in vain.
  assert(machine.downloads >= ways.length);
  const { pid } = machine;
  await using asking = load(machine);
  assertEquals(await machine.ask(), "image");
  assertEquals((await machine.result("one"))?.state, "pending");
  isWell = true;
  await machine.answers("one");
  await machine.said("one", "applied");
  assertEquals([...asking.answers], ["image", "one"]);
  assertEquals(machine.pid, pid, "the same process");
});

Deno.test("what is committed after a release that cannot be downloaded at boot does not wait for it (P55)", async () => {
  await using machine = await MachineProcess.make(answering("image"));
  const one = await machine.release("one", answering("one"));
  await machine.point(one);
  let isGone = true;
  machine.download = () => isGone ? status(503) : null;
  assert(await machine.start());
  await using asking = load(machine);
  assertEquals(await machine.ask(), "image");
  isGone = false;
  const two = await machine.release("two", answering("two"));
  await machine.point(two, []);
  await machine.said("two", "applied");
  await machine.answers("two");
  assertEquals([...asking.answers].at(0), "image");
  assertEquals(await machine.ask(), "two");
});
