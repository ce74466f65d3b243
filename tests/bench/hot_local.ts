/** How long `flyhot hot --local` takes on three machines of the sandbox, without probation, from the command line on.
 * @module
 */
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { bundledCli } from "../support/programs/bundled_cli.ts";
import type { Bench } from "./figure.ts";
import { median, run, withFolder, writeFiles } from "./measuring.ts";

const APP = "bench-app";
export const files = (version: number) =>
  [
    [
      "fly.toml",
      `app = "${APP}"\n[http_service]\ninternal_port = 8080\n`,
    ],
    [
      "Dockerfile",
      `FROM denoland/deno:2.9.6
WORKDIR /app
COPY . .
CMD ["deno", "run", "-A", "main.ts"]
`,
    ],
    [
      "deno.json",
      JSON.stringify({
        version: "1.0.0",
        imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
      }),
    ],
    [
      "main.ts",
      `import { live, reapply } from "@flyhot/runtime";
await reapply();
const app = await live(() => import("./app.ts"));
const port = Number(Deno.env.get("PORT") ?? 8080);
Deno.serve({ port }, (request) => app.handle(request));
`,
    ],
    [
      "app.ts",
      `import { words } from "./words.ts";
export const handle = (_request: Request) => new Response(words);
`,
    ],
    ["words.ts", `export const words = "version ${version}";\n`],
  ] as const;

async function* figures({ tiny }: { readonly tiny: boolean }) {
  yield* await withFolder(async (folder) => {
    await using cli = await bundledCli("bench");
    await using sandbox = await startSandbox({
      app: APP,
      regions: tiny ? ["iad"] : ["iad", "fra", "syd"],
      secrets: { FLYHOT_PROBATION_MS: "0" },
      // As the real API: a command that asks too often has to wait.
      rateLimits: true,
    });
    const root = join(folder, "app");
    await writeFiles(root, files(1));
    const { machines } = await sandbox.deploy(root);
    const all: number[] = [];
    let steps: readonly { readonly name: string; readonly ms: number }[] = [];
    for (let version = 2; version < (tiny ? 3 : 8); version++) {
      await writeFiles(root, files(version));
      const from = performance.now();
      const { code, stdout, stderr } = await cli.run([
        "hot",
        "--local",
        "--no-canary",
        "--json",
      ], { cwd: root, env: sandbox.env, permissions: ["-A"] });
      all.push(performance.now() - from);
      if (code !== 0) throw new Error(stdout + stderr);
      for (const { url } of machines) {
        const answer = await (await fetch(url)).text();
        if (answer !== `version ${version}`) throw new Error(answer);
      }
      steps = stepsIn(stderr);
      // The limits of the API are full again.
      if (!tiny) await new Promise((resolve) => setTimeout(resolve, 3_000));
    }
    const empty: number[] = [];
    for (let round = 0; round < (tiny ? 1 : 5); round++) {
      const from = performance.now();
      await run(Deno.execPath(), ["eval", ""]);
      empty.push(performance.now() - from);
    }
    return [{
      name: `flyhot hot --local, ${machines.length} machines`,
      value: median(all) / 1000,
      unit: "s",
      goal: { atMost: 2 },
      note: `an empty program ${median(empty).toFixed(0)} ms; ${
        steps.map(({ name, ms }) => `${name} ${ms}`).join(", ")
      }`,
    }];
  });
}

/** The steps that the command tells of, with what they took. */
function stepsIn(text: string): { name: string; ms: number }[] {
  return [
    ...text.matchAll(/^\S* ?([A-Z][a-z]+[^:\n]*?)[ :].*?([\d.]+) ?(ms|s)\b/gm),
  ]
    .map(([, name = "", figure, unit]) => ({
      name: name.trim(),
      ms: Math.round(Number(figure) * (unit === "s" ? 1000 : 1)),
    }));
}

/** How long the quick way takes. */
export const bench: Bench = {
  about: "hot --local on machines of the sandbox",
  run: figures,
};
