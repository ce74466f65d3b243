/** Is a machine ready to be upgraded?
 * @module
 */
import { retainedWords } from "../ui/memory_words.ts";
import type { MachineInfo } from "@flyhot/runtime/protocol";
import type { ResolvedConfig } from "../config/resolve.ts";
import { FlyhotError } from "../errors.ts";
import type { AppMachine } from "../fly/fleet/fleet.ts";
import type { ExecOutcome } from "../fly/api/answers.ts";
import type { MachinesApi } from "../fly/machines_api.ts";
import type { MachinesFleet } from "../fly/fleet/machines_fleet.ts";
import { ownWords } from "../status/own_words.ts";
import type { BucketFindings } from "./bucket_checks.ts";
import { formatBytes } from "../ui/format.ts";
import { mapLimited } from "../base/limited.ts";
import { isTooOld, OLDEST_DENO } from "../version.ts";
import { statusReport } from "../status/report.ts";
import type { MachineStatus } from "../status/status.ts";
import { type Check, type CheckName, fail, pass, warn } from "./check.ts";

const FREE_BYTES_WARN = 200 * 1024 * 1024;
const FREE_BYTES_FAIL = 20 * 1024 * 1024;
const ASKED_AT_ONCE = 8;

/** Looks at every machine that runs: its runtime, its Deno, its environment, its disk. */
export async function checkMachines(
  config: ResolvedConfig,
  { api, fleet, machines }: {
    readonly api: MachinesApi;
    readonly fleet: MachinesFleet;
    readonly machines: readonly AppMachine[];
  },
  { pointer, bucket, isRollingOut = false }: Pick<
    BucketFindings,
    "pointer" | "bucket" | "isRollingOut"
  >,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const running = machines.filter(({ state, hostOk }) =>
    state === "started" && hostOk
  );
  const looked = await mapLimited(
    running,
    ASKED_AT_ONCE,
    (machine) => lookAt(machine, config, { api, fleet }, signal),
  );
  const answered = looked.flatMap(({ machine, runtime }) =>
    "info" in runtime ? [{ machine, answer: runtime }] : []
  );
  const words = pointer && bucket
    ? await ownWords(
      api.app,
      answered.map(({ machine, answer: { info } }) => ({ machine, info })),
      pointer,
      bucket,
      signal,
    )
    : undefined;
  const { machines: statuses } = await statusReport(
    api.app,
    answered,
    pointer,
    [],
    words,
  );
  const found = looked.flatMap(({ machine, runtime, checks }) => {
    const status = statuses.find(({ id }) => id === machine.id);
    const notWatching = "info" in runtime
      ? runtime.info.notWatching
      : undefined;
    return [
      ...(status
        ? [
          notWatching === undefined
            ? judgeRuntime(status, isRollingOut || pointer === undefined)
            : refuseDeaf(machine.id, notWatching),
        ]
        : []),
      ...("error" in runtime
        ? [fail("runtime", runtime.error, machine.id)]
        : []),
      ...checks,
    ];
  });
  return [...found, ...machines.filter(hasFailed).map(refuseFailed)];
}

/** Neither at rest nor on its way: it does not come back by itself. */
function hasFailed({ state }: AppMachine): boolean {
  return state === "failed";
}

function refuseFailed({ id, state }: AppMachine): Check {
  return fail(
    "runtime",
    new FlyhotError("incomplete", `does not run: its state is ${state}`, {
      hint: `see why with: fly logs --machine ${id}`,
    }),
    id,
  );
}

interface Looked {
  readonly machine: AppMachine;
  readonly runtime: { readonly info: MachineInfo } | {
    readonly error: unknown;
  };
  readonly checks: readonly Check[];
}

async function lookAt(
  machine: AppMachine,
  config: ResolvedConfig,
  { api, fleet }: {
    readonly api: MachinesApi;
    readonly fleet: MachinesFleet;
  },
  signal: AbortSignal,
): Promise<Looked> {
  const { id } = machine;
  const exec = (tail: string, command: readonly string[]) => {
    const what = `ask machine ${id} ${tail}`;
    const container = fleet.containerOf(id, what);
    return api.exec(id, command, {
      what,
      attemptsMax: 2,
      ...(container === null ? {} : { container }),
      signal,
    });
  };
  const looks: readonly [CheckName, () => Promise<Check>][] = [
    [
      "deno",
      async () => judgeDeno(id, await exec("for its Deno", DENO_VERSION)),
    ],
    ["disk", async () => judgeDisk(id, await exec("for its disk", FREE))],
    [
      "environment",
      async () => {
        const command = unsetCommand(wantedVariables(config));
        const outcome = await exec("which variables it has", command);
        return judgeEnvironment(id, config, outcome);
      },
    ],
  ];
  // One after the other: a machine allows few commands at once.
  const runtime = await infoOf(id, fleet, signal);
  const checks: Check[] = [];
  for (const [check, look] of looks) {
    try {
      checks.push(await look());
    } catch (error) {
      signal.throwIfAborted();
      checks.push(fail(check, error, id));
    }
  }
  return { machine, runtime, checks };
}

async function infoOf(
  id: string,
  fleet: MachinesFleet,
  signal: AbortSignal,
): Promise<Looked["runtime"]> {
  try {
    return { info: await fleet.info(id, signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

const DENO_VERSION = ["deno", "--version"];
// Where the app usually is, else where the command begins; df tells of those that are there.
const FREE = ["df", "-Pk", "/app", "."];

/** Judges what the runtime on a machine says. */
export function judgeRuntime(status: MachineStatus, mayChange = false): Check {
  const { id, hot_upgrade, fingerprint, verdict, detail, remedy } = status;
  const runs = hot_upgrade ? `v${hot_upgrade.version}` : "its base image";
  const text = `answers, runs ${runs} (${fingerprint})`;
  if (verdict === "unknown" || (verdict === "behind" && !mayChange)) {
    return fail(
      "runtime",
      new FlyhotError(
        "incomplete",
        `${text}, but ${detail}`,
        remedy === null ? {} : { hint: `if it stays so: ${remedy}` },
      ),
      id,
    );
  }
  if (verdict === "behind") {
    return warn(
      "runtime",
      `${text}, but ${detail}`,
      "if it stays so, it does not watch, or the upgrade failed there: fly logs",
      id,
    );
  }
  return status.retained_budget_exceeded
    ? warn(
      "runtime",
      `${text}, retains ${retainedWords(status)}: past the budget`,
      `free them with: fly machine restart ${id}`,
      id,
    )
    : pass("runtime", text, id);
}

/** The runtime answers, but no upgrade will ever reach it. */
function refuseDeaf(id: string, why: string): Check {
  return fail(
    "runtime",
    new FlyhotError(
      "not_found",
      `answers, but does not watch for upgrades: ${why}`,
      { hint: "set what is missing with: fly secrets set, or in deno.json" },
    ),
    id,
  );
}

/** Judges the Deno of a machine. */
export function judgeDeno(id: string, outcome: ExecOutcome): Check {
  const said = /^deno (\d+\.\d+)\.\S+/m.exec(outcome.stdout);
  if (outcome.code !== 0 || !said) {
    return fail(
      "deno",
      new FlyhotError(
        "unexpected",
        `deno --version ended with ${outcome.code}`,
        { hint: "the machine's image needs deno on its PATH" },
      ),
      id,
    );
  }
  const [version, numbers = ""] = said;
  if (!isTooOld(numbers)) return pass("deno", version, id);
  return fail(
    "deno",
    new FlyhotError("cold", `${version} is too old`, {
      hint:
        `use Deno ${OLDEST_DENO} or later in the Dockerfile, then: fly deploy`,
    }),
    id,
  );
}

/** Judges the free space of a machine. */
export function judgeDisk(id: string, outcome: ExecOutcome): Check {
  const row = /^\S.*?\s+\d+\s+\d+\s+(\d+)\s+\d+%\s/m.exec(outcome.stdout);
  if (!row) {
    return warn(
      "disk",
      `cannot tell how much is free: df ended with ${outcome.code}`,
      null,
      id,
    );
  }
  const free = Number(row[1]) * 1024;
  const text = `${formatBytes(free)} free for releases`;
  const hint = "a cold deploy (fly deploy) removes old releases";
  if (free < FREE_BYTES_FAIL) {
    return fail("disk", new FlyhotError("unexpected", text, { hint }), id);
  }
  return free < FREE_BYTES_WARN
    ? warn("disk", text, hint, id)
    : pass("disk", text, id);
}

/** The variables that a machine should have; of each group one is enough. */
function wantedVariables(
  config: ResolvedConfig,
): readonly (readonly string[])[] {
  const variable = ({ from }: { readonly from: string }) =>
    from.replace("environment ", "");
  return [
    // The runtime reads the name out of deno.json as well.
    ...(config.bucket.from.includes("flyhot.bucket")
      ? []
      : [["BUCKET_NAME", "AWS_BUCKET"]]),
    [variable(config.accessKeyId)],
    [variable(config.secretAccessKey)],
    ["FLY_API_TOKEN", "FLY_ACCESS_TOKEN"],
  ];
}

/** Only names leave the machine, never values. */
function unsetCommand(groups: readonly (readonly string[])[]): string[] {
  return [
    "deno",
    "eval",
    `console.log(JSON.stringify(${
      JSON.stringify(groups)
    }.filter((names) => !names.some((name) => Deno.env.get(name))).map(([name]) => name)));`,
  ];
}

/** Judges what a machine's environment lacks. */
export function judgeEnvironment(
  id: string,
  config: ResolvedConfig,
  outcome: ExecOutcome,
): Check {
  const unset = namesIn(outcome.stdout);
  if (unset === null) {
    return warn(
      "environment",
      `cannot tell which variables are set: deno ended with ${outcome.code}`,
      null,
      id,
    );
  }
  const all = wantedVariables(config).map(([name]) => name);
  const known = unset.filter((name) => all.includes(name));
  if (known.length === 0) {
    return pass("environment", "has the bucket, its keys and a Fly token", id);
  }
  const bucket = known.filter((name) => name !== "FLY_API_TOKEN");
  const remedies = [
    ...(bucket.length === 0 ? [] : [
      "without them the runtime gets no upgrades, unless reapply() is given them: fly storage create, or fly secrets set",
    ]),
    ...(bucket.length === known.length ? [] : [
      'flyhot hot without --local needs the token there: fly secrets set FLY_API_TOKEN="$(fly tokens create machine-exec)"',
    ]),
  ];
  return warn(
    "environment",
    `lacks ${known.join(", ")}`,
    remedies.join("; "),
    id,
  );
}

function namesIn(stdout: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(stdout);
    return Array.isArray(value)
      ? value.filter((it) => typeof it === "string")
      : null;
  } catch {
    return null;
  }
}
