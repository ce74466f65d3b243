import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  type TempFolder,
  tempFolder,
} from "../../tests/support/temp_folder.ts";
import { TestAppError, testUpgrade } from "./mod.ts";

const counter = (version: number) => `
import { holder } from "@flyhot/runtime";

export const counter = holder("counter", {
  version: ${version},
  state: () => ({ count: 0 }),
  migrate: {
    2: { up: ({ count }) => ({ count: count * 10 }), down: ({ count }) => ({ count: count / 10 }) },
    3: { up: ({ count }) => ({ count: count + 0.5 }), down: ({ count }) => ({ count: count - 0.5 }) },
  },
  actions: { add: (state, by: number) => (state.count += by) },
});
`;

async function write(folder: TempFolder, version: number): Promise<string> {
  const path = folder.join(`v${version}`);
  await Deno.mkdir(path);
  const files: Record<string, string> = {
    "deno.json": JSON.stringify({
      version: `${version}.0.0`,
      imports: { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" },
    }),
    "start.ts": `
import { live, reapply } from "@flyhot/runtime";
await reapply();
const app = await live(() => import("./app.ts"));
Deno.serve({ port: Number(Deno.env.get("PORT")) }, async () => Response.json(await app.add(10 ** Number(Deno.env.get("POWER")))));
`,
    "app.ts":
      `import { counter } from "./counter.ts"; export const add = (by: number) => counter.add(by);`,
    "counter.ts": counter(version),
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return path;
}

const SETTINGS = {
  command: [Deno.execPath(), "run", "-A", "start.ts"],
  env: { POWER: "2" },
};

async function ask({ url }: { url: string }): Promise<number> {
  return await (await fetch(url)).json();
}

Deno.test("testUpgrade() exercises every version on the way there and back, and restarts the app", async () => {
  await using folder = await tempFolder();
  const versions = [
    await write(folder, 1),
    await write(folder, 2),
    await write(folder, 3),
  ];
  for (const version of versions) {
    await Deno.writeTextFile(
      `${version}/deno.json`,
      (await Deno.readTextFile(`${version}/deno.json`)).replace(
        "{",
        '{"flyhot":{"entry":"start.ts","consent":["global:app.ts#begun"]},',
      ),
    );
  }
  const seen: unknown[] = [];
  const report = await testUpgrade({
    ...SETTINGS,
    versions,
    andBack: true,
    async exercise(context) {
      const { version, index, isBack, report, app } = context;
      assertEquals(version, versions[index]);
      assertEquals(app.url, context.url);
      seen.push([index, isBack, report?.state ?? null]);
      return await ask(context);
    },
  });
  assertEquals(seen, [
    [0, false, null],
    [1, false, "applied"],
    [2, false, "applied"],
    [1, true, "applied"],
    [0, true, "applied"],
  ]);
  assertEquals(report.results, [100, 1100, 1200.5, 1300, 230]);
  assertEquals(
    report.upgrades.map(({ version }) => version),
    ["2.0.0", "3.0.0", "2.0.0", "base"],
  );
  assertEquals(report.restarted?.hotUpgradeApplied, false);
  const lines = report.text.split("\n");
  assertEquals(lines.length, 4);
  assertStringIncludes(
    lines[0]!,
    "2.0.0: applied, reloaded 2 of 3 modules (app.ts, counter.ts), migrated counter 1 -> 2, suspended ",
  );
  assert(report.log.some((line) => line.includes("Listening on")));
});

Deno.test("testUpgrade() fails where an upgrade is refused, an exercise throws, or the app does not come up again", async () => {
  await using folder = await tempFolder();
  const v1 = await write(folder, 1);
  const v2 = await write(folder, 2);
  const v3 = await write(folder, 3);
  const run = (
    versions: string[],
    exercise: (context: { url: string; index: number }) => unknown = ask,
  ) => testUpgrade({ ...SETTINGS, main: "start.ts", versions, exercise });
  for (const version of [v1, v2, v3]) {
    const path = `${version}/deno.json`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(
      path,
      text.replace(
        "{",
        '{"flyhot":{"entry":"start.ts","consent":["global:app.ts#begun"]},',
      ),
    );
  }
  const thrown = await assertRejects(
    () =>
      run([v1, v2], ({ index }) => {
        if (index === 1) throw new Error("wrong color");
      }),
    TestAppError,
  );
  assertStringIncludes(
    thrown.message,
    `Cannot exercise ${v2} (version 2 of 2): wrong color`,
  );
  assert(thrown.cause instanceof Error);

  await Deno.writeTextFile(`${v2}/app.ts`, "throw new Error('not today');");
  const refused = await assertRejects(() => run([v1, v2]), TestAppError);
  assertStringIncludes(
    refused.message,
    `Cannot upgrade to ${v2} (version 2 of 2): failed in load: `,
  );
  assertEquals(refused.report?.failure?.phase, "load");

  // It loads beside the old code, but not alone.
  await Deno.writeTextFile(
    `${v3}/app.ts`,
    await Deno.readTextFile(`${v3}/app.ts`) +
      `
const begun: typeof globalThis & { begun?: true } = globalThis;
if (!begun.begun) throw new Error("not from cold");`,
  );
  await Deno.writeTextFile(
    `${v1}/app.ts`,
    await Deno.readTextFile(`${v1}/app.ts`) +
      "Object.assign(globalThis, { begun: true });",
  );
  const cold = await assertRejects(() => run([v1, v3]), TestAppError);
  assertStringIncludes(
    cold.message,
    "Cannot restart the app as it was: it ran 3.0.0 before and runs the first version after",
  );
});

Deno.test("testUpgrade() takes at least two versions", async () => {
  await assertRejects(
    () => testUpgrade({ versions: ["."], exercise: () => {} }),
    RangeError,
    "Cannot test an upgrade with 1 versions",
  );
});
