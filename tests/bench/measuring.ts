/** How figures are taken: what is in the middle of several, and what a child process costs.
 * @module
 */

/** The one in the middle; 0 for none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The value below which a share of all lies; 0 for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(sorted.length * share))
  ] ??
    0;
}

/** What a child process has cost. */
export interface Cost {
  /** From its start to its end. */
  readonly ms: number;
  /** What it computed, which other work on the computer does not lengthen as it does the time. */
  readonly cpuMs: number;
}

const TICK_MS = 10;

/** What all ended children of this process have computed; 0 where the operating system does not tell. */
function childrenCpuMs(): number {
  try {
    const stat = Deno.readTextFileSync("/proc/self/stat");
    // Its name may hold spaces; cutime and cstime are the 16th and 17th field.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
  } catch {
    return 0;
  }
}

/** What a process has computed so far, in steps of 10 ms; 0 where the operating system does not tell. */
export function cpuMsOf(pid: number): number {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

/** Does something that starts a child and waits for its end; no other child may end meanwhile. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = childrenCpuMs();
  const from = performance.now();
  await work();
  const ms = performance.now() - from;
  return { ms, cpuMs: childrenCpuMs() - cpu };
}

/** Costs of several ways to do something, in turns, so that other work on the computer meets all alike. */
export async function inTurns<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, Cost>> {
  const seen = new Map<string, Cost[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, way] of Object.entries<() => Promise<unknown>>(ways)) {
      seen.set(name, [...seen.get(name) ?? [], await costOf(way)]);
    }
  }
  return Object.fromEntries(
    [...seen].map(([name, costs]) => [name, {
      ms: median(costs.map(({ ms }) => ms)),
      cpuMs: costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / costs.length,
    }]),
  ) as Record<Name, Cost>;
}

/** Runs a program to its end; what it wrote. */
export async function run(
  program: string,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  const text = new TextDecoder();
  if (code !== 0) {
    throw new Error(
      `${program} ${args.join(" ")} ended with ${code}: ${text.decode(stderr)}`,
    );
  }
  return text.decode(stdout);
}

/** Lends a new folder. */
export async function withFolder<T>(
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-bench-" });
  try {
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes files by path. */
export async function writeFiles(
  folder: string,
  files: Iterable<readonly [string, string]>,
): Promise<void> {
  for (const [path, text] of files) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}

/** `BENCH_PROF=<folder>` has the measured processes write CPU profiles. */
export const PROFILE: readonly string[] = Deno.env.get("BENCH_PROF")
  ? [
    "--cpu-prof",
    "--cpu-prof-interval",
    "200",
    "--cpu-prof-dir",
    Deno.env.get("BENCH_PROF")!,
  ]
  : [];
