import { S3Bucket } from "@flyhot/runtime/bucket";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { main } from "../../src/main.ts";
import {
  CredentialSearch,
  startedPrograms,
} from "../support/effects/credential_search.ts";
import { recordEffects } from "../support/effects/record_effects.ts";
import { realHost } from "./real_host.ts";

const APP = new URL("../apps/counter/", import.meta.url);

/** What a full run says, writes and starts, to be searched for credentials. */
interface Traces {
  readonly said: string[];
  /** Where `recordEffects()` writes. */
  readonly effects: string;
  /** This computer's folder for temporary files. */
  readonly temporary: string;
}

interface World {
  /** Runs a part of the story. */
  readonly step: (name: string, act: () => Promise<void>) => Promise<void>;
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

/** The sample app on machines in two regions: started once, for a story with many parts. */
async function inSandbox(
  t: Deno.TestContext,
  act: (world: World) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-test-" });
  const effects = await Deno.makeTempDir({ prefix: "effects-" });
  const temporary = Deno.env.get("TMPDIR") ?? "/tmp";
  const traces: Traces = { said: [], effects, temporary };
  try {
    await copyApp(folder);
    using _recorded = recordEffects(effects);
    await using sandbox = await startSandbox({
      secrets: { FLYHOT_PROBATION_MS: "200" },
      app: "counter",
      regions: ["iad", "fra"],
    });
    await sandbox.deploy(folder, { readyMs: 180_000 });
    await act({
      step: async (name, act) => void await t.step(name, act),
      sandbox,
      folder,
      async flyhot(...args) {
        using host = realHost(folder, sandbox.env);
        const code = await main(args, host);
        const [out, err] = [host.out(), host.err()];
        traces.said.push(out, err);
        return { code, out, err };
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
    await t.step(
      "no output, object, argument list, log or temporary file of all this shows a credential",
      () => searchForCredentials(sandbox, traces),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(effects, { recursive: true });
  }
}

async function searchForCredentials(
  sandbox: Sandbox,
  { said, effects, temporary }: Traces,
): Promise<void> {
  const { env } = sandbox;
  const search = new CredentialSearch(
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FLY_API_TOKEN"]
      .map((name) => ({ name, value: env[name]! })),
  );
  said.forEach((text, index) => search.text("output", `output ${index}`, text));
  for (const { program, args } of await startedPrograms(effects)) {
    search.text("arguments", program, JSON.stringify([program, ...args]));
  }
  await search.objects(
    new S3Bucket({
      endpoint: sandbox.endpoint,
      bucket: sandbox.bucket,
      accessKeyId: env.AWS_ACCESS_KEY_ID!,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY!,
    }),
  );
  // Images, and each machine's files, logs and temporary folder.
  await search.folder("sandbox", sandbox.folder);
  for await (const { name } of Deno.readDir(effects)) {
    if (name.startsWith("gone-")) {
      await search.folder("gone", join(effects, name));
    }
  }
  for await (const { name } of Deno.readDir(temporary)) {
    if (/^flyhot-(counter|events)/.test(name)) {
      await search.folder("temporary", join(temporary, name));
    }
  }
  const { arguments: args = 0, object = 0, gone = 0 } = search.looked;
  assert(
    args > 20 && object > 5 && gone > 5,
    JSON.stringify(search.looked),
  );
}

Deno.test("flyhot plan, hot, status and their refusals tell one story, in both forms", async (t) => {
  await inSandbox(t, async (world) => {
    const { step, sandbox, folder, flyhot, edit, ask } = world;

    await step("plan, hot --local and status tell the same", async () => {
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
      assert(
        hot.out.startsWith("counter: 1.0.0 runs on 2 machines\n"),
        hot.out,
      );
      assert(
        hot.out.includes(
          "Reloaded 3 of 6 modules: app.ts, page.ts, text.ts\n",
        ),
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

    await step(
      "what needs a cold deploy is refused, what fails is undone, with an exit code each",
      async () => {
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
        assertEquals(await ask("/hello"), ["Bonjour, world", "Bonjour, world"]);
        const status = await flyhot("status");
        assertEquals(
          status.out.split("\n").filter((it) => it.startsWith("  Status:")),
          ["  Status: ✓ Up to date", "  Status: ✓ Up to date"],
        );
        await edit("text.ts", "throw new Error('boom');\n", "");
      },
    );

    await step(
      "what only a machine can refuse ends as a cold deploy, with file and consent; given up by name it goes",
      async () => {
        await Deno.writeTextFile(
          join(folder, "extra.ts"),
          `import { holder } from "@flyhot/runtime";
export const extra = holder("extra", { state: () => ({ n: 1 }), actions: {} });
`,
        );
        const app = join(folder, "app.ts");
        const without = await Deno.readTextFile(app);
        await Deno.writeTextFile(app, `import "./extra.ts";\n${without}`);
        const added = await flyhot("hot", "--local");
        assertEquals(added.code, 0, added.err);

        await Deno.writeTextFile(app, without);
        await Deno.remove(join(folder, "extra.ts"));
        // Otherwise it would be a way back, which takes state away and keeps it for the way forward.
        await edit("text.ts", '"Counter"', '"Tally"');
        const refused = await flyhot("hot", "--local");
        assertEquals(refused.code, 8, refused.err);
        assertStringIncludes(refused.out, "counter needs a cold deploy");
        assertStringIncludes(
          refused.out,
          "\n  extra.ts:2 extra: is removed: it holds state (1 state)",
        );
        assertStringIncludes(refused.out, '"consent": ["holder:extra"]');

        const vain = await flyhot("plan", "--drop", "extar", "--drop", "extra");
        assertEquals(vain.code, 0, vain.err);
        assertEquals(
          vain.out.split("\n").filter((line) => line.startsWith("Warning:")),
          ['Warning: consent "holder:extar" matches nothing'],
        );
        const dropped = await flyhot(
          ...["hot", "--local", "--drop", "extra"],
          ...["--consent", "worker:x.ts"],
        );
        assertEquals(dropped.code, 0, dropped.err);
        assertStringIncludes(
          dropped.out,
          '\nWarning: consent "worker:x.ts" matches nothing\n',
        );
      },
    );

    await step(
      "hot builds an image, and a temporary machine rolls it out and goes",
      async () => {
        await edit("text.ts", "Bonjour", "Salut");
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
        assert(
          /Hot Upgrade: v1\.0\.0 \(from flyhot-/.test(status.out),
          status.out,
        );
      },
    );

    await step(
      "hot passes on that the change needs a cold deploy",
      async () => {
        await edit("main.ts", "boot shell", "BOOT SHELL");
        const { code, out, err } = await flyhot("hot", "--json");
        assertEquals(code, 8, err);
        const report = JSON.parse(out);
        assertEquals([report.outcome, report.plan.cold[0].path], [
          "cold",
          "main.ts",
        ]);
        assertEquals(sandbox.machines().length, 2);
        await edit("main.ts", "BOOT SHELL", "boot shell");
      },
    );

    await step(
      "hot waits for nobody: while fly deploy holds a machine it refuses, and says so",
      async () => {
        const [machine] = sandbox.machines();
        const lease = `${sandbox.flapsUrl}/v1/apps/counter/machines/${
          machine!.id
        }/lease`;
        const authorization = sandbox.env.FLY_API_TOKEN!;
        const taken = await fetch(lease, {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          // Longer than a busy computer takes; it is given back below.
          body: JSON.stringify({ ttl: 900, description: "bluegreen deploy" }),
        });
        const { data: { nonce } } = await taken.json();
        await edit("text.ts", "Salut", "Buongiorno");
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
        assertEquals(await ask("/hello"), ["Salut, world", "Salut, world"]);
        const freed = await fetch(lease, {
          method: "DELETE",
          headers: { authorization, "fly-machine-lease-nonce": nonce },
        });
        assert(freed.ok, await freed.text());
        const hot = await flyhot("hot", "--local");
        assertEquals(hot.code, 0, hot.err);
        assertEquals(
          await ask("/hello"),
          ["Buongiorno, world", "Buongiorno, world"],
        );
        assertEquals(await ask("/count"), ['{"count":1}', '{"count":1}']);
      },
    );
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
