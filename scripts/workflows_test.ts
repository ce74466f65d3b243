import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "yaml";
import denoJson from "../deno.json" with { type: "json" };
import { readMode } from "./compile.ts";
import { TARGETS } from "./compile/targets.ts";
import { tagOf } from "./release/problems.ts";

const ROOT = new URL("../", import.meta.url);
const FOLDER = new URL(".github/workflows/", ROOT);

/** As much of a workflow as is checked here. */
interface Workflow {
  readonly on: Readonly<Record<string, { tags?: string[] } | null>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly os: readonly string[] } };
  readonly steps: readonly Step[];
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

async function workflow(name: string): Promise<Workflow> {
  return parse(await Deno.readTextFile(new URL(name, FOLDER))) as Workflow;
}

/** What a text of shell commands starts: tasks, and files that a shell or deno runs. */
function startedBy(text: string): { tasks: string[]; files: string[] } {
  const found = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map((it) => it[1]!);
  return {
    tasks: found(/\b(?:deno|run_deno) task (\w+(?::\w+)*)/g),
    files: found(/\b(?:bash|deno run -A) ([\w./]+)/g),
  };
}

function runsOf(job: Job): string {
  return job.steps.map((it) => it.run ?? "").join("\n");
}

async function assertIsThere(path: string): Promise<void> {
  const { isFile } = await Deno.stat(new URL(path, ROOT));
  assert(isFile, path);
}

Deno.test("every task and file that a workflow or .ci/run starts is there", async () => {
  const texts = [await Deno.readTextFile(new URL(".ci/run", ROOT))];
  for await (const { name } of Deno.readDir(FOLDER)) {
    const { jobs } = await workflow(name);
    for (const job of Object.values(jobs)) texts.push(runsOf(job));
  }
  const started = texts.map(startedBy);
  const tasks = new Set(started.flatMap((it) => it.tasks));
  const files = new Set(started.flatMap((it) => it.files));
  // What the patterns have to find, so that they cannot look past it.
  for (const task of ["test", "test:long", "publish", "compile", "demo"]) {
    assert(tasks.has(task), `no workflow runs the task ${task}`);
  }
  assertEquals([...files].sort(), [
    ".ci/run",
    "scripts/release/release_notes.ts",
  ]);
  for (const task of tasks) {
    assert(
      Object.hasOwn(denoJson.tasks, task),
      `deno.json has no task ${task}`,
    );
  }
  for (const path of files) await assertIsThere(path);
});

Deno.test("every script and test that a task names is there", async () => {
  for (const { command } of Object.values(denoJson.tasks)) {
    const paths = command.matchAll(
      /(?<=[ ,=])(?:scripts|tests|runtime|src)\/[\w./-]+/g,
    );
    for (const [path] of paths) await Deno.stat(new URL(path, ROOT));
    const [_, task] = command.match(/deno task (\w+(?::\w+)*)/) ?? [];
    if (task) assert(Object.hasOwn(denoJson.tasks, task), command);
  }
});

Deno.test("every job that another waits for is there, and every action has a version", async () => {
  for await (const { name } of Deno.readDir(FOLDER)) {
    const { jobs } = await workflow(name);
    for (const job of Object.values(jobs)) {
      for (const other of [job.needs ?? []].flat()) {
        assert(Object.hasOwn(jobs, other), `${name}: needs ${other}`);
      }
      for (const { uses } of job.steps) {
        if (uses) assertMatch(uses, /^[\w-]+\/[\w-]+@v\d+$/);
      }
    }
  }
});

Deno.test("changes are checked on two systems, with the Deno that .ci/run takes", async () => {
  const { jobs } = await workflow("ci.yml");
  assertEquals(jobs.check?.strategy?.matrix.os, [
    "ubuntu-latest",
    "macos-latest",
  ]);
  assertEquals(runsOf(jobs.check!).trim(), "bash .ci/run");
  const script = await Deno.readTextFile(new URL(".ci/run", ROOT));
  const [_, version] = script.match(/npx -y deno@([\d.]+) "\$@"/)!;
  for (const name of ["ci.yml", "release.yml"]) {
    for (const job of Object.values((await workflow(name)).jobs)) {
      for (const step of job.steps) {
        if (!step.uses?.startsWith("denoland/setup-deno@")) continue;
        assertEquals(step.with, { "deno-version": `v${version}.x` });
      }
    }
  }
});

Deno.test("a tag becomes a release once it is checked: binaries with checksums and provenance, packages without a token", async () => {
  const { on, jobs } = await workflow("release.yml");
  const pattern = on.push?.tags?.[0] ?? "";
  assert(tagOf("0.1.0").startsWith(pattern.replace(/\*$/, "")), pattern);
  const { check, binaries, jsr } = jobs;
  assertEquals(runsOf(check!).trim(), "bash .ci/run");

  assertEquals(binaries?.needs, "check");
  const [_, mode] = runsOf(binaries!).match(/deno task compile (--\w+)/)!;
  assertEquals(readMode([mode!]), "all");
  assertEquals(TARGETS.length, 5);
  const attest = binaries!.steps.find((it) =>
    it.uses?.startsWith("actions/attest-build-provenance@")
  );
  assertEquals(attest?.with, { "subject-checksums": "dist/SHA256SUMS" });
  assertEquals(binaries?.permissions, {
    contents: "write",
    "id-token": "write",
    attestations: "write",
  });

  assertEquals(jsr?.needs, "binaries");
  assertEquals(jsr?.permissions?.["id-token"], "write");
  assertMatch(runsOf(jsr!), /^\s*deno task publish\s+deno publish\s*$/);
});
