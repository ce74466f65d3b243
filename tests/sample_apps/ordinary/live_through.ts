/** Takes one process through the versions of an app while it is used, and compares it with a fresh process of each.
 * @module
 */
import { join } from "@std/path";
import type { UpgradeReport } from "../../../runtime/testing/mod.ts";
import { type Answers, HttpLoad } from "./http_load.ts";
import { askAll, send } from "./answers.ts";
import { FreshProcess, HotProcess } from "./processes.ts";
import type { Expected, Story, Talker } from "./story.ts";
import { askForRebinding, type Version, writeHistory } from "./history.ts";

/** How a process lived. */
export interface Life {
  /** One line for each upgrade. */
  readonly lines: readonly string[];
  /** What should not have happened. */
  readonly violations: readonly string[];
  /** How many requests were answered under load. */
  readonly answers: number;
}

/** Options of {@linkcode liveThrough}. */
export interface LifeOptions {
  /** The numbers of the versions, in the order in which they come. Default: all from 2 on. */
  readonly path?: readonly number[];
  /** Whether upgrades must end as the story says; else they may be applied, or refused with file and line. Default true. */
  readonly asExpected?: boolean;
  /** How many clients ask all the time. Default 3. */
  readonly clients?: number;
  /** Told each line as it comes. */
  readonly onLine?: (line: string) => void;
  /** Whether all versions ask for rebinding. Default false. */
  readonly rebind?: boolean;
  /** How many clients have an open connection. Default 2. */
  readonly talkers?: number;
}

/** Takes an app through its versions. */
export async function liveThrough(
  story: Story,
  options: LifeOptions = {},
): Promise<Life> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: `flyhot-${story.name}-` }),
  );
  try {
    const home = new URL(`./${story.name}/`, import.meta.url).pathname;
    const versions = await writeHistory(home, join(folder, "versions"));
    if (versions.length !== story.versions) {
      throw new Error(`${story.name} has ${versions.length} versions`);
    }
    if (options.rebind) await askForRebinding(versions);
    await using run = await Run.start(story, folder, versions, options);
    return await run.live();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

class Run implements AsyncDisposable {
  readonly #story: Story;
  readonly #folder: string;
  readonly #versions: readonly Version[];
  readonly #options: LifeOptions;
  readonly #hot: HotProcess;
  readonly #load: HttpLoad;
  readonly #talkers: readonly Talker[];
  readonly #pid: number;
  readonly #lines: string[] = [];
  readonly #violations: string[] = [];
  /** The versions at which something was done, which a fresh process has to be told. */
  readonly #journal: number[] = [];

  private constructor(
    about: [Story, string, readonly Version[], LifeOptions],
    hot: HotProcess,
    talkers: readonly Talker[],
  ) {
    [this.#story, this.#folder, this.#versions, this.#options] = about;
    this.#hot = hot;
    this.#talkers = talkers;
    this.#pid = hot.pid;
    const { load } = this.#story;
    this.#load = new HttpLoad(hot.url, load, this.#options.clients ?? 3);
  }

  static async start(
    story: Story,
    folder: string,
    versions: readonly Version[],
    options: LifeOptions,
  ): Promise<Run> {
    const hot = await HotProcess.start(
      join(folder, "hot"),
      versions[0]!,
      story.by,
    );
    const talkers: Talker[] = [];
    for (let count = options.talkers ?? 2; count > 0; count--) {
      talkers.push(await story.talk(hot.url));
    }
    return new Run([story, folder, versions, options], hot, talkers);
  }

  async live(): Promise<Life> {
    const [first, ...later] = this.#versions;
    await using fresh = await this.#fresh(first!);
    await this.#compareActs(first!, fresh);
    const path = this.#options.path ?? later.map(({ number }) => number);
    for (const number of path) {
      await this.#upgrade(this.#versions[number - 1]!);
      this.#note(this.#load.failures.splice(0));
      for (const { failures } of this.#talkers) this.#note([...failures]);
      if (this.#violations.length > 0) break;
    }
    if (this.#hot.pid !== this.#pid) this.#note(["it is another process"]);
    if (this.#talkers.some(({ answers }) => answers < path.length)) {
      this.#note(["an open connection was silent"]);
    }
    return {
      lines: this.#lines,
      violations: this.#violations,
      answers: this.#load.total,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#load[Symbol.asyncDispose](),
      ...this.#talkers.map((talker) => talker[Symbol.asyncDispose]()),
    ]);
    await this.#hot[Symbol.asyncDispose]();
  }

  async #upgrade(version: Version): Promise<void> {
    const at = `version ${version.number} (${version.subject})`;
    const note = (found: readonly string[]) =>
      this.#note(found.map((text) => `${at}: ${text}`));
    const starting = this.#fresh(version);
    const release = await this.#hot.pack(version).catch(async (error) => {
      await (await starting)[Symbol.asyncDispose]();
      throw error;
    });
    await using fresh = await starting;
    const { questions } = this.#story;
    const next = await askAll(fresh.url, questions);
    const old = await askAll(this.#hot.url, questions);
    this.#load.begin();
    await this.#load.more(10);
    const before = this.#talkers.map(({ answers }) => answers);
    const report = await this.#hot.upgrade(release);
    const settled = performance.now();
    await this.#load.more(20);
    this.#load.rest();
    for (const talker of this.#talkers) await talker.settled();
    const said = line(version, report, this.#load.total, before);
    this.#lines.push(said);
    this.#options.onLine?.(said);
    if (this.#options.asExpected ?? true) {
      note(unexpected(report, this.#story.expected[version.number]));
    } else if (report.state === "rolled_back" || !isExplained(report)) {
      note([`${report.state}: ${report.failure?.message}`]);
    }
    const isIn = report.state === "applied" ||
      report.state === "nothing_to_do";
    const wanted = isIn ? next : old;
    note(this.#load.verdict(old, wanted, settled));
    note(differences(await askAll(this.#hot.url, questions), wanted));
    if (isIn) note(await this.#compareActs(version, fresh));
  }

  /** A fresh process with the state that the upgraded one has. */
  async #fresh(version: Version): Promise<FreshProcess> {
    const { by, talk } = this.#story;
    const folder = join(this.#folder, `fresh-${crypto.randomUUID()}`);
    const fresh = await FreshProcess.start(folder, version, by);
    try {
      if (this.#journal.length === 0) return fresh;
      await using talker = await talk(fresh.url);
      for (const number of this.#journal) {
        await this.#act(fresh.url, talker, number);
      }
      return fresh;
    } catch (error) {
      await fresh[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Does the same with both, and compares what they answer, and what they answer to questions afterwards. */
  async #compareActs(
    { number }: Version,
    fresh: FreshProcess,
  ): Promise<string[]> {
    const { questions, talk } = this.#story;
    await using talker = await talk(fresh.url);
    await this.#talkers[0]!.settled();
    const [wanted, got] = await Promise.all([
      this.#act(fresh.url, talker, number),
      this.#act(this.#hot.url, this.#talkers[0]!, number),
    ]);
    this.#journal.push(number);
    return [
      ...differences(got, wanted),
      ...differences(
        await askAll(this.#hot.url, questions),
        await askAll(fresh.url, questions),
      ),
    ];
  }

  async #act(
    url: string,
    talker: Talker,
    version: number,
  ): Promise<Map<string, string>> {
    const answers = new Map<string, string>();
    // On a way back and forth only what every version understands in the same way leaves the same state.
    const known = this.#options.asExpected ?? true ? version : 1;
    for (const act of this.#story.acts) {
      if (known < (act.from ?? 1)) continue;
      const { method = "GET", path } = act;
      answers.set(`${method} ${path}`, await send(url, act, version));
    }
    answers.set("a conversation", (await talker.converse(known)).join("\n"));
    return answers;
  }

  #note(found: readonly string[]): void {
    this.#violations.push(...found);
  }
}

function differences(got: Answers, wanted: Answers): string[] {
  return [...wanted].filter(([path, answer]) => got.get(path) !== answer)
    .map(([path, answer]) =>
      `${path} answers ${got.get(path)}, a fresh process ${answer}`
    );
}

/** Whether an upgrade that was refused names a file and, where it is about a line of it, the line. */
function isExplained({ failure }: UpgradeReport): boolean {
  return failure === null || /\b[\w/.-]+\.\w+(?::\d+)?(?: \S+)?: \S/.test(
    failure.message,
  );
}

/** What of an upgrade's end is not what the story says. */
function unexpected(
  report: UpgradeReport,
  expected: Expected = { state: "applied" },
): string[] {
  const ended = `it ended as ${report.state}: ${report.failure?.message ?? ""}`;
  if (expected.state === "refused") {
    const { at } = expected;
    return report.state === "failed" && report.failure?.message.includes(at)
      ? []
      : [`${ended}; wanted is the refusal ${at}`];
  }
  if (report.state !== expected.state) return [ended];
  const { reloaded } = expected;
  return !reloaded || `${reloaded}` === `${[...report.reloaded].sort()}`
    ? []
    : [`it reloaded ${report.reloaded}; wanted are ${reloaded}`];
}

function line(
  { number, subject }: Version,
  report: UpgradeReport,
  total: number,
  before: readonly number[],
): string {
  const { state, reloaded, modules, totalMs, failure } = report;
  return `v${number} ${subject}: ${state}, ${reloaded.length} of ${modules} modules, ${
    Math.round(totalMs)
  } ms, ${total} answers, ${before.join("+")} words${
    failure ? `; ${failure.message}` : ""
  }`;
}
