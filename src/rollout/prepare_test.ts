import { assertEquals, assertRejects } from "@std/assert";
import { appMachine } from "../../tests/cli/app_machine.ts";
import { MemoryBucket, putJson } from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type Pointer,
  pointerKey,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { Sim } from "../../tests/sim/sim.ts";
import { SimHost } from "../../tests/sim/sim_host.ts";
import { FlyhotError } from "../errors.ts";
import type { AppMachine, Fleet } from "../fly/fleet/fleet.ts";
import { digestOfText } from "../release/digest.ts";
import { CACHED_FROM } from "../release/graph/analysis/analysis_cache.ts";
import type { SignStep } from "../release/signing.ts";
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

const RELEASE = "releases/shop-1-a.tar.gz";

const KEYS = JSON.stringify({
  flyhot: { publicKeys: ["11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="] },
});

const LATEST: HotUpgrade = {
  id: "01A",
  version: "1",
  source_image_ref: "img:1",
  key: RELEASE,
  tarball_url: null,
  sha256: "a".repeat(64),
  size: 1,
  deployed_at: "2026-01-02T03:04:05.000Z",
  deployed_by: "ann",
  state: "committed",
  wave: "*",
};

const POINTER: Pointer = {
  protocol: PROTOCOL_VERSION,
  app: "shop",
  revision: 1,
  set_at: "2026-01-02T03:04:05.000Z",
  image_ref: "img:1",
  hot_upgrade: LATEST,
  generations: {
    "img:1": {
      image_ref: "img:1",
      first_seen: "2026-01-02T03:04:05.000Z",
      hot_upgrade: LATEST,
      history: [],
    },
  },
};

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
  { files = {}, sign, bucket = new MemoryBucket() }: {
    readonly files?: Readonly<Record<string, string>>;
    readonly sign?: SignStep;
    readonly bucket?: MemoryBucket;
  } = {},
) {
  const sim = new Sim({ seed: 1 });
  const host = new SimHost(sim, {
    run: (_, args) => denoInfo(args.at(-1) ?? ""),
  });
  host.files.put("/app", { ...FILES, ...files });
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
    ...sign ? { sign } : {},
  };
  const prepared = sim.run(
    prepare(
      source,
      { host, bucket, fleet, reporter },
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

Deno.test("prepare() asks the bucket what is known of many scripts, unless somebody vouches for the release", async () => {
  const { pathname } = new URL("../../runtime/plan/analyze/", import.meta.url);
  const many = Object.fromEntries(
    Array.from({ length: CACHED_FROM }, (_, at) => [`s${at}.ts`, ""]),
  );
  const sign = () => Promise.reject(new Error("nobody signs yet"));
  for (
    const [options, isAsked] of [
      [{ files: many }, true],
      [{ files: many, sign }, false],
      [{ files: { ...many, "deno.json": KEYS } }, false],
      [{}, false],
    ] as const
  ) {
    const bucket = new MemoryBucket();
    const asked: string[] = [];
    const get = bucket.get.bind(bucket);
    bucket.get = (key, ...rest) => {
      asked.push(key);
      return get(key, ...rest);
    };
    await putJson(bucket, pointerKey("shop"), POINTER, "always");
    const { prepared, host } = prepareWith(
      [machine("m1", "web")],
      () => Promise.resolve(running("web.ts")),
      {},
      { ...options, bucket },
    );
    // Without its own files there is no analyzer to go by.
    host.files.put(decodeURIComponent(pathname), { "analyze.ts": "one" });
    await (await prepared).release.dispose();
    assertEquals(asked.includes(RELEASE), isAsked);
  }
});
