import { assertEquals } from "@std/assert";
import { main } from "../../src/main.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { withApp } from "../support/temp_app.ts";
import { realHost } from "./real_host.ts";

/** A project before `flyhot init`. */
interface Project {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Its main module. Default `main.ts`. */
  readonly main?: string;
  /** The module that an upgrade changes. */
  readonly edit: string;
  /** What the app answers at first, and after `one` has become `two` there. */
  readonly answers: readonly [string, string];
  /** Flags of `flyhot init`. Default the boot shell. */
  readonly flags?: readonly string[];
}

const DOCKERFILE = `FROM denoland/deno:2.9.6
WORKDIR /app
COPY . .
CMD ["deno", "run", "-A", "main.ts"]
`;
const FLY_TOML = 'app = "init"\n[http_service]\n  internal_port = 8080\n';

const PROJECTS: readonly Project[] = [
  {
    name: "a program that stays as it is, behind the preload,",
    files: {
      "main.ts": `import { word } from "./word.ts";

function start(): void {
  Deno.serve(
    { port: Number(Deno.env.get("PORT") ?? 8080), onListen() {} },
    (request) => new Response(word() + new URL(request.url).pathname),
  );
}

start();
`,
      "word.ts": 'export const word = () => "one";\n',
      "Dockerfile": DOCKERFILE,
      "fly.toml": FLY_TOML,
    },
    edit: "word.ts",
    answers: ["one/x", "two/x"],
    flags: [],
  },
  {
    name:
      "a member of a workspace, which a script starts in its folder with an ENTRYPOINT in front,",
    files: {
      "deno.json": '{ "workspace": ["./apps/api", "./packages/word"] }\n',
      "apps/api/deno.json":
        '{ "name": "@init/api", "version": "0.1.0", "exports": "./main.ts" }\n',
      "apps/api/main.ts": `import { word } from "@init/word";

let requests = 0;
Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8080) },
  () => new Response(\`Hello, \${word()} \${++requests}\`),
);
`,
      "packages/word/deno.json":
        '{ "name": "@init/word", "version": "0.1.0", "exports": "./mod.ts" }\n',
      "packages/word/mod.ts": 'export const word = () => "one";\n',
      "start.sh": 'exec deno run -A main.ts "$@"\n',
      "Dockerfile": `FROM denoland/deno:2.9.6
WORKDIR /app
COPY . .
WORKDIR apps/api
ENTRYPOINT ["sh"]
CMD ["../../start.sh"]
`,
      "fly.toml": FLY_TOML,
    },
    main: "apps/api/main.ts",
    edit: "packages/word/mod.ts",
    answers: ["Hello, one 1", "Hello, two 2"],
    flags: [],
  },
  {
    name: "a program of Deno.serve",
    files: {
      "main.ts": `import { word } from "./word.ts";

function answer(request: Request): Response {
  return new Response(word() + new URL(request.url).pathname);
}

if (import.meta.main) {
  Deno.serve({ port: 8080 }, answer);
}
`,
      "word.ts": 'export const word = () => "one";\n',
      "deno.json": '{\n  // Nothing yet.\n  "tasks": {}\n}\n',
      "Dockerfile": DOCKERFILE,
      "fly.toml": FLY_TOML,
    },
    edit: "word.ts",
    answers: ["one/x", "two/x"],
  },
  {
    name: "a Hono application",
    files: {
      "main.ts": `import { Hono } from "hono"
import { word } from "./word.ts"

const app = new Hono()
app.get("/:name", (c) => c.text(word() + " " + c.req.param("name")))

Deno.serve(app.fetch)
`,
      "word.ts": 'export const word = () => "one";\n',
      "deno.json": '{\n  "imports": { "hono": "npm:hono@4.13.19" }\n}\n',
      "Dockerfile": DOCKERFILE,
      "fly.toml": FLY_TOML,
    },
    edit: "main.ts → app.ts",
    answers: ["one x", "two x"],
  },
  {
    name: "a default export for deno serve",
    files: {
      "main.ts": `import { word } from "./word.ts";

export default {
  fetch(_request) {
    return new Response(word());
  },
} satisfies Deno.ServeDefaultExport;
`,
      "word.ts": 'export const word = () => "one";\n',
      "Dockerfile":
        "FROM denoland/deno:2.9.6\nWORKDIR /app\nCOPY . .\nCMD deno serve -A --port $PORT main.ts\n",
      "fly.toml": FLY_TOML,
    },
    edit: "word.ts",
    answers: ["one", "two"],
  },
  {
    name: "no app at all",
    files: { "fly.toml": FLY_TOML, "Dockerfile": DOCKERFILE },
    edit: "app.ts",
    answers: ["Hello, visitor 1\n", "Salut, visitor 2\n"],
  },
];

async function deno(cwd: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    stdout: "null",
  }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
}

for (
  const {
    name,
    files,
    main: entry = "main.ts",
    edit,
    answers,
    flags = ["--boot-shell"],
  } of PROJECTS
) {
  Deno.test(`flyhot init makes ${name} hot: it checks, runs and is upgraded`, async () => {
    await withApp(files, async (folder) => {
      await using sandbox = await startSandbox({
        secrets: { FLYHOT_PROBATION_MS: "200" },
        app: "init",
      });
      const flyhot = async (...args: string[]) => {
        using host = realHost(folder, sandbox.env);
        const code = await main(args, host);
        assertEquals(code, 0, host.out() + host.err());
        return JSON.parse(host.out());
      };
      const { steps } = await flyhot(
        "init",
        "--yes",
        "--json",
        ...flags,
      );
      assertEquals(steps, []);
      await deno(folder, "check", entry);
      await deno(folder, "fmt", "--check", entry, "deno.json");

      await sandbox.deploy(folder);
      const [machine] = sandbox.machines();
      await sandbox.waitUntilReady(machine!.id, "/ready");
      const ask = async () => await (await fetch(`${machine!.url}/x`)).text();
      // Counts from the start of the process.
      const upgrades = async (): Promise<number> =>
        (await flyhot("status", "--json")).machines[0].upgrades;
      assertEquals(await upgrades(), 0);
      // Whoever asked whether it is ready was a visitor as well.
      const counted = (text: string) =>
        text.replace(/\d+/, (it) => `${Number(it) + 1}`);
      assertEquals(await ask(), counted(answers[0]));

      const path = edit === "main.ts → app.ts" ? "app.ts" : edit;
      const text = await Deno.readTextFile(`${folder}/${path}`);
      const changed = edit === path
        ? text.replace('"one"', '"two"').replace("Hello", "Salut")
        : text.replace("word() +", '"two" +');
      await Deno.writeTextFile(`${folder}/${path}`, changed);
      const report = await flyhot("hot", "--local", "--json");
      assertEquals(report.outcome, "committed");
      assertEquals(await ask(), counted(answers[1]));
      assertEquals(await upgrades(), 1);
    });
  });
}
