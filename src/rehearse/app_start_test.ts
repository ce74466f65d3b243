import { assertEquals, assertRejects } from "@std/assert";
import { PRELOAD, SERVE } from "../config/files/start_command.ts";
import { FlyhotError } from "../errors.ts";
import { appStart, type StartFiles } from "./app_start.ts";

const start = (
  files: Partial<StartFiles>,
  modules: Record<string, string> = { "main.ts": "" },
  group: string | null = null,
) =>
  appStart(
    {
      flyToml: null,
      dockerfile: null,
      denoJson: null,
      readsPort: true,
      module: (path) => Promise.resolve(modules[path] ?? null),
      ...files,
    },
    "/bin/deno",
    group,
  );

Deno.test("appStart() starts the process group that is named, and says which there are", async () => {
  const flyToml = `[processes]\nworker = "run -A w.ts"\napp = "run -A a.ts"\n`;
  const modules = { "w.ts": "", "a.ts": "" };
  for (
    const [group, script] of [[null, "a.ts"], ["app", "a.ts"], [
      "worker",
      "w.ts",
    ]] as const
  ) {
    const { command } = await start({ flyToml }, modules, group);
    assertEquals(command.at(-1), script);
  }
  await assertRejects(
    () => start({ flyToml }, modules, "web"),
    FlyhotError,
    "Cannot start the process group web: [processes] in fly.toml names worker, app",
  );
  await assertRejects(
    () => start({}, modules, "web"),
    FlyhotError,
    "names none",
  );
});

Deno.test("appStart() does as fly.toml, the Dockerfile or deno.json say, in this order", async () => {
  const flyToml = `[processes]\nworker = "run -A w.ts"\napp = "run -A a.ts"\n`;
  const dockerfile = `FROM denoland/deno\nCMD ["run", "-A", "d.ts"]\n`;
  const denoJson = `{ "tasks": { "start": "deno run --allow-net t.ts" } }`;
  const cases: [Partial<StartFiles>, string[]][] = [
    [{ flyToml, dockerfile, denoJson }, ["-A", "--preload", PRELOAD, "a.ts"]],
    [{ dockerfile, denoJson }, ["-A", "--preload", PRELOAD, "d.ts"]],
    [{ denoJson }, ["--allow-net", "--preload", PRELOAD, "t.ts"]],
    [
      { packageJson: `{ "scripts": { "start": "deno run -E p.ts" } }` },
      ["-E", "--preload", PRELOAD, "p.ts"],
    ],
    [{}, ["-A", "--preload", PRELOAD, "main.ts"]],
    [
      { dockerfile: `FROM x\nCMD ["deno", "task", "start"]`, denoJson },
      ["--allow-net", "--preload", PRELOAD, "t.ts"],
    ],
    [
      { flyToml: `[processes]\nweb = "deno task start"`, denoJson },
      ["--allow-net", "--preload", PRELOAD, "t.ts"],
    ],
    [{ dockerfile: "FROM x\nCMD ./start.sh" }, [
      "-A",
      "--preload",
      PRELOAD,
      "main.ts",
    ]],
  ];
  for (const [files, words] of cases) {
    const { command, port } = await start(files);
    assertEquals(command, ["/bin/deno", "run", ...words]);
    assertEquals(port, null);
  }
});

Deno.test("appStart() puts the runtime in front only where it is missing", async () => {
  const own = "jsr:@flyhot/runtime@0.0.1/preload";
  const dockerfile = `CMD ["deno", "run", "-A", "--preload", "${own}", "a.ts"]`;
  assertEquals(
    (await start({ dockerfile })).command,
    ["/bin/deno", "run", "-A", "--preload", own, "a.ts"],
  );
  assertEquals(
    (await start({}, { "main.ts": "await reapply();" })).command,
    ["/bin/deno", "run", "-A", "main.ts"],
  );
});

Deno.test("appStart() knows where the app listens", async () => {
  const serves = `CMD ["deno", "serve", "--port", "9000", "a.ts"]`;
  assertEquals(await start({ dockerfile: serves }), {
    command: ["/bin/deno", "run", SERVE, "a.ts", "--port", "9000"],
    port: 9000,
    env: {},
  });
  const port = async (files: Partial<StartFiles>) => (await start(files)).port;
  assertEquals(await port({ dockerfile: `CMD ["serve", "a.ts"]` }), 8000);
  assertEquals(
    await port({ dockerfile: `CMD ["serve", "--port=81", "a.ts"]` }),
    81,
  );
  assertEquals(await port({ readsPort: false }), 8000);
  const service = "[http_service]\ninternal_port = 8080\n";
  assertEquals(await port({ readsPort: false, flyToml: service }), 8080);
  assertEquals(await port({ readsPort: true, flyToml: service }), null);
  for (
    const source of ["Deno.serve({ port: 8123 }, f)", "app.listen(8123, f)"]
  ) {
    const { port } = await start({ readsPort: false }, { "main.ts": source });
    assertEquals(port, 8123);
  }
  assertEquals(
    await port({
      readsPort: false,
      flyToml: "[[services]]\ninternal_port = 81\n",
    }),
    81,
  );
});

Deno.test("appStart() sets what fly.toml sets, but for the port", async () => {
  assertEquals(
    (await start({ flyToml: `[env]\nPORT = "80"\nA = 1\nB = "b"\n` })).env,
    { A: "1", B: "b" },
  );
});

Deno.test("appStart() says what is missing", async () => {
  await assertRejects(
    () => start({}, {}),
    FlyhotError,
    "Cannot start the app: it has no main.ts",
  );
  await assertRejects(
    () => start({ dockerfile: `CMD ["serve", "--parallel", "a.ts"]` }),
    FlyhotError,
    "it has --parallel",
  );
});
