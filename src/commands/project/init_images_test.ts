import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../../version.ts";
import {
  type Files,
  FLY,
  init,
  PRELOAD,
  PREPARE,
} from "./init_preload_fixture_test.ts";

const SERVE = `jsr:@flyhot/runtime@${VERSION}/serve`;

interface Command {
  readonly what: string;
  readonly files?: Files;
  readonly before: string;
  readonly after: string;
  readonly cache?: string;
  readonly notes?: readonly RegExp[];
  readonly steps?: readonly RegExp[];
}

const COMMANDS: readonly Command[] = [
  {
    what: "in shell form",
    before: "CMD deno run -A --env-file=.e main.ts --verbose",
    after:
      `CMD deno run -A --env-file=.e --preload ${PRELOAD} main.ts --verbose`,
  },
  {
    what: "behind the entry point of the base image",
    before: 'CMD ["run", "-A", "./main.ts"]',
    after: `CMD ["run", "-A", "--preload", "${PRELOAD}", "./main.ts"]`,
  },
  {
    what: "as an ENTRYPOINT of its own, over two lines",
    before: 'ENTRYPOINT ["/usr/bin/deno", "run", \\\n  "-A", "main.ts"]',
    after:
      `ENTRYPOINT ["/usr/bin/deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
  },
  {
    what: "of deno serve",
    before:
      'CMD ["deno", "serve", "-A", "--port", "8080", "--host=::", "main.ts"]',
    after:
      `CMD ["deno", "run", "-A", "${SERVE}", "main.ts", "--port", "8080", "--host=::"]`,
    cache: SERVE,
  },
  {
    what: "of deno serve --parallel, which is refused",
    before: 'CMD ["deno", "serve", "-A", "--parallel", "main.ts"]',
    after: 'CMD ["deno", "serve", "-A", "--parallel", "main.ts"]',
    steps: [
      /^Change the command in Dockerfile:4: it has --parallel, .*take --parallel out\.$/,
    ],
    cache: "",
  },
  {
    what: "of a task",
    files: { "deno.json": '{ "tasks": { "start": "deno run -A main.ts" } }' },
    before: 'CMD ["deno", "task", "start"]',
    after: `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
    notes: [
      /^the task start stays as it is; Dockerfile:4 now starts what it says/,
    ],
  },
  {
    what: "with the preload of another version",
    before:
      'RUN deno cache --no-lock jsr:@flyhot/runtime@0.0.9/preload\nCMD ["deno", "run", "-A", "--preload", "jsr:@flyhot/runtime@0.0.9/preload", "main.ts"]',
    after: `CMD ["deno", "run", "-A", "--preload", "${PRELOAD}", "main.ts"]`,
  },
  {
    what: "of a program that is not known, which is left to a person",
    before: 'CMD ["supervisord", "-c", "x.conf"]',
    after: 'CMD ["supervisord", "-c", "x.conf"]',
    steps: [
      /^Start the app with the preload: Dockerfile:4 says CMD .* does not say how Deno starts it .* It needs CMD \["deno"/,
    ],
    cache: "",
  },
  {
    what: "of Node, which is left to a person",
    before: 'CMD ["npm", "start"]',
    after: 'CMD ["npm", "start"]',
    steps: [
      /^Start the app by Deno: Dockerfile:4 says CMD .*, which another program starts.* CMD \["deno", .*"main.ts"\]$/,
    ],
    cache: "",
  },
  {
    what: "that allows not all",
    before: "CMD deno run --allow-net main.ts",
    after: `CMD deno run --allow-net --preload ${PRELOAD} main.ts`,
    notes: [/^Dockerfile:4 does not allow all \(-A\)/],
  },
];

for (
  const { what, files = {}, before, after, cache = PRELOAD, notes, steps }
    of COMMANDS
) {
  Deno.test(`flyhot init puts the runtime into a command ${what}`, async () => {
    const head = "FROM denoland/deno:2.9.6\nWORKDIR /app\nCOPY . .\n";
    const { report, read } = await init({
      "main.ts": "Deno.serve(() => new Response());\n",
      "fly.toml": FLY,
      ...files,
      "Dockerfile": `${head}${before}\n`,
    });
    assertEquals(
      await read("Dockerfile"),
      `${head}${
        cache &&
        `RUN deno cache --no-lock ${cache}\nRUN deno run -A --no-lock ${PREPARE} main.ts\n`
      }${after}\n`,
    );
    for (
      const [found, wanted = []] of [
        [report.notes, notes],
        [report.steps, steps],
      ]
    ) {
      assertEquals(found.length, wanted.length, JSON.stringify(found));
      wanted.forEach((it: RegExp, at: number) =>
        assert(it.test(found[at]), found[at])
      );
    }
  });
}

Deno.test("flyhot init edits the last stage only, hands files to the image's user, and fetches without a shell where there is none", async () => {
  const { read, report } = await init({
    "main.ts": "Deno.serve(() => new Response());\n",
    "fly.toml": FLY,
    "Dockerfile": `FROM denoland/deno:2.9.6 AS build
COPY . .
CMD ["deno", "run", "-A", "build.ts"]
FROM denoland/deno:distroless-2.9.6
WORKDIR /app
# COPY nothing
COPY --from=build /app .
COPY static ./static
USER nonroot
CMD ["run", "-A", "main.ts"]
`,
  });
  assertEquals(
    await read("Dockerfile"),
    `FROM denoland/deno:2.9.6 AS build
COPY . .
CMD ["deno", "run", "-A", "build.ts"]
FROM denoland/deno:distroless-2.9.6
WORKDIR /app
# COPY nothing
COPY --chown=nonroot:nonroot --from=build /app .
COPY --chown=nonroot:nonroot static ./static
USER nonroot
RUN ["deno", "cache", "--no-lock", "${PRELOAD}"]
CMD ["run", "-A", "--preload", "${PRELOAD}", "main.ts"]
`,
  );
  assert(
    report.notes.some((it: string) =>
      it.includes("runs as nonroot (Dockerfile:9)")
    ),
  );
  assert(
    report.notes.some((it: string) =>
      it.includes("which nonroot (Dockerfile:9) may not write down")
    ),
  );
});

Deno.test("T14: a new image starts the app as its task says, with the runtime in front", async () => {
  const { report, read } = await init({
    "fly.toml": FLY,
    "main.ts": "Deno.serve(() => new Response());\n",
    "deno.json": JSON.stringify({
      tasks: {
        start: "deno run --unstable-kv --allow-net --env --watch -r main.ts up",
      },
    }),
  });
  assertEquals(
    (await read("Dockerfile"))?.trimEnd().split("\n").at(-1),
    `CMD ["deno", "run", "-A", "--unstable-kv", "--preload", "${PRELOAD}", "main.ts", "up"]`,
  );
  assertEquals(report.steps, [
    "Give the app what the task start reads from .env, which is in no image: fly secrets import < .env",
  ]);
});
