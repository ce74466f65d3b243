import { assertEquals } from "@std/assert";
import { BucketError } from "../../bucket/bucket.ts";
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import type { StartDecision } from "./decide_start.ts";
import { Starts } from "./starts.ts";

const START = { upgradeId: "good", revision: 1, hasBefore: false };
const TAKEN = { upgradeId: "bad", revision: 2, hasBefore: false };

/** A bucket whose line is cut for so many removals. */
class CutBucket extends MemoryBucket {
  cuts = 0;
  override delete(...args: Parameters<MemoryBucket["delete"]>): Promise<void> {
    if (this.cuts-- <= 0) return super.delete(...args);
    return Promise.reject(new BucketError("network", "the line was cut"));
  }
}

/** Starts with what is decided, which can be had. */
async function begin(
  starts: Starts,
  wanted: Parameters<Starts["begin"]>[0],
): Promise<StartDecision> {
  const decision = await starts.begin(wanted);
  await starts.had(wanted.upgradeId);
  return decision;
}

/** The starts of one machine, each of a process that ends when the test says so. */
function machine() {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const bucket = new CutBucket(undefined, () => now);
  return {
    bucket,
    pass: (ms: number) => void (now += ms),
    async process(use: (starts: Starts) => Promise<void>): Promise<void> {
      const bornAt = now;
      const starts = new Starts({
        bucket,
        app: "shop",
        machineId: "m",
        livedMs: 60_000,
        ageMs: () => now - bornAt,
        onEnd: () => () => {},
        onProven: () => Promise.resolve(),
      });
      await use(starts);
      starts.abandon();
    },
  };
}

Deno.test("Starts.taking() counts the deaths of a release through starts with another", async () => {
  const it = machine();
  const deaths: number[] = [];
  for (let process = 1; process <= 4; process++) {
    await it.process(async (starts) => {
      assertEquals((await begin(starts, START)).run, "wanted");
      it.pass(5000);
      deaths.push(await starts.taking(TAKEN));
      it.pass(5000);
    });
  }
  assertEquals(deaths.slice(0, 3), [0, 1, 2]);
});

Deno.test("Starts.taking() counts them where no start takes anything, and forgets them after an orderly end", async () => {
  const it = machine();
  const deaths: number[] = [];
  for (const inOrder of [false, true, false, false]) {
    await it.process(async (starts) => {
      deaths.push(await starts.taking(TAKEN));
      it.pass(5000);
      if (inOrder) await starts.forget();
    });
  }
  assertEquals(deaths, [0, 1, 0, 1]);
});

Deno.test("Starts.taking() does not charge a release with the death of the one that it replaces, whose start would take it", async () => {
  for (const isCommitted of [true, false]) {
    const it = machine();
    const good = { ...START, isCommitted };
    await it.process(async (starts) => {
      await begin(starts, { ...START, upgradeId: "other" });
      it.pass(5000);
      await starts.taking(TAKEN);
      it.pass(5000);
      assertEquals(await starts.taking(good), 0);
      it.pass(500);
    });
    const runs: string[] = [];
    for (let process = 1; process <= 3; process++) {
      await it.process(async (starts) => {
        const { run, deaths } = await begin(starts, good);
        runs.push(`${run} ${deaths}`);
        it.pass(5000);
      });
    }
    assertEquals(
      runs,
      isCommitted
        ? ["wanted 0", "wanted 1", "image 2"]
        : ["wanted 1", "image 2", "wanted 0"],
    );
  }
});

Deno.test("Starts.taking() counts the death of a release that is taken where all before has lived", async () => {
  const it = machine();
  const good = { ...START, isCommitted: true };
  await it.process(async (starts) => {
    it.pass(60_000);
    assertEquals(await starts.taking(good), 0);
    it.pass(500);
  });
  await it.process(async (starts) => {
    assertEquals((await begin(starts, good)).deaths, 1);
  });
});

Deno.test("Starts.taking() does not charge a committed release with the death of an image that was a few seconds old", async () => {
  const it = machine();
  const good = { ...START, isCommitted: true };
  await it.process(async (starts) => {
    it.pass(60_000);
    await starts.taking(good);
    it.pass(500);
  });
  // Its start could not read the pointer, so it began with the image.
  await it.process(async (starts) => {
    it.pass(5000);
    assertEquals(await starts.taking(good), 1);
    it.pass(500);
    // The download was cut, and is tried again.
    assertEquals(await starts.taking(good), 1);
    it.pass(500);
  });
  const runs: string[] = [];
  for (let process = 1; process <= 2; process++) {
    await it.process(async (starts) => {
      const { run, deaths } = await begin(starts, good);
      runs.push(`${run} ${deaths}`);
      it.pass(5000);
    });
  }
  assertEquals(runs, ["wanted 1", "image 2"]);
});

Deno.test("Starts.taking() counts the deaths of a release that kills every young process, where no start can read the pointer", async () => {
  const it = machine();
  const bad = { ...TAKEN, isCommitted: true };
  const deaths: number[] = [];
  for (let process = 1; process <= 4; process++) {
    await it.process(async (starts) => {
      it.pass(5000);
      deaths.push(await starts.taking(bad));
      it.pass(500);
    });
  }
  assertEquals(deaths, [0, 0, 1, 1]);
  await it.process(async (starts) => {
    assertEquals((await begin(starts, bad)).run, "image");
  });
});

Deno.test("Starts.forget() tells of an orderly end though the line is cut once or twice", async () => {
  const it = machine();
  await it.process(async (starts) => {
    await begin(starts, START);
    it.pass(5000);
    it.bucket.cuts = 2;
    await starts.forget();
  });
  await it.process(async (starts) => {
    assertEquals((await begin(starts, START)).deaths, 0);
  });
});

Deno.test("Starts.begin() charges no release with the deaths of an image that runs because it cannot be had", async () => {
  const it = machine();
  const runs: string[] = [];
  for (let process = 1; process <= 5; process++) {
    await it.process(async (starts) => {
      const { run, deaths } = await starts.begin(START);
      runs.push(`${run} ${deaths}`);
      it.pass(5000);
    });
  }
  assertEquals(runs, Array(5).fill("wanted 0"));
  // Nor does it forgive one what it has done: only deaths in a row count, and those of others are none.
  const seen: string[] = [];
  for (const isHad of [true, false, false, true, false]) {
    await it.process(async (starts) => {
      const { run, deaths } = await starts.begin(START);
      if (isHad) await starts.had(START.upgradeId);
      seen.push(`${run} ${deaths}`);
      it.pass(5000);
    });
  }
  assertEquals(seen, [
    "wanted 0",
    "wanted 1",
    "wanted 1",
    "wanted 1",
    "image 2",
  ]);
});

Deno.test("Starts.begin() takes a release that is had by the second try for no death less, and for one more at most", async () => {
  const it = machine();
  const bad = { ...START, isCommitted: true };
  const runs: string[] = [];
  for (let process = 1; process <= 5; process++) {
    await it.process(async (starts) => {
      const { run, deaths } = await starts.begin(bad);
      runs.push(`${run} ${deaths}`);
      if (run !== "wanted") return;
      it.pass(2000);
      await starts.taking(bad);
      it.pass(500);
    });
  }
  // A young image died with it: that is doubtful, once in a row.
  assertEquals(runs, [
    "wanted 0",
    "wanted 0",
    "wanted 1",
    "wanted 1",
    "image 2",
  ]);
});

Deno.test("Starts.begin() judges what was innocent by starts with it alone", async () => {
  const it = machine();
  const starts: string[] = [];
  const play = async (isHad: boolean) =>
    await it.process(async (process) => {
      const { run, stage } = await process.begin(START);
      if (isHad) await process.had(START.upgradeId);
      starts.push(`${run} ${stage}`);
      it.pass(5000);
    });
  for (const isHad of [true, true, true, false, true, false]) {
    await play(isHad);
  }
  assertEquals(starts, [
    "wanted normal",
    "wanted normal",
    "image trial",
    "wanted again",
    "wanted again",
    "wanted again",
  ]);
  // An hour with the image says nothing of the release.
  await it.process(async (process) => {
    await process.begin(START);
    it.pass(3_600_000);
  });
  await play(true);
  assertEquals(starts.at(-1), "wanted normal");
});
