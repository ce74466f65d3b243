import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { main } from "../../src/main.ts";
import { realHost } from "./real_host.ts";

const APP = new URL("../apps/counter/", import.meta.url);

interface World {
  readonly sandbox: Sandbox;
  /** A copy of the sample app. */
  readonly folder: string;
  /** Runs flyhot in that folder. */
  flyhot(
    ...args: string[]
  ): Promise<{ code: number; out: string; err: string }>;
  /** Replaces text in one of the app's files. */
  edit(path: string, from: string, to: string): Promise<void>;
  /** What every machine answers. */
  ask(path: string): Promise<string[]>;
}

async function copyApp(to: string): Promise<void> {
  for (const path of ["", "static/"]) {
    await Deno.mkdir(join(to, path), { recursive: true });
    for await (const { name, isFile } of Deno.readDir(new URL(path, APP))) {
      if (isFile) {
        await Deno.copyFile(new URL(path + name, APP), join(to, path, name));
      }
    }
  }
}

/** The sample app on machines in two regions. */
async function inSandbox(act: (world: World) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-test-" });
  try {
    await copyApp(folder);
    await using sandbox = await startSandbox({
      secrets: { FLYHOT_PROBATION_MS: "200" },
      app: "counter",
      regions: ["iad", "fra"],
    });
    await sandbox.deploy(folder);
    await act({
      sandbox,
      folder,
      async flyhot(...args) {
        using host = realHost(folder, sandbox.env);
        const code = await main(args, host);
        return { code, out: host.out(), err: host.err() };
      },
      async edit(path, from, to) {
        const text = await Deno.readTextFile(join(folder, path));
        assert(text.includes(from), `${path} has no ${from}`);
        await Deno.writeTextFile(
          join(folder, path),
          text.replaceAll(from, to),
        );
      },
      ask: (path) =>
        Promise.all(
          sandbox.machines().filter(({ group }) => group === "app").map(
            async ({ url }) => (await fetch(url + path)).text(),
          ),
        ),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("flyhot plan, hot --local and status tell one story, in both forms", async () => {
  await inSandbox(async ({ flyhot, edit, ask }) => {
    await ask("/increment");
    await edit("text.ts", "Hello", "Bonjour");
    const plan = await flyhot("plan", "--json");
    assertEquals(plan.code, 0, plan.err);
    const planned = JSON.parse(plan.out);
    assertEquals(planned.outcome, "dry_run");
    assertEquals(planned.plan.reload, ["app.ts", "page.ts", "text.ts"]);
    assertEquals(planned.config.app, {
      value: "counter",
      from: "fly.toml app",
    });
    assertEquals(await ask("/hello"), ["Hello, world", "Hello, world"]);

    const hot = await flyhot("hot", "--local");
    assertEquals(hot.code, 0, hot.err);
    assert(hot.out.startsWith("counter: 1.0.0 runs on 2 machines\n"), hot.out);
    assert(
      hot.out.includes("Reloaded 3 of 6 modules: app.ts, page.ts, text.ts\n"),
      hot.out,
    );
    assertEquals(await ask("/hello"), ["Bonjour, world", "Bonjour, world"]);
    assertEquals(await ask("/count"), ['{"count":1}', '{"count":1}']);

    const again = await flyhot("hot", "--local", "--json");
    assertEquals(again.code, 0, again.err);
    assertEquals(JSON.parse(again.out).outcome, "nothing_to_do");

    const status = await flyhot("status", "--json");
    assertEquals(status.code, 0, status.err);
    const { machines } = JSON.parse(status.out);
    assertEquals(
      machines.map((
        it: { verdict: string; hot_upgrade: { version: string } },
      ) => [it.verdict, it.hot_upgrade.version]),
      [["up_to_date", "1.0.0"], ["up_to_date", "1.0.0"]],
    );
  });
});

Deno.test("flyhot hot --local refuses what needs a cold deploy, and undoes what fails, with an exit code each", async () => {
  await inSandbox(async ({ flyhot, edit, ask }) => {
    await edit("main.ts", "boot shell", "BOOT SHELL");
    const cold = await flyhot("hot", "--local");
    assertEquals(cold.code, 8, cold.err);
    assertEquals(
      cold.out,
      `counter needs a cold deploy

1 file cannot go hot:
  main.ts: is the main module, which runs only once

Bring this to the machines with: fly deploy
`,
    );
    assertEquals((await flyhot("hot", "--dry-run", "--json")).code, 8);
    await edit("main.ts", "BOOT SHELL", "boot shell");

    await edit(
      "text.ts",
      "export function title",
      "throw new Error('boom');\nexport function title",
    );
    const broken = await flyhot("hot", "--local", "--json");
    assertEquals(broken.code, 7, broken.err);
    const report = JSON.parse(broken.out);
    assertEquals(report.outcome, "rolled_back");
    const failed = report.machines.filter((it: { failure: unknown }) =>
      it.failure !== null
    );
    assertEquals(failed.length, 1);
    assertEquals(await ask("/hello"), ["Hello, world", "Hello, world"]);
    const status = await flyhot("status");
    assertEquals(
      status.out.split("\n").filter((it) => it.startsWith("  Status:")),
      ["  Status: ✓ Running base image", "  Status: ✓ Running base image"],
    );
  });
});

Deno.test("flyhot hot builds an image, and a temporary machine rolls it out and goes", async () => {
  await inSandbox(async ({ sandbox, flyhot, edit, ask }) => {
    await edit("text.ts", "Hello", "Salut");
    const { code, out, err } = await flyhot("hot", "--no-canary");
    assertEquals(code, 0, err);
    assert(out.startsWith("counter: 1.0.0 runs on 2 machines\n"), out);
    assert(
      /✓ Build image {2}registry\.fly\.io\/counter:flyhot-/.test(err),
      err,
    );
    assert(/✓ Start temporary machine /.test(err), err);
    assert(/✓ Commit /.test(err), err);
    assertEquals(await ask("/hello"), ["Salut, world", "Salut, world"]);
    assertEquals(sandbox.machines().length, 2);
    const status = await flyhot("status");
    assert(/Hot Upgrade: v1\.0\.0 \(from flyhot-/.test(status.out), status.out);
  });
});

Deno.test("flyhot hot passes on that the change needs a cold deploy", async () => {
  await inSandbox(async ({ sandbox, flyhot, edit }) => {
    await edit("main.ts", "boot shell", "BOOT SHELL");
    const { code, out, err } = await flyhot("hot", "--json");
    assertEquals(code, 8, err);
    const report = JSON.parse(out);
    assertEquals([report.outcome, report.plan.cold[0].path], [
      "cold",
      "main.ts",
    ]);
    assertEquals(sandbox.machines().length, 2);
  });
});

Deno.test("flyhot sandbox runs an app until Ctrl-C and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-test-" });
  try {
    await copyApp(folder);
    using host = realHost(folder, { PATH: Deno.env.get("PATH") ?? "" });
    const ready = Promise.withResolvers<string>();
    const { write } = host.stdout;
    Object.assign(host.stdout, {
      write(text: string) {
        write(text);
        ready.resolve(text);
      },
    });
    const running = main(
      ["sandbox", "--json", "--regions", "iad,fra", folder],
      host,
    );
    const answer = JSON.parse(
      await Promise.race([ready.promise, running.then(() => host.err())]),
    );
    assertEquals(answer.app, "counter");
    assertEquals(
      answer.machines.map((it: { region: string }) => it.region),
      ["iad", "fra"],
    );
    for (const { url } of answer.machines) {
      assertEquals(await (await fetch(`${url}/hello`)).text(), "Hello, world");
    }
    host.interrupt();
    assertEquals(await running, 0);
    const left = await Deno.stat(answer.folder).then(() => true, () => false);
    assertEquals(left, false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("flyhot hot waits for nobody: while fly deploy holds a machine it refuses, and says so", async () => {
  await inSandbox(async ({ sandbox, flyhot, edit, ask }) => {
    const [machine] = sandbox.machines();
    const lease = `${sandbox.flapsUrl}/v1/apps/counter/machines/${
      machine!.id
    }/lease`;
    const authorization = sandbox.env.FLY_API_TOKEN!;
    const taken = await fetch(lease, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ ttl: 60, description: "bluegreen deploy" }),
    });
    const { data: { nonce } } = await taken.json();
    await edit("text.ts", "Hello", "Bonjour");
    const refused = await flyhot("hot", "--local");
    assertEquals(refused.code, 5, refused.err);
    assert(
      refused.err.includes(
        `Cannot upgrade counter: a deploy is under way (machine ${
          machine!.id
        } is held by`,
      ),
      refused.err,
    );
    assertEquals(await ask("/hello"), ["Hello, world", "Hello, world"]);
    const freed = await fetch(lease, {
      method: "DELETE",
      headers: { authorization, "fly-machine-lease-nonce": nonce },
    });
    await freed.body?.cancel();
    const hot = await flyhot("hot", "--local");
    assertEquals(hot.code, 0, hot.err);
    assertEquals(await ask("/hello"), ["Bonjour, world", "Bonjour, world"]);
  });
});
