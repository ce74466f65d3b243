import { assert, assertEquals } from "@std/assert";
import { lineCollector, ProcessGroup } from "./processes.ts";

const ENV = { PATH: Deno.env.get("PATH") ?? "/bin:/usr/bin" };

function register() {
  const seen: string[] = [];
  return {
    seen,
    add: (pid: number) => void seen.push(`+${pid}`),
    remove: (pid: number) => void seen.push(`-${pid}`),
  };
}

function run(script: string, stdin?: string) {
  const log = register();
  const output = { stdout: "", stderr: "" };
  const group = new ProcessGroup({
    command: ["/bin/sh", "-c", script],
    cwd: "/",
    env: ENV,
    ...(stdin === undefined ? {} : { stdin }),
    onOutput: (piece, from) => output[from] += piece,
  }, log);
  return { group, output, log };
}

Deno.test("ProcessGroup hands over output and exit code, and registers itself", async () => {
  const { group, output, log } = run("cat; echo err >&2; exit 3", "in");
  assertEquals(await group.ended, { code: 3, signal: null });
  assertEquals(output, { stdout: "in", stderr: "err\n" });
  assertEquals(log.seen, [`+${group.pid}`, `-${group.pid}`]);
  group.signal("SIGTERM");
  group.signalAll("SIGTERM");
});

Deno.test("ProcessGroup ends with its main process, when that left others running", async () => {
  // The one left behind holds on to the pipe; only its end closes it.
  const { group, output } = run("sleep 1000 & echo started");
  assertEquals(await group.ended, { code: 0, signal: null });
  assertEquals(output.stdout, "started\n");
});

Deno.test("ProcessGroup ends, when something that left the group holds on to the pipes", async () => {
  const script = `
    const child = new Deno.Command("sleep", {
      args: ["60"],
      detached: true,
    }).spawn();
    console.log(child.pid);
    Deno.exit(0);
  `;
  const { group, output } = run(`"${Deno.execPath()}" eval '${script}'`);
  assertEquals(await group.ended, { code: 0, signal: null });
  const pid = Number(output.stdout);
  // To signal process 0 would be to signal these tests.
  assert(pid > 1, output.stdout);
  Deno.kill(pid, "SIGKILL");
});

Deno.test("ProcessGroup.signalAll() reaches all of it, and signal() the main process alone", async () => {
  const all = run("trap '' INT; sleep 1000 & wait; wait");
  all.group.signalAll("SIGKILL");
  assertEquals(await all.group.ended, { code: 137, signal: 9 });
  const one = run("exec sleep 1000");
  one.group.signal("SIGINT");
  assertEquals(await one.group.ended, { code: 130, signal: 2 });
});

Deno.test("ProcessGroup does not mind a program that does not read its input", async () => {
  const { group } = run("exit 0", "x".repeat(1_000_000));
  assertEquals((await group.ended).code, 0);
});

Deno.test("lineCollector() puts pieces together to lines", () => {
  const lines: string[] = [];
  const collector = lineCollector((line) => lines.push(line));
  for (const piece of ["a", "b\nc\r", "\n\nd"]) collector.add(piece);
  assertEquals(lines, ["ab", "c", ""]);
  collector.end();
  collector.end();
  assertEquals(lines, ["ab", "c", "", "d"]);
  collector.add("x".repeat(70_000));
  assertEquals(lines.at(-1)?.length, 70_000);
});
