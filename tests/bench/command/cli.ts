/** How long the command takes to start: as one file, as the binary holds it, beside an empty program.
 * @module
 */
import { bundledCli } from "../../support/programs/bundled_cli.ts";
import type { Bench } from "../figure.ts";
import { inTurns, run } from "../measuring.ts";

async function* figures({ tiny }: { readonly tiny: boolean }) {
  await using cli = await bundledCli("bench");
  // An app without machines and with an empty bucket.
  await using nothing = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    ({ url }) =>
      url.includes("/v1/apps/")
        ? Response.json([])
        : new Response(null, { status: 404 }),
  );
  const url = `http://127.0.0.1:${nothing.addr.port}`;
  const flyhot = (...args: string[]) => async () => {
    const { stdout, stderr } = await cli.run(args, {
      env: {
        FLY_API_TOKEN: "FlyV1 fm2_bench",
        FLY_FLAPS_BASE_URL: url,
        AWS_ENDPOINT_URL_S3: url,
        AWS_REGION: "auto",
        AWS_ACCESS_KEY_ID: "bench",
        AWS_SECRET_ACCESS_KEY: "bench",
        BUCKET_NAME: "bench",
      },
    });
    if (stdout + stderr === "") throw new Error(`${args} says nothing`);
  };
  const costs = await inTurns(tiny ? 1 : 9, {
    empty: () => run(Deno.execPath(), ["eval", ""]),
    version: flyhot("--version"),
    help: flyhot("--help"),
    "hot --help": flyhot("hot", "--help"),
    status: flyhot("status", "--app", "bench"),
  });
  const { empty, ...commands } = costs;
  yield {
    name: "an empty program",
    value: empty.ms,
    unit: "ms",
    note: `${empty.cpuMs.toFixed(0)} ms computed`,
  };
  for (const [name, { ms, cpuMs }] of Object.entries(commands)) {
    yield {
      name: `flyhot ${
        name.startsWith("hot") || name === "status" ? name : `--${name}`
      }`,
      value: ms,
      unit: "ms",
      note: `${cpuMs.toFixed(0)} ms computed, ${
        (ms / empty.ms).toFixed(1)
      } times an empty program`,
    };
  }
}

/** How long the command takes to start. */
export const bench: Bench = {
  about: "start of the command, beside an empty program",
  run: figures,
};
