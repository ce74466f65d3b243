import { assert, assertEquals } from "@std/assert";
import type { StartRecord } from "../../protocol/machine/start_record.ts";
import {
  decideStart,
  isDoubtful,
  LIVED_MS,
  type StartDecision,
  takenBefore,
} from "./decide_start.ts";

const WANTED = { upgradeId: "u", revision: 7, hasBefore: true };
const FIRST = { ...WANTED, hasBefore: false };
const AT = Date.parse("2026-01-01T00:00:00Z");

function record(overrides: Partial<StartRecord> = {}): StartRecord {
  return {
    protocol: 1,
    machine_id: "m",
    upgrade_id: "u",
    revision: 7,
    at: new Date(AT).toISOString(),
    stage: "normal",
    deaths: 0,
    innocent: 0,
    ...overrides,
  };
}

/** Plays starts of a machine: each either dies at once or lives. */
function play(
  outcomes: (run: StartDecision["run"]) => boolean,
  starts: number,
  wanted = WANTED,
): { readonly runs: string[]; readonly record: StartRecord | null } {
  let left: StartRecord | null = null;
  let now = AT;
  const runs: string[] = [];
  for (let start = 0; start < starts; start++) {
    const { run, stage, deaths, innocent } = decideStart(left, wanted, now);
    runs.push(`${run} ${stage}`);
    left = record({
      stage,
      deaths,
      innocent,
      at: new Date(now).toISOString(),
      ...(run === "wanted" ? {} : { instead: run }),
    });
    now += 5000;
    if (!outcomes(run)) continue;
    if (stage === "trial") left = { ...left, stage: "ended" };
    else if (stage !== "ended") left = null;
    now += LIVED_MS;
  }
  return { runs, record: left };
}

Deno.test("decideStart() gives a release that dies twice in a row up where what was before lives", () => {
  const { runs, record: left } = play((run) => run === "before", 5);
  assertEquals(runs, [
    "wanted normal",
    "wanted normal",
    "before trial",
    "before ended",
    "before ended",
  ]);
  assertEquals(left?.stage, "ended");
});

Deno.test("decideStart() takes a release again where what was before dies too, and waits longer each time", () => {
  assertEquals(play(() => false, 9, FIRST).runs, [
    "wanted normal",
    "wanted normal",
    "image trial",
    "wanted again",
    "wanted again",
    "image trial",
    "wanted again",
    "wanted again",
    "image trial",
  ]);
  assertEquals(play(() => false, 8).runs, [
    "wanted normal",
    "wanted normal",
    "before trial",
    "image trial",
    "wanted again",
    "wanted again",
    "before trial",
    "image trial",
  ]);
  const delays = [0, 1, 2, 20].map((innocent) =>
    decideStart(record({ stage: "trial", innocent }), FIRST, AT).delayMs
  );
  assert(delays[0]! < delays[1]! && delays[1]! < delays[2]!);
  assertEquals(delays[3], 60_000);
});

Deno.test("decideStart() forgets a death after a start that lived", () => {
  let starts = 0;
  const { runs } = play(() => ++starts % 2 === 0, 6);
  assertEquals(runs, Array(6).fill("wanted normal"));
});

Deno.test("decideStart() takes an ended release again with the next revision, and another at once", () => {
  const ended = record({ stage: "ended" });
  assertEquals(decideStart(ended, WANTED, AT).run, "before");
  assertEquals(
    decideStart(ended, { ...WANTED, revision: 8 }, AT).run,
    "wanted",
  );
  for (const stage of ["normal", "again", "trial", "ended"] as const) {
    const other = record({ stage, deaths: 5, upgrade_id: "other" });
    assertEquals(decideStart(other, WANTED, AT), {
      run: "wanted",
      stage: "normal",
      deaths: 0,
      innocent: 0,
      delayMs: 0,
    });
  }
});

Deno.test("decideStart() counts no death where the record is old: it was only left behind", () => {
  const later = AT + 3 * LIVED_MS;
  for (const stage of ["normal", "again"] as const) {
    assertEquals(
      decideStart(record({ stage, deaths: 1 }), WANTED, later).deaths,
      0,
    );
  }
  // A trial that nobody ended has lived.
  assertEquals(
    decideStart(record({ stage: "trial" }), WANTED, later).stage,
    "ended",
  );
});

Deno.test("decideStart() never runs anything but the wanted release without two deaths, whatever the record says", () => {
  for (const stage of ["normal", "again"] as const) {
    for (const deaths of [0, 1, 2]) {
      for (const age of [0, LIVED_MS, 10 * LIVED_MS]) {
        const { run } = decideStart(
          record({ stage, deaths }),
          WANTED,
          AT + age,
        );
        const two = deaths >= 1 && age < 2 * LIVED_MS;
        assertEquals(run, two ? "before" : "wanted");
      }
    }
  }
});

Deno.test("decideStart() runs the image where two releases in a row die, and counts neither for innocent", () => {
  const { runs } = play((run) => run === "image", 6);
  assertEquals(runs, [
    "wanted normal",
    "wanted normal",
    "before trial",
    "image trial",
    "image ended",
    "image ended",
  ]);
});

Deno.test("takenBefore() counts the deaths of a release that a running process took, through starts with another", () => {
  const first = record({ upgrade_id: "x" });
  const once = { upgrade_id: "x", deaths: 1 };
  assertEquals(takenBefore(first, "u", AT), once);
  // What a start takes is counted there.
  assertEquals(takenBefore(first, "x", AT), null);
  assertEquals(takenBefore(record({ taken: once }), "u", AT), once);
  assertEquals(
    takenBefore(record({ upgrade_id: "x", deaths: 1 }), "u", AT),
    { upgrade_id: "x", deaths: 2 },
  );
  const later = AT + 3 * LIVED_MS;
  assertEquals(takenBefore(first, "u", later), null);
  assertEquals(takenBefore(null, "u", AT), null);
});

Deno.test("isDoubtful() doubts a death once, where what ran was young and a start takes the release", () => {
  const committed = { ...WANTED, isCommitted: true };
  assertEquals(isDoubtful(null, committed, true), true);
  assertEquals(isDoubtful(record({ deaths: 1 }), committed, true), true);
  assertEquals(isDoubtful(null, committed, false), false);
  // No start takes it: nothing would count its deaths.
  assertEquals(isDoubtful(null, WANTED, true), false);
  const doubted = record({ doubtful: true });
  assertEquals(isDoubtful(doubted, committed, true), false);
  const other = { ...committed, upgradeId: "other" };
  assertEquals(isDoubtful(doubted, other, true), true);
});

Deno.test("takenBefore() does not count a death that is doubtful", () => {
  const taken = takenBefore(record({ doubtful: true, deaths: 1 }), "other", AT);
  assertEquals(taken, { upgrade_id: "u", deaths: 1 });
});
