/** The figures: what an upgrade costs, and everything around it, each with its goal. One table, minutes on two cores.
 *
 * ```sh
 * deno task bench [reload suspension load …] [--json] [--seconds 60] [--tiny]
 * ```
 *
 * Other work on the computer makes times longer; what is compared is measured in turns, so that ratios hold. Exits with
 * 1 where a bench ends early, and with 0 where a goal is missed, which the table says.
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { BENCHES, type BenchName } from "./bench/benches.ts";
import type { BenchSize, Figure } from "./bench/figure.ts";
import {
  type Measured,
  tableJson,
  tableText,
  verdictText,
} from "./bench/table.ts";

/** What a command line asks for. */
export interface BenchRequest extends BenchSize {
  readonly names: readonly BenchName[];
  readonly json: boolean;
}

/** Reads a command line; a sentence where it cannot be read. */
export function readRequest(args: readonly string[]): BenchRequest | string {
  let strange: string | undefined;
  const flags = parseArgs([...args], {
    string: ["seconds"],
    boolean: ["json", "tiny"],
    default: { seconds: "60" },
    unknown: (argument, key) => {
      if (key !== undefined) strange ??= argument;
    },
  });
  if (strange !== undefined) {
    return `Cannot read ${strange}; the options are --json --seconds --tiny`;
  }
  const seconds = Number(flags.seconds);
  if (!(seconds > 0)) return `Cannot read --seconds ${flags.seconds}`;
  const all = Object.keys(BENCHES) as BenchName[];
  const asked = flags._.map(String);
  const unknown = asked.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    return `Cannot measure ${unknown}; there are ${all.join(", ")}`;
  }
  return {
    names: asked.length > 0 ? all.filter((name) => asked.includes(name)) : all,
    json: flags.json,
    tiny: flags.tiny,
    seconds,
  };
}

/** Runs some benches, one after the other. */
export async function measure(
  names: readonly BenchName[],
  size: BenchSize,
  say: (line: string) => void,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const name of names) {
    const { about, run } = await BENCHES[name]();
    say(`${name}: ${about}`);
    const from = performance.now();
    const figures: Figure[] = [];
    const seconds = () => (performance.now() - from) / 1000;
    try {
      for await (const figure of run(size)) figures.push(figure);
      measured.push({ bench: name, figures, seconds: seconds() });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : `${thrown}`;
      say(`${name} ended early: ${error}`);
      measured.push({ bench: name, figures, seconds: seconds(), error });
    }
    say(`${name}: ${seconds().toFixed(0)} s`);
  }
  return measured;
}

if (import.meta.main) {
  const encoder = new TextEncoder();
  const write = (to: typeof Deno.stdout | typeof Deno.stderr, text: string) => {
    let rest = encoder.encode(text + "\n");
    while (rest.length > 0) rest = rest.subarray(to.writeSync(rest));
  };
  const request = readRequest(Deno.args);
  if (typeof request === "string") {
    write(Deno.stderr, request);
    Deno.exit(2);
  }
  const measured = await measure(
    request.names,
    request,
    (line) => write(Deno.stderr, line),
  );
  write(
    Deno.stdout,
    request.json
      ? JSON.stringify(tableJson(measured), null, 2)
      : tableText(measured),
  );
  write(Deno.stderr, verdictText(measured));
  if (measured.some(({ error }) => error !== undefined)) Deno.exit(1);
}
