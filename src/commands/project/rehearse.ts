/** `flyhot rehearse`: an upgrade before it happens, compared with a fresh start.
 * @module
 */
import { tell } from "../../rollout/steps.ts";
import { untilAborted } from "../../base/sleep.ts";
import { FlyhotError } from "../../errors.ts";
import {
  type CommitRow,
  commitRow,
  eachText,
  exitCodeOfAll,
} from "../../rehearse/each.ts";
import { runningVersion } from "../../rehearse/from_fleet.ts";
import { record } from "../../rehearse/record.ts";
import {
  type RehearsalWorld,
  rehearseBetween,
} from "../../rehearse/rehearsal.ts";
import {
  answerLines,
  exitCodeOf,
  rehearsalJson,
  rehearsalText,
} from "../../rehearse/rehearsal_text.ts";
import { givenRequests } from "../../rehearse/requests_given.ts";
import { Repository, WORKING_TREE } from "../../rehearse/versions.ts";
import { CONSENT_FLAGS, consentIn, given } from "../../config/app_flags.ts";
import { findDenoJson } from "../../config/files/deno_json.ts";
import {
  type Command,
  type CommandEnvironment,
  defineCommand,
} from "../command.ts";
import { SUMMARIES } from "../summaries.ts";

/** `flyhot rehearse` */
export const rehearseCommand: Command = defineCommand({
  name: "rehearse",
  summary: SUMMARIES.rehearse,
  description: [
    "Starts the version that runs now, plays requests, upgrades it hot while requests go on, plays them again, and compares the answers (status, headers, bodies, WebSocket messages) with those of a fresh process of the other version that has been asked the same. All on this computer, from the git repository that the folder is in; fly is not asked for anything but, where the bucket's keys are there, which commit runs.",
    'Requests are plain text: METHOD /path, then headers, an empty line and the body; or WS /path, then lines "> sent" and "< received". Requests are parted by empty lines; lines that begin with # are comments, and a line of a body that would be read as one of them gets a \\ in front. --record writes such a file in front of a running app. Credentials (Authorization, Cookie and the like) are left out of it; paths and bodies are written as they are. Cookies that answers set are sent with the requests that follow. Requests and masks may stand in deno.json as well: "flyhot": { "requests": ["requests.txt"], "masks": ["id-[0-9]+"] }.',
    "Not compared: times with a date, UUIDs, ULIDs, milliseconds since 1970, values of cookies, Date and ETag, and what masks match.",
    "Exit code 0 if the answers are the same, 7 if they differ or the upgrade fails, 8 if it needs a cold deploy.",
  ],
  argument: {
    name: "from",
    description: "A git ref (default: what the fleet runs, else the last tag)",
  },
  secondArgument: {
    name: "to",
    description: "A git ref, or . for the working tree (default: .)",
  },
  flags: [
    {
      name: "from",
      type: "string",
      value: "ref",
      description: "The same as the first argument",
    },
    {
      name: "to",
      type: "string",
      value: "ref",
      description: "The same as the second argument",
    },
    {
      name: "requests",
      type: "string",
      short: "r",
      value: "path",
      repeatable: true,
      description: "A file of requests",
      default: "flyhot.requests in deno.json, else GET /",
    },
    {
      name: "mask",
      type: "string",
      short: "m",
      value: "regexp",
      repeatable: true,
      description: "What not to compare, besides flyhot.masks",
    },
    {
      name: "group",
      type: "string",
      value: "name",
      description: "The process group of fly.toml that is rehearsed",
      default: "app, else the first",
    },
    ...CONSENT_FLAGS,
    {
      name: "each",
      type: "string",
      value: "range",
      description:
        "Rehearse every commit of a git range, each from the one before",
    },
    {
      name: "record",
      type: "string",
      value: "path",
      description: "Write down what a running app is asked, until Ctrl-C",
    },
    {
      name: "target",
      type: "string",
      value: "url",
      description: "With --record: the running app",
      default: "http://localhost:8000",
    },
    {
      name: "port",
      type: "integer",
      value: "number",
      min: 1,
      description:
        "The port that the app listens on; with --record, where to listen",
      default: "PORT, where the app reads it",
    },
    {
      name: "with-credentials",
      type: "boolean",
      description: "With --record: write down credentials, too",
    },
  ],
  examples: [
    {
      title: "What the fleet runs, upgraded to the working tree",
      command: "flyhot rehearse --requests requests.txt",
    },
    { title: "A pull request, in CI", command: "flyhot rehearse origin/main" },
    {
      title: "As it would go with a consent that a refusal names",
      command: "flyhot rehearse --consent holder:docs",
    },
    {
      title: "Write the requests down: use the app on the port it prints",
      command: "flyhot rehearse --record requests.txt",
    },
    {
      title: "Which of the last releases could have gone hot",
      command: "flyhot rehearse --each v1.2.0..HEAD",
    },
  ],
  async run(context) {
    const { flags, argument, secondArgument } = context;
    const from = once("from", argument, flags.from);
    const to = once("to", secondArgument, flags.to);
    const isRecording = flags.record !== undefined;
    refuseTogether("--record", isRecording, {
      from,
      to,
      "--each": flags.each,
      "--requests": flags.requests[0],
      "--mask": flags.mask[0],
      "--group": flags.group,
      "--consent": flags.consent[0],
      "--drop": flags.drop[0],
    });
    refuseTogether("--each", flags.each !== undefined, { from, to });
    for (const name of ["target", "with-credentials"] as const) {
      if (isRecording || !flags[name]) continue;
      throw new FlyhotError(
        "usage",
        `Cannot use --${name}: it is for --record <path>`,
        { hint: "add --record <path>, or leave it out" },
      );
    }
    if (flags.record !== undefined) {
      return await recording({
        file: flags.record,
        target: flags.target ?? "http://localhost:8000",
        withCredentials: flags["with-credentials"],
        ...given({ port: flags.port }),
      }, context);
    }
    const { host, signal } = context;
    const requests = await givenRequests(flags, host);
    const denoJson = await findDenoJson(host, "");
    const world = {
      host,
      repository: new Repository(host, signal, denoJson?.config.root),
      given: requests,
      consent: consentIn(flags),
      group: flags.group ?? null,
      port: flags.port ?? null,
      signal,
    };
    return flags.each === undefined
      ? await rehearsing({ from, to }, world, context)
      : await walking(flags.each, world, context);
  },
});

async function rehearsing(
  { from, to = WORKING_TREE }: {
    readonly from: string | undefined;
    readonly to: string | undefined;
  },
  world: RehearsalWorld,
  { host, reporter, signal, answer }: CommandEnvironment,
): Promise<number> {
  const { repository, given: requests } = world;
  const note = (text: string) => reporter.emit({ type: "note", text });
  const before = from === undefined
    ? await runningVersion(repository, host, note, signal)
    : await repository.version(from);
  const after = await repository.version(to);
  const versions = { from: before.name, to: after.name };
  const report = await tell(
    { host, reporter },
    {
      name: "Rehearse",
      detail: `${versions.from} → ${versions.to}, ${requests.from}`,
      result: ({ outcome }) => outcome,
    },
    () => rehearseBetween(before, after, world),
  );
  answer({
    text: rehearsalText(report, versions),
    json: rehearsalJson(report, versions),
    folds: true,
    whole: answerLines(report),
  });
  return exitCodeOf(report);
}

async function walking(
  range: string,
  world: RehearsalWorld,
  { host, reporter, signal, answer }: CommandEnvironment,
): Promise<number> {
  const { repository } = world;
  const rows: CommitRow[] = [];
  for (const commit of await repository.commits(range)) {
    signal.throwIfAborted();
    const { name, parent, subject } = commit;
    rows.push(
      await tell(
        { host, reporter },
        { name, detail: subject, result: ({ outcome }) => outcome },
        () =>
          commitRow(
            commit,
            () => rehearseBetween({ id: parent, name: parent }, commit, world),
          ),
      ),
    );
  }
  answer({
    text: eachText(rows),
    json: { range, commits: rows },
    folds: true,
  });
  return exitCodeOfAll(rows);
}

async function recording(
  options: Parameters<typeof record>[0],
  { host, signal, answer }: CommandEnvironment,
): Promise<number> {
  await using recorder = await record(options, host);
  const { file, target } = options;
  answer({
    text: [
      `Use the app at ${recorder.url}; what it is asked is written to ${file}, until Ctrl-C`,
      ...(options.withCredentials
        ? ["Credentials are written down, too: keep the file to yourself"]
        : []),
    ].join("\n"),
    json: { url: recorder.url, target, file },
    folds: true,
  });
  await untilAborted(signal);
  return 0;
}

/** An argument may be given as a flag, and not as both. */
function once(
  name: string,
  argument: string | undefined,
  flag: string | undefined,
): string | undefined {
  if (argument === undefined || flag === undefined) return argument ?? flag;
  throw new FlyhotError(
    "usage",
    `Cannot read "${argument}": --${name} ${flag} says it already`,
    { hint: `leave out one of the two` },
  );
}

function refuseTogether(
  flag: string,
  isGiven: boolean,
  others: Readonly<Record<string, string | undefined>>,
): void {
  if (!isGiven) return;
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue;
    throw new FlyhotError(
      "usage",
      `Cannot use ${name} ${value} together with ${flag}`,
      { hint: "see: flyhot rehearse --help" },
    );
  }
}
