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
