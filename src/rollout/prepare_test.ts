import { assertEquals, assertRejects } from "@std/assert";
import { appMachine } from "../../tests/cli/app_machine.ts";
import { MemoryBucket } from "@flyhot/runtime/bucket";
import {
  PROTOCOL_VERSION,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { Sim } from "../../tests/sim/sim.ts";
import { SimHost } from "../../tests/sim/sim_host.ts";
import { FlyhotError } from "../errors.ts";
import type { AppMachine, Fleet } from "../fly/fleet/fleet.ts";
import { digestOfText } from "../release/digest.ts";
import type { ReportEvent } from "../ui/reporter.ts";
import { prepare } from "./prepare.ts";

const FILES = {
  "web.ts": `await live(() => import("./app.ts"));`,
  "work.ts": `import "./app.ts";`,
  "app.ts": "export const app = 2;",
};

const machine = (id: string, group: string) => appMachine(id, { group });

function running(main: string): RunningManifest {
  const files = { ...FILES, "app.ts": "export const app = 1;" };
  return {
    protocol: PROTOCOL_VERSION,
    image_ref: "img:1@sha256:0",
    fingerprint: "abc",
    release_sha256: null,
    main,
    files: Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, digestOfText(text)]),
    ),
    config: {},
    locked: {},
    loaded: ["app.ts"],
    live: main === "web.ts" ? { "web.ts": ["app.ts"] } : {},
    plain: {},
    external: [],
    holders: {},
    analysis: { [main]: {}, "app.ts": {} },
    // What the hooks have seen; of a static import of the main module they see nothing.
    edges: {},
  };
}

/** What `deno info` says of the two entries. */
function denoInfo(entry: string) {
  const isWeb = entry.endsWith("web.ts");
  const dependency = {
    specifier: "./app.ts",
    code: { specifier: "file:///app/app.ts" },
    isDynamic: isWeb,
  };
  return {
    code: 0,
    stderr: "",
    stdout: JSON.stringify({
      roots: [`file:///app/${isWeb ? "web.ts" : "work.ts"}`],
      modules: [
        {
          specifier: `file:///app/${isWeb ? "web.ts" : "work.ts"}`,
          dependencies: [dependency],
        },
        { specifier: "file:///app/app.ts" },
      ],
    }),
  };
}

function prepareWith(
  machines: readonly AppMachine[],
  manifest: Fleet["manifest"],
  shas: Readonly<Record<string, string>> = {},
) {
  const sim = new Sim({ seed: 1 });
  const host = new SimHost(sim, {
    run: (_, args) => denoInfo(args.at(-1) ?? ""),
  });
  host.files.put("/app", FILES);
  const events: ReportEvent[] = [];
  const info: Fleet["info"] = (id) =>
    Promise.resolve({
      hotUpgradeApplied: false,
      currentImageRef: "img:1",
      fingerprint: shas[id] ?? "base",
      upgrades: 0,
      retainedModules: 0,
      retainedBytes: 0,
      pid: 1,
      startedAt: "2026-01-02T03:04:05Z",
      lastUpgradeId: null,
    });
  const fleet = {
    list: () => Promise.resolve(machines),
    info,
    manifest,
  } as Partial<Fleet> as Fleet;
  const reporter = { emit: (event: ReportEvent) => void events.push(event) };
  const source = {
    app: "shop",
    root: "/app",
    entries: ["web.ts", "work.ts"],
    gitIgnored: false,
  };
  const prepared = sim.run(
    prepare(
      source,
      { host, bucket: new MemoryBucket(), fleet, reporter },
      new AbortController().signal,
    ),
  );
  return { prepared, events, host };
}

Deno.test("prepare() asks one machine of each process group, because their main modules differ", async () => {
  const asked: string[] = [];
  const { prepared, host } = prepareWith(
    [machine("m1", "web"), machine("m2", "web"), machine("m3", "work")],
    (id) => {
      asked.push(id);
      return Promise.resolve(running(id === "m3" ? "work.ts" : "web.ts"));
    },
  );
  const { plan, imageRef, release } = await prepared;
  assertEquals(asked.sort(), ["m1", "m3"]);
  assertEquals(imageRef, "img:1@sha256:0");
  assertEquals(plan.hot, false);
  assertEquals(plan.reload, ["app.ts"]);
  assertEquals(plan.cold.map(({ chain }) => chain), [["app.ts", "work.ts"]]);
  await release.dispose();
  assertEquals(
    [...host.files.content.keys()].filter((path) => path.startsWith("/tmp/")),
    [],
  );
});

Deno.test("prepare() asks one machine for each code that runs", async () => {
  const asked: string[] = [];
  const { prepared } = prepareWith(
    ["m1", "m2", "m3", "m4", "m5"].map((id) => machine(id, "web")),
    (id) => {
      asked.push(id);
      return Promise.resolve(running("web.ts"));
    },
    { m2: "other", m4: "other", m5: "third" },
  );
  await (await prepared).release.dispose();
  assertEquals(asked.sort(), ["m1", "m2", "m5"]);
});

Deno.test("prepare() asks the next machine of a group where one does not answer", async () => {
  const { prepared, events } = prepareWith(
    [machine("m1", "web"), machine("m2", "web")],
    (id) =>
      id === "m1"
        ? Promise.reject(new FlyhotError("network", "Cannot reach machine m1"))
        : Promise.resolve(running("web.ts")),
  );
  assertEquals((await prepared).plan.hot, true);
  assertEquals(events.filter(({ type }) => type === "note"), [{
    type: "note",
    text: "Cannot reach machine m1",
  }]);
});

Deno.test("prepare() fails where no machine of a group answers, and leaves no file behind", async () => {
  const { prepared, host } = prepareWith(
    [machine("m1", "web"), machine("m2", "web")],
    (id) =>
      Promise.reject(
        new FlyhotError(
          "not_found",
          `Cannot ask machine ${id}: no flyhot runtime answers there`,
        ),
      ),
  );
  const error = await assertRejects(
    () => prepared,
    FlyhotError,
    "Cannot ask machine m2",
  );
  assertEquals(error.code, "not_found");
  assertEquals(
    [...host.files.content.keys()].filter((path) => path.startsWith("/tmp/")),
    [],
  );
});
