import { assert, assertEquals } from "@std/assert";
import { appMachine } from "../../../tests/cli/app_machine.ts";
import type { MachineInfo } from "@flyhot/runtime/protocol";
import { type AppMachine, ServesNobodyError } from "../../fly/fleet/fleet.ts";
import type { MachineExit } from "../../fly/machine.ts";
import {
  judgeLife,
  judgeRested,
  lifeBefore,
  PROBATION_MS_DEFAULT,
  withLastWords,
} from "./lives.ts";
import { type MachineState, queued } from "./verdict.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function exit(changes: Partial<MachineExit> = {}): MachineExit {
  return {
    code: 1,
    signal: null,
    oomKilled: false,
    requestedStop: false,
    restarting: false,
    at: AT + 100,
    ...changes,
  };
}

const machine = (changes: Partial<AppMachine> = {}) =>
  appMachine("m1", { exits: [exit({ at: AT - 5_000 })], ...changes });

function info(changes: Partial<MachineInfo> = {}): MachineInfo {
  return {
    hotUpgradeApplied: true,
    currentImageRef: "img:1",
    fingerprint: "abc",
    upgrades: 1,
    retainedModules: 0,
    retainedBytes: 0,
    pid: 650,
    startedAt: "2026-01-02T03:00:00.000Z",
    lastUpgradeId: "01A",
    id: "01A",
    version: "1",
    sourceImageRef: "img:1",
    deployedAt: "",
    appliedAt: "",
    sha256: "a".repeat(64),
    ...changes,
  } as MachineInfo;
}

const APPLIED: MachineState = {
  ...queued(machine()),
  standing: "applied",
  result: {
    protocol: 1,
    upgrade_id: "01A",
    machine_id: "m1",
    region: "fra",
    image_ref: "img:1",
    state: "applied",
    version: "1",
    started_at: new Date(AT - 10).toISOString(),
    ended_at: new Date(AT).toISOString(),
    fingerprint: "abc",
    reloaded: [],
    modules: 1,
    holders: [],
    suspend_ms: null,
    total_ms: 1,
    at_boot: false,
    failure: null,
  },
};
const SHA = "a".repeat(64);
const BEFORE = lifeBefore(machine(), info());

function lives(now: AppMachine | null, said?: MachineInfo | Error): string {
  const answer = said === undefined
    ? {}
    : { answer: said instanceof Error ? { error: said } : { info: said } };
  const life = judgeLife(APPLIED, BEFORE, { machine: now, ...answer }, SHA);
  return life.life === "dead" ? life.failure.message : life.life;
}

Deno.test("judgeLife() counts only the process that said so, on the release that it said", () => {
  assertEquals(lives(machine(), info()), "alive");
  assertEquals(lives(machine()), "alive");
  assertEquals(
    lives(machine(), info({ startedAt: "2026-01-02T03:04:06.000Z" })),
    "another process runs there than the one that said it applied it",
  );
  assertEquals(
    lives(machine(), info({ pid: 651 })),
    "another process runs there than the one that said it applied it",
  );
  assertEquals(
    lives(machine(), info({ sha256: "b".repeat(64), fingerprint: "def" })),
    "it runs other code again (fingerprint def)",
  );
  assertEquals(
    lives(machine(), info({ hotUpgradeApplied: false, fingerprint: "000" })),
    "it runs other code again (fingerprint 000)",
  );
});

Deno.test("judgeLife() names how a process ended and how long after it had said so", () => {
  const after = (changes: Partial<MachineExit>, state = "started") =>
    lives(machine({ state, exits: [exit(changes), exit({ at: AT - 5_000 })] }));
  assertEquals(after({}), "its process ended with code 1 after 0.1 s");
  assertEquals(
    after({ at: AT + 2_500, code: 70 }, "stopped"),
    "its process ended with code 70 after 2.5 s",
  );
  assertEquals(after({ code: 0 }), "its process ended with code 0 after 0.1 s");
  assertEquals(
    after({ code: 137, oomKilled: true }),
    "its process was killed for want of memory (code 137) after 0.1 s",
  );
  assertEquals(
    after({ code: 139, signal: 11 }),
    "its process was ended by signal 11 after 0.1 s",
  );
  // Another image since then hides nothing: not that it died of this one.
  assertEquals(
    lives(machine({
      imageRef: "img:2",
      exits: [
        exit({ at: AT + 9_000, code: 0, requestedStop: true }),
        exit({ at: AT + 2_000, code: 73 }),
      ],
    })),
    "its process ended with code 73 after 2.0 s",
  );
  // A clock that is ahead says nothing about the time between.
  assertEquals(
    after({ at: AT - 1_000 }),
    "its process ended with code 1",
  );
});

Deno.test("judgeLife() is neutral about what is in order", () => {
  const requested = exit({ code: 0, requestedStop: true });
  assertEquals(
    lives(machine({ state: "stopped", exits: [requested] })),
    "rests",
  );
  assertEquals(lives(machine({ state: "suspended" })), "rests");
  // Restarted by a person: another process, and nobody's fault.
  assertEquals(
    lives(machine({ exits: [requested] }), info({ pid: 9 })),
    "rests",
  );
  assertEquals(lives(null), "left");
  assertEquals(lives(machine({ imageRef: "img:2" })), "left");
  // A host that does not answer may not even tell the image.
  assertEquals(lives(machine({ imageRef: "", hostOk: false })), "left");
  const replaced = (...exits: Partial<MachineExit>[]) =>
    lives(machine({ imageRef: "img:2", exits: exits.map(exit) }));
  // Stopped by the deploy, whose code then died by itself.
  assertEquals(
    replaced({ at: AT + 900 }, { at: AT + 500, requestedStop: true }),
    "left",
  );
  // Nobody has promised that a deploy's stop is told as one.
  assertEquals(replaced({ code: 143 }), "left");
  assertEquals(replaced({ code: 0, signal: 15 }), "left");
  assertEquals(replaced({ at: AT - 5_000 }), "left");
  // The platform was about to start it again: no deploy had come yet.
  for (const code of [0, 130, 143]) {
    assertEquals(
      replaced({ code, restarting: true }),
      `its process ended with code ${code} after 0.1 s`,
    );
  }
});

Deno.test("judgeLife() tells a machine that serves nobody from one that does not answer", () => {
  const deaf = judgeLife(
    APPLIED,
    BEFORE,
    {
      machine: machine(),
      answer: { error: new ServesNobodyError("m1", "ask machine m1", "late") },
    },
    SHA,
  );
  assert(deaf.life === "dead" && deaf.servesNobody);
  assertEquals(
    deaf.failure.message,
    "it serves nobody; restart it with: fly machine restart m1",
  );
  assertEquals(
    lives(machine(), new Error("Cannot ask machine m1")),
    "it does not answer any more (Cannot ask machine m1)",
  );
});

Deno.test("judgeLife() believes the process that a result names before the one that was met", () => {
  const process = { pid: 7, started_at: "2026-01-02T03:04:00.000Z" };
  const state: MachineState = {
    ...APPLIED,
    result: { ...APPLIED.result!, process },
  };
  const now = info({ pid: 7, startedAt: process.started_at });
  assertEquals(
    judgeLife(state, BEFORE, { machine: machine(), answer: { info: now } }, SHA)
      .life,
    "alive",
  );
});

Deno.test("lifeBefore() takes the probation that a runtime tells, else the default", () => {
  assertEquals(BEFORE.probationMs, PROBATION_MS_DEFAULT);
  assertEquals(
    lifeBefore(machine(), info({ probationMs: 200 })).probationMs,
    200,
  );
  assertEquals(lifeBefore(machine(), null).process, null);
});

Deno.test("withLastWords() quotes the last three lines, without what draws on a terminal", () => {
  const failure = {
    phase: "probation",
    message: "its process ended",
    end: "fail",
    transient: false,
  } as const;
  assertEquals(withLastWords(failure, []), failure);
  assertEquals(
    withLastWords(failure, ["a", "b", "\x1b[31merror: boom", "", "  at x.ts"])
      .message,
    "its process ended; it last said: b | error: boom |   at x.ts",
  );
});

Deno.test("judgeRested() counts the death of a process that took the release after a restart in order", () => {
  const judge = (now: AppMachine | null) => {
    const life = judgeRested(APPLIED, BEFORE, now);
    return life.life === "dead" ? life.failure.message : life.life;
  };
  const restart = exit({ at: AT + 500, code: 0, requestedStop: true });
  const crash = exit({ at: AT + 9_000, code: 70 });
  const exits = [crash, restart, exit({ at: AT - 5_000 })];
  assertEquals(
    judge(machine({ exits })),
    "its process ended with code 70 after 9.0 s",
  );
  assertEquals(judge(machine({ exits: exits.slice(1) })), "rests");
  // How it ended says nothing: who asked for it does.
  for (const [code, signal] of [[0, null], [130, 2], [143, 15]] as const) {
    const late = exit({ at: AT + 9_000, code, signal });
    assertEquals(
      judge(machine({ exits: [late, ...exits.slice(1)] })),
      signal === null
        ? "its process ended with code 0 after 9.0 s"
        : `its process was ended by signal ${signal} after 9.0 s`,
    );
    const asked = { ...late, requestedStop: true };
    assertEquals(
      judge(machine({ exits: [asked, ...exits.slice(1)] })),
      "rests",
    );
  }
  assertEquals(judge(null), "rests");
  // The code of another image died.
  assertEquals(judge(machine({ imageRef: "img:2", exits })), "rests");
  assertEquals(
    judge(machine({ imageRef: "img:2", exits: [restart, crash] })),
    "rests",
  );
  assertEquals(
    judge(machine({
      imageRef: "img:2",
      exits: [restart, exit({ at: AT + 100, code: 70 })],
    })),
    "its process ended with code 70 after 0.1 s",
  );
});
