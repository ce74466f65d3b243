import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startApp } from "../../runtime/testing/mod.ts";
import { type EditedApp, editedApp } from "../support/edited_app.ts";
import { EventReader, type StreamEvent } from "../support/net/event_reader.ts";

/** Version 2: both services sound differently. */
async function toVersion2(app: EditedApp): Promise<void> {
  await app.edit("ticker.ts", '"tick"', '"tock"');
  await app.edit("chime.ts", '"ding"', '"dong"');
}

/** Version 3: the ticker does not start. */
async function toVersion3(app: EditedApp): Promise<void> {
  await app.edit("ticker.ts", '"tock"', '"tack"');
  await app.edit(
    "ticker.ts",
    "  async start() {",
    '  async start() {\n    if (SOUND === "tack") throw new Error("the spring is broken");',
  );
}

/** Version 4: it starts, the chime is gone, and events have a name. */
async function toVersion4(app: EditedApp): Promise<void> {
  await app.edit("ticker.ts", '"tack";', '"tuck" as string;');
  await app.remove("chime.ts");
  await app.edit("app.ts", 'import "./chime.ts";\n', "");
  await app.edit("app.ts", "`id: ", "`event: tick\\nid: ");
}

/** Version 5: the clock's state has another shape, and its ticker changes with it. */
async function toVersion5(app: EditedApp): Promise<void> {
  await app.edit("ticker.ts", '"tuck"', '"tick"');
  await app.edit(
    "clock.ts",
    "  slot: number;\n  ticks",
    "  slot: number;\n  total: number;\n  ticks",
  );
  await app.edit(
    "clock.ts",
    "ticks: [] }),",
    `total: 0, ticks: [] }),
  version: 2,
  migrate: {
    2: { up: (old: Omit<Clock, "total">) => ({ ...old, total: old.ticks.length }) },
  },`,
  );
  await app.edit(
    "clock.ts",
    "      while (state.slot < now) ",
    "      state.total += Math.max(0, now - state.slot);\n      while (state.slot < now) ",
  );
}

Deno.test("tests/apps/clock: services are replaced, removed and refused, and no tick is lost or comes twice", async () => {
  await using source = await editedApp("clock");
  await using app = await startApp({
    from: source.folder,
    app: "clock",
    env: { CLOCK_INTERVAL_MS: "5" },
  });
  await using events = await EventReader.open(`${app.url}/events`);
  const seen: StreamEvent[] = [];
  const heard = async (sound: string) => {
    for (;;) {
      const event = await events.next();
      seen.push(event);
      if (event.data === sound) return event;
    }
  };
  const json = async (path: string) =>
    await (await fetch(app.url + path)).json();
  /** What the services did, without the hours that were struck. */
  const journal = async (): Promise<string[]> =>
    (await json("/journal")).filter((line: string) => !line.includes(" at "));
  const upgrade = async (edit: (source: EditedApp) => Promise<void>) => {
    const { length } = await journal();
    await edit(source);
    const report = await app.upgrade(source.folder);
    return { report, did: (await journal()).slice(length) };
  };

  await heard("tick");
  assertEquals(await journal(), ["ding starts", "tick starts"]);

  const second = await upgrade(toVersion2);
  assertEquals(second.report.state, "applied", second.report.failure?.message);
  assertEquals(second.did, [
    "dong starts",
    "tick has stopped",
    "tock starts",
    "ding has stopped",
  ]);
  await heard("tock");

  const third = await upgrade(toVersion3);
  assertEquals(third.report.state, "rolled_back");
  assertEquals(third.report.failure?.phase, "start");
  assertStringIncludes(
    third.report.failure?.message ?? "",
    "Cannot start the service ticker: the spring is broken",
  );
  assertEquals(third.did, ["tock has stopped", "tock starts"]);
  const { slot } = await json("/");
  while (Number((await heard("tock")).id) <= slot);

  const fourth = await upgrade(toVersion4);
  assertEquals(fourth.report.state, "applied", fourth.report.failure?.message);
  assertEquals(fourth.did, [
    "tock has stopped",
    "tuck starts",
    "dong has stopped",
  ]);
  assertEquals((await heard("tuck")).type, "tick");

  const fifth = await upgrade(toVersion5);
  assertEquals(fifth.report.state, "applied", fifth.report.failure?.message);
  assertEquals(fifth.report.holders, [
    { name: "clock", from: 1, to: 2, action: "migrated" },
  ]);
  assertEquals(fifth.did, ["tuck has stopped", "tick starts"]);
  await heard("tick");
  const { total, ticks } = await json("/");
  assert(total >= ticks.length && ticks.length > 0);

  const slots = seen.map(({ id }) => Number(id));
  const gap = slots.find((slot, at) => slot !== slots[0]! + at);
  assertEquals(gap, undefined, "a tick was lost, or came twice");
  const sounds = seen.map(({ data }) => data)
    .filter((sound, at, all) => sound !== all[at - 1]);
  assertEquals(sounds, ["tick", "tock", "tuck", "tick"]);
  assert(slots.length > 5);
});
