/**
 * A stand-in for `fly`: the few commands that flyhot and a person trying it need, against a sandbox.
 *
 * Reads `FLY_FLAPS_BASE_URL` and `FLY_API_TOKEN`. It imports nothing of flyhot, because it has to start fast, and prints as
 * `fly` does: talk on standard error, answers on standard output.
 *
 * @module
 */
import { secrets, storage, token, tokens, whoami } from "./account.ts";
import { config, launch, status } from "./app.ts";
import type { StandInCommand, StandInHost } from "./call.ts";
import { deploy } from "./deploy.ts";
import {
  destroyMachines,
  listMachines,
  logs,
  machineStatus,
  restartMachines,
  startMachines,
  stopMachines,
  suspendMachines,
} from "./machines.ts";

const VERSION =
  "fly v0.0.0-sandbox (a stand-in that talks to a flyhot sandbox)";

/** Runs a command. */
export async function standIn(
  args: readonly string[],
  host: StandInHost,
): Promise<number> {
  try {
    await run(args, host);
    return 0;
  } catch (error) {
    host.err(`Error: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

const version: StandInCommand = (_, host) =>
  Promise.resolve(host.out(`${VERSION}\n`));

const COMMANDS: Readonly<Record<string, StandInCommand>> = {
  deploy,
  launch,
  logs,
  status,
  version,
  "auth login": whoami,
  "auth whoami": whoami,
  "auth token": token,
  "config save": config.save,
  "config validate": config.validate,
  "machine list": listMachines,
  "machine status": machineStatus,
  "machine start": startMachines,
  "machine stop": stopMachines,
  "machine restart": restartMachines,
  "machine suspend": suspendMachines,
  "machine destroy": destroyMachines,
  "secrets import": secrets.import,
  "secrets list": secrets.list,
  "secrets set": secrets.set,
  "secrets unset": secrets.unset,
  "storage create": storage,
  "tokens create": tokens,
};

const OTHER_NAMES: Readonly<Record<string, string>> = {
  "--version": "version",
  "-v": "version",
  m: "machine",
  machines: "machine",
  ls: "list",
  rm: "destroy",
  remove: "destroy",
};

async function run(args: readonly string[], host: StandInHost): Promise<void> {
  const [first = "", second = ""] = args.map((arg) => OTHER_NAMES[arg] ?? arg);
  for (const [count, name] of [first, `${first} ${second}`].entries()) {
    if (!Object.hasOwn(COMMANDS, name)) continue;
    return await COMMANDS[name]!(args.slice(count + 1), host);
  }
  throw new Error(
    `unknown command "${
      args.filter((arg) => !arg.startsWith("-")).join(" ")
    }" for "fly"; this stand-in knows: ${Object.keys(COMMANDS).join(", ")}`,
  );
}

if (import.meta.main) {
  const encoder = new TextEncoder();
  const write =
    (to: { writeSync(bytes: Uint8Array): number }) => (text: string) => {
      const bytes = encoder.encode(text);
      for (let done = 0; done < bytes.length;) {
        done += to.writeSync(bytes.subarray(done));
      }
    };
  Deno.exitCode = await standIn(Deno.args, {
    env: (name) => Deno.env.get(name),
    cwd: () => Deno.cwd(),
    readText: async (path) => {
      try {
        return await Deno.readTextFile(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    },
    writeText: (path, text) => Deno.writeTextFile(path, text),
    fetch: (request) => fetch(request),
    out: write(Deno.stdout),
    err: write(Deno.stderr),
  });
}
