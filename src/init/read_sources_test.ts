import { assertEquals } from "@std/assert";
import { withApp } from "../../tests/support/temp_app.ts";
import { denoHost } from "../host_deno.ts";
import { planInit } from "./init_plan.ts";
import { lookAt, readInitSources } from "./read_sources.ts";

Deno.test("T9: of an app that imports from beside its folder all modules are read, and where they are is said", async () => {
  await withApp({
    "apps/server/deno.json": "{}",
    "apps/server/main.ts":
      `import { rooms } from "../../shared/rooms.ts"; Deno.serve((r) => { rooms.set(r.url, 1); return new Response(); });`,
    "shared/rooms.ts": "export const rooms = new Map<string, number>();",
  }, async (repository) => {
    using host = denoHost();
    const sources = await readInitSources(`${repository}/apps/server`, host);
    const looked = lookAt(sources, "preload");
    assertEquals(
      looked.state.map(({ path, name, fate }) => `${path} ${name} ${fate}`),
      [
        "apps/server/main.ts Deno.serve() handed over",
        "shared/rooms.ts rooms kept",
      ],
    );
    const { changes, steps } = planInit(sources, "preload", looked);
    const written = new Map(
      changes.flatMap(({ edits }) => edits.map((it) => [it.path, it.after])),
    );
    assertEquals(JSON.parse(written.get("deno.json")!), {
      flyhot: {
        entry: "main.ts",
        root: "../..",
        keep: ["shared/rooms.ts#rooms"],
      },
    });
    assertEquals(
      written.get("Dockerfile")!.split("\n").filter((it) =>
        /^(?:WORKDIR|COPY)/.test(it)
      ),
      ["WORKDIR /app", "COPY . .", "WORKDIR /app/apps/server"],
    );
    assertEquals(
      steps.filter((it) => it.includes("--dockerfile")),
      [
        "Build the image where all is that the app imports: cd ../.. && fly deploy --config apps/server/fly.toml --dockerfile apps/server/Dockerfile",
      ],
    );
  });
});

Deno.test("T9: who opens WebSockets is named where it lies beside the app's folder, too", async () => {
  const opens =
    `export const join = (r: Request) => Deno.upgradeWebSocket(r).response;`;
  const served =
    `import { join } from "../../shared/hub.ts"; Deno.serve(join);`;
  for (
    const [hub, main, who] of [
      [opens, served, "shared/hub.ts"],
      [
        `import { WebSocketServer } from "npm:ws@8"; export const join = (r: Request) => { new WebSocketServer({ noServer: true }); return new Response(r.url); };`,
        served,
        "shared/hub.ts",
      ],
      [
        `export const join = () => new Response();`,
        `import "../../shared/hub.ts"; Deno.serve((r) => Deno.upgradeWebSocket(r).response);`,
        "apps/server/main.ts",
      ],
      [`export const join = () => new Response();`, served, null],
    ]
  ) {
    await withApp({
      "apps/server/deno.json": "{}",
      "apps/server/main.ts": main!,
      "shared/hub.ts": hub!,
    }, async (repository) => {
      using host = denoHost();
      const sources = await readInitSources(`${repository}/apps/server`, host);
      const looked = lookAt(sources, "preload");
      const { notes } = planInit(sources, "preload", looked);
      assertEquals(
        notes.flatMap((it) => /^(\S+) opens WebSockets/.exec(it)?.[1] ?? []),
        who === null ? [] : [who],
      );
    });
  }
});

Deno.test("state that a module fills whenever it is evaluated is a question to who knows the app", async () => {
  const files = {
    "main.ts": `import "./plugin.ts"; Deno.serve(() => new Response());`,
    "plugin.ts":
      `import { register } from "./registry.ts";\nregister("a");\nexport const f = () => register("b");`,
    "registry.ts":
      "const all = new Map<string, number>();\nexport const register = (name: string) => all.set(name, 1);",
  };
  for (
    const [flyhot, count] of [
      [{}, 1],
      [{ startsAnew: ["registry.ts#all"] }, 0],
      [{
        keep: ["registry.ts#all"],
        consent: ["repeats:registry.ts#all"],
      }, 0],
    ] as const
  ) {
    await withApp(
      { ...files, "deno.json": JSON.stringify({ flyhot }) },
      async (folder) => {
        using host = denoHost();
        const sources = await readInitSources(folder, host);
        const { steps } = planInit(
          sources,
          "preload",
          lookAt(sources, "preload"),
        );
        const found = steps.filter((it) => it.startsWith("Decide"));
        assertEquals(found.length, count, steps.join("\n"));
        assertEquals(
          found.every((it) => it.includes("plugin.ts:2 changes it")),
          true,
        );
      },
    );
  }
});
