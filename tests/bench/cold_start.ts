/** What the runtime adds to the start of a process until its first answer: the preload, `reapply()`, a release to apply,
 * and a store that cannot be reached.
 * @module
 */
import { join } from "@std/path";
import { denoHost } from "../../src/host_deno.ts";
import { packRelease } from "../../src/release/pack/pack.ts";
import { putJson } from "../../runtime/bucket/bucket.ts";
import {
  type Pointer,
  pointerKey,
  releaseKey,
} from "../../runtime/protocol/mod.ts";
import {
  type ObjectServer,
  startObjectServer,
} from "../../runtime/testing/releases/object_server.ts";
import { RUNTIME } from "../support/ordinary_app.ts";
import type { Bench } from "./figure.ts";
import { type LayeredApp, layeredApp } from "./layered_app.ts";
import { costOf, inTurns, run, withFolder, writeFiles } from "./measuring.ts";

const IMAGE = "registry.fly.io/bench:deployment-1";
const SERVER = (root: string) => `
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response(String(${root}.total())));
await (await fetch("http://127.0.0.1:" + server.addr.port)).text();
Deno.exit(0);
`;
const ORDINARY = `import * as root from "./root.ts";\n${SERVER("root")}`;
const SHELL = `
import { live, reapply } from "@flyhot/runtime";
await reapply();
const root = await live(() => import("./root.ts"));
${SERVER("root")}`;

/** How a start is done. */
interface Start {
  readonly main: "ordinary.ts" | "shell.ts";
  readonly preload?: boolean;
  readonly store?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** An app on disk, and the ways to start it. */
export class StartedApp {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts it, waits for its first answer, and ends it. */
  async start(
    { main, preload = false, store, env = {} }: Start,
  ): Promise<void> {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-lock",
        ...(preload ? ["--preload", `${RUNTIME}/preload`] : []),
        main,
      ],
      cwd: join(this.#folder, "app"),
      env: {
        NO_COLOR: "1",
        FLYHOT_SOCKET: join(this.#folder, "socket"),
        TMPDIR: this.#folder,
        ...env,
        ...(store === undefined ? {} : {
          FLY_IMAGE_REF: IMAGE,
          FLY_APP_NAME: "bench",
          FLY_MACHINE_ID: "m1",
          AWS_ENDPOINT_URL_S3: store,
          AWS_REGION: "auto",
          AWS_ACCESS_KEY_ID: "bench",
          AWS_SECRET_ACCESS_KEY: "bench",
          BUCKET_NAME: "releases",
        }),
      },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  }

  /** Prepares its image, as a build does. */
  async prepare(): Promise<void> {
    await run(
      Deno.execPath(),
      [
        "run",
        "-A",
        "--quiet",
        "--no-lock",
        `${RUNTIME}/prepare`,
        "ordinary.ts",
      ],
      { cwd: join(this.#folder, "app") },
    );
  }

  /** Writes the app, of so many modules. */
  static async make(
    folder: string,
    modules: number,
    app: LayeredApp = layeredApp(modules),
  ): Promise<StartedApp> {
    await writeFiles(join(folder, "app"), [
      ...app.files(),
      ["ordinary.ts", ORDINARY],
      ["shell.ts", SHELL],
    ]);
    return new StartedApp(folder);
  }
}

/** Commits a release in which one leaf differs. */
async function commitRelease(
  folder: string,
  modules: number,
  server: ObjectServer,
): Promise<void> {
  const root = join(folder, "source");
  const app = layeredApp(modules);
  await writeFiles(root, [
    ...app.files(),
    ["ordinary.ts", ORDINARY],
    ["shell.ts", SHELL],
    ...app.changed("leaf", 1),
  ]);
  using host = denoHost();
  const packed = await packRelease({
    root,
    app: "bench",
    entries: ["ordinary.ts", "shell.ts"],
  }, host);
  const { sha256, size } = packed;
  const key = releaseKey("bench", "1.0.0", sha256);
  await server.bucket.put(key, await Deno.readFile(packed.path), "always");
  await packed.dispose();
  const upgrade = {
    id: "01A",
    version: "1.0.0",
    source_image_ref: IMAGE,
    key,
    tarball_url: `${server.endpoint}/${server.bucketName}/${key}`,
    sha256,
    size,
    deployed_at: "2026-01-01T00:00:00Z",
    deployed_by: "bench",
    state: "committed" as const,
    wave: "*" as const,
  };
  const pointer: Pointer = {
    protocol: 1,
    app: "bench",
    revision: 1,
    set_at: "2026-01-01T00:00:00Z",
    image_ref: IMAGE,
    hot_upgrade: upgrade,
    generations: {
      [IMAGE]: {
        image_ref: IMAGE,
        first_seen: "2026-01-01T00:00:00Z",
        hot_upgrade: upgrade,
        history: [],
      },
    },
  };
  await putJson(server.bucket, pointerKey("bench"), pointer, "always");
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  const many = tiny ? 30 : 211;
  const few = 12;
  const rounds = tiny ? 1 : 7;
  await using empty = startObjectServer();
  await using full = startObjectServer();
  // It takes connections and never answers.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hole = `http://127.0.0.1:${silent.addr.port}`;
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const nobody = `http://127.0.0.1:${closed.addr.port}`;
  closed.close();
  const ordinary = { main: "ordinary.ts" } as const;
  const preload = { ...ordinary, preload: true } as const;
  const shell = { main: "shell.ts" } as const;
  yield* await withFolder(async (folder) => {
    const large = await StartedApp.make(join(folder, "large"), many);
    const small = await StartedApp.make(join(folder, "small"), few);
    await commitRelease(join(folder, "large"), many, full);
    // What Deno caches of all this is there from now on.
    await large.start(ordinary);
    await large.start(preload);
    await large.start({ ...shell, store: full.endpoint });
    const store = empty.endpoint;
    const costs = await inTurns(rounds, {
      smallPlain: () => small.start(ordinary),
      smallPreload: () => small.start({ ...preload, store }),
      plain: () => large.start(ordinary),
      noStore: () => large.start(preload),
      preload: () => large.start({ ...preload, store }),
      shell: () => large.start({ ...shell, store }),
      release: () => large.start({ ...preload, store: full.endpoint }),
    });
    const row = (name: string, key: keyof typeof costs) => ({
      name,
      value: costs[key].ms - costs.plain.ms,
      unit: "ms more",
      note: `${
        (costs[key].cpuMs - costs.plain.cpuMs).toFixed(0)
      } ms computed; ${
        (costs[key].ms / costs.plain.ms).toFixed(2)
      } times plain`,
    });
    const added = (from: keyof typeof costs, to: keyof typeof costs) =>
      costs[to].cpuMs - costs[from].cpuMs;
    return [
      {
        name: `plain deno, ${many} modules, until the first answer`,
        value: costs.plain.ms,
        unit: "ms",
        note: `${costs.plain.cpuMs.toFixed(0)} ms computed`,
      },
      row("the preload, outside Fly", "noStore"),
      row("the preload, nothing to apply", "preload"),
      row("reapply() in a boot shell, nothing to apply", "shell"),
      row("the preload, a release to apply", "release"),
      {
        name: "what the hooks add to an import",
        value:
          (added("plain", "preload") - added("smallPlain", "smallPreload")) /
          (many - few),
        unit: "ms a module",
        note: "computed",
      },
    ];
  });
  if (tiny) return;
  yield* await withFolder(async (folder) => {
    const app = await StartedApp.make(folder, few);
    await app.start(preload);
    const plain = await costOf(() => app.start(ordinary));
    const beside = async (name: string, store: string, atMost: number) => {
      const { ms } = await costOf(() => app.start({ ...preload, store }));
      return {
        name,
        value: ms - plain.ms,
        unit: "ms more",
        goal: { atMost },
        note: "the image serves meanwhile, once it has started",
      };
    };
    return [
      await beside("a store that refuses connections", nobody, 15_000),
      await beside("a store that never answers", hole, 15_000),
    ];
  });
}

/** What the runtime adds to a start. */
export const bench: Bench = {
  about: "what the preload and reapply() add to a start",
  run: figures,
};
