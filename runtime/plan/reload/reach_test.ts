import { assertEquals } from "@std/assert";
import { inOneGo } from "../../base/in_slices.ts";
import type { Manifest } from "../../protocol/manifest/manifest.ts";
import { releaseView } from "../lookup/views.ts";
import { reach, releaseEdges } from "./reach.ts";

Deno.test("what a script imports that the graph does not list is told by its text, aliases by those of other modules", () => {
  const manifest = {
    modules: {
      "main.ts": {
        static: ["lib/log.ts"],
        dynamic: [],
        external: ["npm:hono@4"],
        specifiers: { "#log": "lib/log.ts", hono: "npm:hono@4" },
      },
      "lib/log.ts": { static: [], dynamic: [], external: [], specifiers: {} },
    },
    analysis: {
      "main.ts": { imports: [{ specifier: "#log", line: 1 }] },
      "jobs/w.ts": {
        imports: [
          { specifier: "../job.ts?fast", line: 1 },
          { specifier: "#log", line: 2 },
          { specifier: "hono", line: 3 },
          { specifier: "node:fs", line: 4 },
          { specifier: "nowhere", line: 5 },
        ],
      },
      "job.ts": {
        imports: [{ specifier: "./deep.ts", line: 1, dynamic: true }],
      },
    },
  } as unknown as Manifest;
  const release = releaseView(manifest);
  const reached = inOneGo(
    reach(["jobs/w.ts"], (path) => releaseEdges(path, manifest, release)),
  );
  assertEquals([...reached], ["jobs/w.ts", "job.ts", "lib/log.ts", "deep.ts"]);
});
