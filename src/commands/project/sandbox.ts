/** `flyhot sandbox`: a small Fly on this computer.
 * @module
 */
import { untilAborted } from "../../base/sleep.ts";
import { shellLine } from "../../config/files/start_command.ts";
import { findFlyToml, flyTomlIn } from "../../config/files/fly_toml.ts";
import { FlyhotError } from "../../errors.ts";
import type { Sandbox, SandboxMachine } from "../../sandbox/sandbox.ts";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { formatTable } from "../../ui/format.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import { given } from "../../config/app_flags.ts";

/** `flyhot sandbox` */
export const sandboxCommand: Command = defineCommand({
  name: "sandbox",
  summary: SUMMARIES.sandbox,
  description: [
    "Starts an object store, a Machines API, a stand-in for fly, and the app on machines that are ordinary processes, one in every region. Prints where they are, and the variables that let flyhot in another terminal use them. Needs no account and no network; Ctrl-C ends it and leaves nothing behind.",
  ],
  argument: {
    name: "folder",
    description: "The app's folder (default: the working folder)",
  },
  flags: [
    {
      name: "regions",
      type: "string",
      value: "list",
      description: "Where machines are placed, separated by commas",
      default: "iad,fra,syd",
    },
    {
      name: "app",
      type: "string",
      short: "a",
      value: "name",
      description: "The app's name",
      default: "from fly.toml, else sandbox-app",
    },
    {
      name: "config",
      type: "string",
      short: "c",
      value: "path",
      description: "The app's fly.toml",
      default: "fly.toml in the folder",
    },
    {
      name: "keep",
      type: "boolean",
      description: "Leave the sandbox's files behind when it ends",
    },
  ],
  examples: [
    { title: "The app in this folder", command: "flyhot sandbox" },
    {
      title: "Two machines in one region",
      command: "flyhot sandbox --regions iad,iad examples/chat",
    },
  ],
  async run(context) {
    const { flags, host, reporter, signal } = context;
    const folder = context.argument ?? ".";
    if ((await host.files.stat(folder))?.kind !== "directory") {
      throw new FlyhotError(
        "usage",
        `Cannot start a sandbox for ${folder}: there is no such folder`,
        { hint: "name the app's folder: flyhot sandbox <folder>" },
      );
    }
    const flyToml = flags.config === undefined
      ? await flyTomlIn(host, folder)
      : await findFlyToml(host, flags.config);
    const regions = regionsOf(flags.regions ?? "iad,fra,syd");
    const name = "Start sandbox";
    const begun = host.monotonicNow();
    reporter.emit({ type: "step", name, detail: folder });
    await using sandbox = await startSandbox({
      ...given({ app: flags.app ?? flyToml?.app ?? undefined }),
      regions,
      keep: flags.keep,
      signal,
      onLog: (line) =>
        reporter.emit({
          type: "output",
          program: line.machineId,
          line: line.text,
        }),
    });
    const { machines } = await sandbox.deploy(folder, {
      ...given({ config: flags.config }),
      onLine: (line) => reporter.emit({ type: "output", program: "fly", line }),
      signal,
    });
    reporter.emit({
      type: "done",
      name,
      detail: sandbox.app,
      ms: host.monotonicNow() - begun,
    });
    context.answer({
      text: sandboxText(sandbox, machines),
      json: {
        app: sandbox.app,
        folder: sandbox.folder,
        machines: machines.map(({ id, region, group, url }) => ({
          id,
          region,
          group,
          url,
        })),
        env: sandbox.env,
      },
    });
    await untilAborted(signal);
    return 0;
  },
});

function regionsOf(list: string): readonly string[] {
  const regions = list.split(",").map((it) => it.trim());
  if (regions.every((it) => /^[a-z]{3}$/.test(it))) return regions;
  throw new FlyhotError(
    "usage",
    `Cannot read --regions: expected codes of three letters separated by commas, found "${list}"`,
    { hint: "for example: --regions iad,fra" },
  );
}

function sandboxText(
  { app, env }: Pick<Sandbox, "app" | "env">,
  machines: readonly SandboxMachine[],
): string {
  const table = formatTable(
    machines.map((it) => [it.id, it.region, it.group ?? "", it.url]),
  );
  return [
    `${app} runs in a sandbox:`,
    table.map((it) => `  ${it}`).join("\n"),
    "In another terminal, in the app's folder:",
    exportLines(env).map((it) => `  ${it}`).join("\n"),
    "Then change the app and upgrade it while it runs:",
    "  flyhot status\n  flyhot hot --local",
    "Ctrl-C ends the sandbox.",
  ].join("\n\n");
}

/** Writes variables as lines for a shell, of `PATH` only what comes before its own. */
function exportLines(
  env: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(env).map(([name, value]) =>
    name === "PATH"
      ? `export PATH=${shellLine([value.split(":")[0] ?? ""])}:"$PATH"`
      : `export ${name}=${shellLine([value])}`
  );
}
