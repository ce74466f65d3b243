/** The commands of the stand-in about machines.
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import {
  appOf,
  type Asker,
  call,
  COMMON,
  parseFlags,
  type StandInCommand,
  type StandInHost,
  tell,
} from "./call.ts";

/** `fly machine list` */
export async function listMachines(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, COMMON);
  const path = await machinesPath(host, values);
  const machines = await (await call(host, "GET", path, values)).json();
  if (values.json) return host.out(`${JSON.stringify(machines, null, 4)}\n`);
  for (const { id, name, state, region, config } of machines) {
    host.out(`${[id, name, state, region, config?.image].join("\t")}\n`);
  }
}

const LOGS = {
  ...COMMON,
  machine: { type: "string" },
  "no-tail": { type: "boolean", short: "n" },
  instance: { type: "string", short: "i" },
  region: { type: "string", short: "r" },
} as const satisfies ParseArgsConfig["options"];

/** `fly logs`: prints what there is; it does not wait for more, as `fly logs --no-tail` does. */
export async function logs(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  // Its switches begin with "no" themselves, so it cannot take --no-… for a negation.
  const { values } = parseArgs({
    args: [...args],
    options: LOGS,
    allowPositionals: true,
  });
  const response = await call(host, "GET", "/_sandbox/machines", values);
  const wanted = values.machine ?? values.instance;
  for (const { id, region, logFile } of await response.json()) {
    if (wanted !== undefined && wanted !== id) continue;
    const text = await host.readText(logFile) ?? "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const [, at = "", rest = line] = /^(\S+) \[\w+\] (.*)$/.exec(line) ?? [];
      host.out(`${at} app[${id}] ${region} [info]${rest}\n`);
    }
  }
}

/** `fly machine status <id>` */
export async function machineStatus(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values, positionals: [id] } = parseFlags(args, COMMON);
  if (id === undefined) throw new Error("name the machine");
  const base = await machinesPath(host, values);
  const response = await call(host, "GET", `${base}/${id}`, values);
  const machine = await response.json();
  if (values.json) return host.out(`${JSON.stringify(machine, null, 4)}\n`);
  host.out(`Machine ID: ${machine.id}\nState: ${machine.state}\n`);
  host.out(`Instance ID: ${machine.instance_id}\nRegion: ${machine.region}\n`);
  host.out("\nEvent Logs\nSTATE\tEVENT\tSOURCE\tTIMESTAMP\n");
  for (const { status, type, source, timestamp } of machine.events) {
    const at = new Date(timestamp).toISOString();
    host.out(`${[status, type, source, at].join("\t")}\n`);
  }
}

/** What a machine is told, and what is to be seen of it then. */
interface Action {
  readonly method?: string;
  readonly path: string;
  /** The states of a machine that is meant where none is named. */
  readonly of: readonly string[];
  /** What is waited for. */
  readonly until: string;
  readonly done: string;
  /** More to be said with `--force`. */
  readonly forced?: string;
}

const RESTING = ["created", "stopped", "suspended", "failed"];

/** `fly machine start` */
export const startMachines: StandInCommand = acting({
  path: "/start",
  of: RESTING,
  until: "started",
  done: "has been started",
});

/** `fly machine stop` */
export const stopMachines: StandInCommand = acting({
  path: "/stop",
  of: ["started"],
  until: "stopped",
  done: "has been successfully stopped",
});

/** `fly machine restart` */
export const restartMachines: StandInCommand = acting({
  path: "/restart",
  of: ["started"],
  until: "started",
  done: "restarted successfully!",
});

/** `fly machine suspend` */
export const suspendMachines: StandInCommand = acting({
  path: "/suspend",
  of: ["started"],
  until: "suspended",
  done: "has been suspended",
});

/** `fly machine destroy` */
export const destroyMachines: StandInCommand = acting({
  method: "DELETE",
  path: "",
  of: RESTING,
  until: "destroyed",
  done: "has been destroyed",
  forced: "?force=true",
});

function acting(action: Action): StandInCommand {
  return async (args, host) => {
    const { values, positionals } = parseFlags(args, {
      ...COMMON,
      force: { type: "boolean", short: "f" },
      yes: { type: "boolean", short: "y" },
      "skip-health-checks": { type: "boolean" },
      signal: { type: "string", short: "s" },
      timeout: { type: "string" },
      time: { type: "string" },
    });
    const base = await machinesPath(host, values);
    const ids = positionals.length > 0
      ? positionals
      : [await onlyOne(action, host, values, base)];
    const query = values.force ? action.forced ?? "" : "";
    for (const id of ids) {
      const path = `${base}/${id}`;
      const { method = "POST" } = action;
      await tell(host, method, path + action.path + query, values, {});
      const state = `state=${action.until}&timeout=60`;
      const seen = tell(
        host,
        "GET",
        `${path}/wait?${state}`,
        values,
        undefined,
        70_000,
      );
      await seen.catch((error) => {
        // A machine that was destroyed is soon forgotten.
        if (action.until === "destroyed" && /\(404\)$/.test(error.message)) {
          return;
        }
        throw error;
      });
      host.out(`${id} ${action.done}\n`);
    }
  };
}

/** The one machine that can be meant; `fly` asks which. */
async function onlyOne(
  action: Action,
  host: StandInHost,
  values: Asker,
  base: string,
): Promise<string> {
  const query = `?state=${action.of.join(",")}`;
  const response = await call(host, "GET", base + query, values);
  const found: { id: string }[] = await response.json();
  if (found.length === 1) return found[0]!.id;
  throw new Error(
    `name the machine: ${
      found.map(({ id }) => id).join(", ") ||
      `none is ${action.of.join(" or ")}`
    }`,
  );
}

async function machinesPath(
  host: StandInHost,
  values: Asker,
): Promise<string> {
  return `/v1/apps/${encodeURIComponent(await appOf(host, values))}/machines`;
}
