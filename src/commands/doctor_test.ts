import { assert, assertEquals } from "@std/assert";
import { MemoryBucket, type WriteCondition } from "@flyhot/runtime/bucket";
import { fakeHost, type FakeHostOptions } from "../../tests/cli/fake_host.ts";
import { denoInfoOf } from "../../tests/cli/fake_deno_info.ts";
import { runMain } from "../../tests/cli/run_main.ts";
import { VERSION } from "../version.ts";
import type { Check } from "../doctor/check.ts";
import { doctor } from "../doctor/doctor.ts";

const IMAGE = "registry.fly.io/my-app:deployment-01K95HV55T5DX0HMS85SABZPRX";

const INFO = {
  hotUpgradeApplied: false,
  currentImageRef: IMAGE,
  fingerprint: "0123456789ab",
  upgrades: 0,
  retainedModules: 0,
  retainedBytes: 0,
  retainedBudgetExceeded: false,
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  lastUpgradeId: null,
};

/** What differs from a world in which all is well. */
interface Ills {
  /** Runs fly; null where it is not installed. */
  readonly fly?: FakeHostOptions["run"];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Answers the Machines API before the well world does. */
  readonly machines?: (request: Request, path: string) => Response | undefined;
  /** What a command in a machine leaves, by its first words. */
  readonly exec?: (command: string) => Record<string, unknown> | undefined;
  /** Answers the bucket before the well world does. */
  readonly bucket?: (request: Request, key: string) => Response | undefined;
  /** What the bucket says of the time. */
  readonly date?: string | null;
}

/** A world in which all is well, but for some ills. */
function world(ills: Ills = {}): FakeHostOptions & { bucket: MemoryBucket } {
  const bucket = new MemoryBucket();
  const env: Record<string, string> = {};
  for (
    const [name, value] of Object.entries({
      FLY_API_TOKEN: "FlyV1 fm2_s3cret",
      BUCKET_NAME: "releases",
      AWS_ENDPOINT_URL_S3: "https://s3.example",
      AWS_ACCESS_KEY_ID: "tid_s3cret",
      AWS_SECRET_ACCESS_KEY: "tsec_s3cret",
      ...ills.env,
    })
  ) {
    if (value !== undefined) env[name] = value;
  }
  return {
    bucket,
    env,
    files: ills.files ?? {
      "fly.toml": 'app = "my-app"\n',
      "deno.json":
        '{ "imports": { "@flyhot/runtime": "jsr:@flyhot/runtime" } }',
      "main.ts":
        'import { reapply } from "@flyhot/runtime";\nawait reapply();\n',
    },
    run: ills.fly ??
      ((_program, args) => ({
        stdout: args[0] === "version"
          ? "fly v0.3.200 linux/amd64\n"
          : "you@example.com\n",
      })),
    async fetch(request) {
      const { host, pathname } = new URL(request.url);
      if (host === "s3.example") {
        const key = decodeURIComponent(pathname.slice("/releases/".length));
        const response = ills.bucket?.(request, key) ??
          await serve(bucket, request, key);
        const date = ills.date === undefined
          ? "Thu, 15 Jan 2026 10:30:00 GMT"
          : ills.date;
        if (date !== null) response.headers.set("date", date);
        return response;
      }
      if (host !== "api.machines.dev") return undefined;
      const path = pathname.replace("/v1/apps/my-app/machines", "");
      const answer = ills.machines?.(request, path);
      if (answer) return answer;
      if (path === "") {
        return Response.json([
          machine("a", "started"),
          machine("b", "stopped"),
        ]);
      }
      assertEquals(path, "/a/exec");
      const { command } = await request.json();
      return Response.json(
        ills.exec?.(command.slice(0, 2).join(" ") + command[2]) ??
          wellExec(command),
      );
    },
  };
}

const machine = (id: string, state: string, more: object = {}) => ({
  id,
  state,
  region: "iad",
  config: {
    image: IMAGE,
    metadata: { fly_platform_version: "v2", fly_process_group: "app" },
  },
  ...more,
});

function wellExec(command: readonly string[]): Record<string, unknown> {
  const [program, first, script = ""] = command;
  if (program === "df") {
    return {
      stdout:
        "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 8154588 1033 5000000 13% /\n",
    };
  }
  if (first === "--version") return { stdout: "deno 2.9.6 (stable)\n" };
  return script.includes("/v1/info")
    ? { stdout: JSON.stringify(INFO) }
    : { stdout: "[]\n" };
}

/** A bucket in memory over HTTP. */
async function serve(
  bucket: MemoryBucket,
  request: Request,
  key: string,
): Promise<Response> {
  const { method, headers } = request;
  if (method === "DELETE") {
    await bucket.delete(key);
    return new Response(null, { status: 204 });
  }
  if (method === "PUT") {
    const ifMatch = headers.get("if-match");
    const condition: WriteCondition = ifMatch !== null
      ? { ifMatch }
      : headers.get("if-none-match") === "*"
      ? { ifNoneMatch: "*" }
      : "always";
    const content = new Uint8Array(await request.arrayBuffer());
    const outcome = await bucket.put(key, content, condition);
    return outcome.status === "written"
      ? new Response(null, { headers: { etag: outcome.etag } })
      : new Response(null, { status: 412 });
  }
  const found = await bucket.get(key);
  return found.status === "found"
    ? new Response(found.body, { headers: { etag: found.etag } })
    : new Response(null, { status: 404 });
}

async function examine(ills: Ills) {
  const options = world(ills);
  const { code, out } = await runMain(["doctor", "--json"], options);
  assert(!out.includes("s3cret"), out);
  const left = await Array.fromAsync(options.bucket.list(""));
  assertEquals(left, [], "something was left in the bucket");
  const report = JSON.parse(out);
  assertEquals(report.exit_code, code);
  const checks: readonly Check[] = report.checks;
  return {
    code,
    report,
    checks,
    troubles: checks.filter(({ verdict }) => verdict !== "pass").map((it) => [
      it.check,
      it.verdict,
      it.text,
      it.remedy,
    ]),
  };
}

Deno.test("flyhot doctor finds all well, and says of what", async () => {
  const { code, out, err } = await runMain(["doctor"], world());
  assertEquals(code, 0);
  assertEquals(
    out,
    `✓ flyctl              fly v0.3.200 linux/amd64
✓ login               you@example.com
✓ token               a macaroon, from environment FLY_API_TOKEN
✓ app                 my-app (fly.toml app): 2 machines, 1 started
✓ bucket              releases at https://s3.example (environment BUCKET_NAME): nothing released yet
✓ credentials         may read, write and remove, from environment AWS_ACCESS_KEY_ID
✓ conditional writes  create-only and compare-and-swap are honored
✓ clock               agrees with the bucket's to the second
✓ machine a           answers, runs its base image (0123456789ab); deno 2.9.6; 5.1 GB free for releases; has the bucket, its keys and a Fly token
✓ import              deno.json names @flyhot/runtime
✓ main module         main.ts calls reapply()

All is well.
`,
  );
  assertEquals(
    err.split("\n").filter((it) => it.startsWith("✓")).length,
    3,
    err,
  );
});

Deno.test("flyhot doctor answers with the checks as data", async () => {
  const { code, report, troubles } = await examine({});
  assertEquals([code, report.app, report.verdict, troubles], [
    0,
    "my-app",
    "pass",
    [],
  ]);
  assertEquals(
    report.checks.map((it: Check) => [it.check, it.machine]),
    [
      ["flyctl", null],
      ["login", null],
      ["token", null],
      ["app", null],
      ["bucket", null],
      ["credentials", null],
      ["conditional_writes", null],
      ["clock", null],
      ["runtime", "a"],
      ["deno", "a"],
      ["disk", "a"],
      ["environment", "a"],
      ["import", null],
      ["main_module", null],
    ],
  );
});

const INSTALL =
  "install it from https://fly.io/docs/flyctl/install; flyhot hot builds images with it, --local needs none";

const ILLS: readonly {
  readonly name: string;
  readonly ills: Ills;
  readonly code: number;
  readonly troubles: readonly (readonly (string | null)[])[];
}[] = [
  {
    name: "warns of a missing fly where there is a token",
    ills: { fly: () => null },
    code: 0,
    troubles: [[
      "flyctl",
      "warn",
      "neither fly nor flyctl is on PATH",
      INSTALL,
    ]],
  },
  {
    name: "fails a missing fly where there is no token, with the code of that",
    ills: { fly: () => null, env: { FLY_API_TOKEN: undefined } },
    code: 4,
    troubles: [
      ["flyctl", "fail", "neither fly nor flyctl is on PATH", INSTALL],
      [
        "token",
        "fail",
        "Cannot talk to the Machines API: FLY_API_TOKEN is not set and flyctl is not installed",
        'log in with: fly auth login, or export FLY_API_TOKEN="$(fly tokens create deploy)"',
      ],
    ],
  },
  {
    name: "fails where nobody is logged in",
    ills: {
      env: { FLY_API_TOKEN: undefined },
      fly: (_program, args) =>
        args[0] === "version"
          ? { stdout: "fly v0" }
          : { code: 1, stderr: "Error: no access token available" },
    },
    code: 3,
    troubles: [
      [
        "login",
        "fail",
        "Cannot tell who deploys: fly auth whoami ended with 1 (Error: no access token available)",
        "log in with: fly auth login",
      ],
      [
        "token",
        "fail",
        "Cannot talk to the Machines API: FLY_API_TOKEN is not set, and fly auth token ended with 1 (Error: no access token available)",
        'log in with: fly auth login, or export FLY_API_TOKEN="$(fly tokens create deploy)"',
      ],
    ],
  },
  {
    name: "fails a token that the API refuses, and looks at the rest",
    ills: {
      machines: () =>
        Response.json({ error: "token validation error" }, { status: 401 }),
    },
    code: 3,
    troubles: [[
      "app",
      "fail",
      "Cannot list the machines of my-app: the Machines API answered 401 (token validation error)",
      "the token comes from environment FLY_API_TOKEN: it may have expired, belong to another organization, or have lost its end when it was pasted; make one with: fly tokens create deploy -a my-app",
    ]],
  },
  {
    name: "fails an app that nobody knows",
    ills: { machines: () => Response.json({}, { status: 404 }) },
    code: 4,
    troubles: [[
      "app",
      "fail",
      "Cannot list the machines of my-app: the Machines API knows no such app, or the token (environment FLY_API_TOKEN) may not see it",
      "check the app's name (fly.toml, --app) and the token (fly auth whoami)",
    ]],
  },
  {
    name: "warns of an app without machines",
    ills: { machines: () => Response.json([]) },
    code: 0,
    troubles: [[
      "app",
      "warn",
      "my-app (fly.toml app) has no machine that runs it",
      "deploy it once with: fly deploy",
    ]],
  },
  {
    name: "warns of a host that is out of reach",
    ills: {
      machines: (_request, path) =>
        path === ""
          ? Response.json([
            machine("a", "started"),
            machine("c", "started", { host_status: "unreachable" }),
          ])
          : undefined,
    },
    code: 0,
    troubles: [[
      "app",
      "warn",
      "my-app (fly.toml app): 2 machines, 2 started; the host of 1 cannot be reached",
      "see https://status.flyio.net; what is out of reach applies the release when it is back",
    ]],
  },
  {
    name: "warns where the keys of the bucket are not here",
    ills: { env: { AWS_ACCESS_KEY_ID: undefined } },
    code: 0,
    troubles: [[
      "credentials",
      "warn",
      "Cannot sign requests to the bucket: AWS_ACCESS_KEY_ID is not set; the bucket was not looked at",
      "set the credentials that fly storage create printed; the names of the variables can be changed under flyhot.credentials in deno.json; flyhot hot --local needs it here, flyhot hot only on the machines",
    ]],
  },
  {
    name: "fails a bucket that is not there",
    ills: {
      bucket: () =>
        new Response("<Error><Code>NoSuchBucket</Code></Error>", {
          status: 404,
        }),
    },
    code: 4,
    troubles: [[
      "bucket",
      "fail",
      'Cannot find the bucket "releases" at https://s3.example/releases; create it (fly storage create) or set BUCKET_NAME',
      null,
    ]],
  },
  {
    name: "fails keys that the bucket refuses",
    ills: {
      bucket: () =>
        new Response("<Error><Code>AccessDenied</Code></Error>", {
          status: 403,
        }),
    },
    code: 3,
    troubles: [[
      "credentials",
      "fail",
      "Cannot read https://s3.example/releases/releases/my-app-current.json: the server answered 403 AccessDenied; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and that they may use this bucket",
      null,
    ]],
  },
  {
    name: "fails keys that may read and not write",
    ills: {
      bucket: ({ method }) =>
        method === "PUT"
          ? new Response("<Error><Code>AccessDenied</Code></Error>", {
            status: 403,
          })
          : undefined,
    },
    code: 3,
    troubles: [[
      "credentials",
      "fail",
      "Cannot write https://s3.example/releases/releases/my-app-doctor/01KF0K8Y20B9D5MPJTB9D5MPJT: the server answered 403 AccessDenied; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and that they may use this bucket",
      null,
    ]],
  },
  {
    name: "fails a bucket that takes every write",
    ills: {
      bucket: ({ method }) =>
        method === "PUT"
          ? new Response(null, { headers: { etag: '"x"' } })
          : undefined,
    },
    code: 5,
    troubles: [[
      "conditional_writes",
      "fail",
      "The bucket does not honor conditional writes: creating it a second time was let through",
      "use a store that does, such as Tigris, AWS S3, R2 or Ceph",
    ]],
  },
  {
    name: "warns of a clock that is wrong",
    ills: { date: "Thu, 15 Jan 2026 10:29:00 GMT" },
    code: 0,
    troubles: [[
      "clock",
      "warn",
      "is 59.5 s ahead of the bucket's",
      "set this computer's clock, or let it be set by NTP; past 15 minutes signatures are refused",
    ]],
  },
  {
    name: "fails a clock that makes signatures worthless",
    ills: {
      bucket: () =>
        new Response("<Error><Code>RequestTimeTooSkewed</Code></Error>", {
          status: 403,
        }),
    },
    code: 3,
    troubles: [[
      "clock",
      "fail",
      "Cannot read https://s3.example/releases/releases/my-app-current.json: the server answered 403 RequestTimeTooSkewed; set this machine's clock",
      null,
    ]],
  },
  {
    name: "warns of a bucket that names no time",
    ills: { date: null },
    code: 0,
    troubles: [[
      "clock",
      "warn",
      "cannot be compared: the bucket names no time",
      null,
    ]],
  },
  {
    name:
      "fails a machine without a runtime and with an old Deno, and reads on",
    ills: {
      exec: (command) =>
        command.includes("/v1/info")
          ? { exit_code: 71, stderr: "nobody listens at /tmp/x" }
          : command.includes("--version")
          ? { stdout: "deno 2.7.1\n" }
          : undefined,
    },
    code: 4,
    troubles: [
      [
        "runtime",
        "fail",
        "Cannot ask machine a what it runs: no flyhot runtime answers there, nobody listens at /tmp/x",
        "the app must call reapply() of @flyhot/runtime at its start; deploy it once with: fly deploy",
      ],
      [
        "deno",
        "fail",
        "deno 2.7.1 is too old",
        "use Deno 2.9 or later in the Dockerfile, then: fly deploy",
      ],
    ],
  },
  {
    name: "fails a machine that cannot be asked",
    ills: {
      machines: (_request, path) =>
        path === "" ? undefined : Response.json({ error: "not running" }, {
          status: 412,
        }),
    },
    code: 5,
    troubles: ["runtime", "deno", "disk", "environment"].map((check, index) => [
      check,
      "fail",
      `Cannot ask machine a ${
        [
          "what it runs",
          "for its Deno",
          "for its disk",
          "which variables it has",
        ][index]
      }: the Machines API answered 412 (not running)`,
      null,
    ]),
  },
  {
    name: "warns of an app that does not use the runtime",
    ills: {
      files: {
        "fly.toml": 'app = "my-app"\n',
        "deno.json": "{}",
        "main.ts":
          "// reapply() comes later\nDeno.serve(() => new Response());",
      },
    },
    code: 0,
    troubles: [
      [
        "import",
        "warn",
        "deno.json does not name @flyhot/runtime",
        "see what to add with: flyhot init",
      ],
      [
        "main_module",
        "warn",
        "main.ts does not call reapply()",
        "see what to add with: flyhot init",
      ],
    ],
  },
];

for (const { name, ills, code, troubles } of ILLS) {
  Deno.test(`flyhot doctor ${name}`, async () => {
    const found = await examine(ills);
    assertEquals(found.troubles, troubles);
    assertEquals(found.code, code);
  });
}

/** A pointer that says so of the image. */
function pointing(entry: unknown, more: Record<string, unknown> = {}) {
  const record = {
    protocol: 1,
    app: "my-app",
    lineage: "L",
    revision: 3,
    set_at: "2026-01-15T10:00:00Z",
    image_ref: IMAGE,
    hot_upgrade: null,
    generations: { [IMAGE]: entry, ...more },
  };
  return (_request: Request, key: string): Response | undefined =>
    key.endsWith("-current.json")
      ? Response.json(record, { headers: { etag: '"1"' } })
      : undefined;
}

const entryOf = (upgrade: object, image = IMAGE) => ({
  image_ref: image,
  first_seen: "2026-01-01T00:00:00Z",
  hot_upgrade: {
    id: "01K9",
    version: "2.0.0",
    source_image_ref: image,
    key: "releases/my-app-2.0.0-x.tar.gz",
    tarball_url: null,
    sha256: "2".repeat(64),
    size: 1,
    deployed_at: "2026-01-15T10:00:00Z",
    deployed_by: "ann",
    state: "committed",
    wave: "*",
    ...upgrade,
  },
  history: [],
});

Deno.test("flyhot doctor fails a machine that does not run what it should, unless a rollout is bringing it", async () => {
  const bucket = pointing(entryOf({}));
  const behind = await examine({ bucket });
  assertEquals([behind.code, behind.troubles], [7, [[
    "runtime",
    "fail",
    "answers, runs its base image (0123456789ab), but v2.0.0 is current",
    "if it stays so: fly machine restart a",
  ]]]);
  const lock = {
    protocol: 1,
    state: "held",
    owner: "01K9",
    holder: "ann",
    purpose: "deploy 2.0.0",
    acquired_at: "2026-01-15T10:29:00Z",
    renewed_at: "2026-01-15T10:29:00Z",
    expires_at: "2026-01-15T10:40:00Z",
  };
  const held = await examine({
    bucket: (request, key) =>
      key.endsWith(".lock")
        ? Response.json(lock, { headers: { etag: '"2"' } })
        : bucket(request, key),
  });
  assertEquals([held.code, held.troubles.length], [0, 1]);
  assertEquals(held.troubles[0]?.[1], "warn");
});

Deno.test("F8: flyhot doctor names a probation that was left on an older image, which machines still have", async () => {
  const older = IMAGE.replace("01K95", "01K94");
  const left = entryOf({ state: "probation", wave: ["b"] }, older);
  const { code, troubles } = await examine({
    bucket: pointing(
      { ...entryOf({}), hot_upgrade: null },
      { [older]: left },
    ),
    machines: (_request, path) =>
      path !== "" ? undefined : Response.json([
        machine("a", "started"),
        machine("b", "stopped", {
          config: { ...machine("b", "stopped").config, image: older },
        }),
      ]),
  });
  assertEquals([code, troubles], [7, [[
    "probation",
    "fail",
    "v2.0.0 was left on probation by ann on b (upgrade 01K9)",
    "settle it with: flyhot rollback",
  ]]]);
  // Of an image that no machine has any more, nobody is bothered.
  const gone = await examine({
    bucket: pointing({ ...entryOf({}), hot_upgrade: null }, { [older]: left }),
  });
  assertEquals([gone.code, gone.troubles], [0, []]);
});

Deno.test("F10: flyhot doctor warns of entries that cannot be read, and fails the machines that they are about", async () => {
  const other = await examine({
    bucket: pointing({ ...entryOf({}), hot_upgrade: null }, { other: 7 }),
  });
  assertEquals(other.code, 0);
  assertEquals(other.troubles.map(([check, verdict]) => [check, verdict]), [
    ["bucket", "warn"],
  ]);
  const own = await examine({ bucket: pointing(7) });
  assertEquals(own.code, 7);
  assertEquals(own.troubles.at(-1), [
    "runtime",
    "fail",
    "answers, runs its base image (0123456789ab), but the pointer's entry of its image cannot be read",
    "if it stays so: flyhot rollback",
  ]);
});

Deno.test("flyhot doctor fails a machine that has failed for good, and passes over one at rest", async () => {
  const { code, troubles } = await examine({
    machines: (_request, path) =>
      path !== "" ? undefined : Response.json([
        machine("a", "started"),
        machine("b", "failed"),
        machine("c", "suspended"),
      ]),
  });
  assertEquals([code, troubles], [7, [[
    "runtime",
    "fail",
    "does not run: its state is failed",
    "see why with: fly logs --machine b",
  ]]]);
});

Deno.test("F17: flyhot doctor looks into the app's container alone, and says where nobody can tell which it is", async () => {
  const asked = new Set<unknown>();
  const containers = (...names: string[]) => ({
    config: {
      ...machine("a", "started").config,
      containers: names.map((name) => ({ name, image: `${IMAGE}-${name}` })),
    },
  });
  const well = await examine({
    machines: (request, path) => {
      if (path === "") {
        return Response.json([
          machine("a", "started", containers("log", "app")),
        ]);
      }
      request.clone().json().then(({ container }) => asked.add(container));
      return undefined;
    },
  });
  assertEquals([well.code, well.troubles], [0, []]);
  assertEquals([...asked], ["app"]);
  const unclear = await examine({
    machines: (_request, path) =>
      path === ""
        ? Response.json([machine("a", "started", containers("one", "two"))])
        : undefined,
  });
  assert(unclear.code !== 0);
  assert(
    unclear.troubles.every(([, verdict, text]) =>
      verdict === "fail" &&
      text?.includes("which one runs the app cannot be told")
    ),
  );
});

const HOT_SERVE = `jsr:@flyhot/runtime@${VERSION}/serve`;
const HOT_PRELOAD = `jsr:@flyhot/runtime@${VERSION}/preload`;

for (
  const [what, files, found] of [
    [
      "an image that starts and fetches the preload",
      {
        "Dockerfile":
          `FROM deno\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [
        ["start", "pass", `Dockerfile:3 starts with ${HOT_PRELOAD}`, null],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "an image that takes the repository in",
      {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".dockerignore": "node_modules\n",
        "Dockerfile":
          `FROM deno\nCOPY --chown=deno:deno . .\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [
        ["start", "pass", `Dockerfile:4 starts with ${HOT_PRELOAD}`, null],
        [
          "start",
          "warn",
          "the image holds .git, and where a repository is no changed file can be laid over its place",
          "write .git into .dockerignore, and run fly deploy once",
        ],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "an image that leaves the repository out, or copies something else",
      {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".dockerignore": ".*\n",
        "Dockerfile":
          `FROM deno\nCOPY ./ /app\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [
        ["start", "pass", `Dockerfile:4 starts with ${HOT_PRELOAD}`, null],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "deno serve with the preload, which it ignores",
      {
        "Dockerfile":
          `FROM deno\nCMD ["deno", "serve", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
      },
      [[
        "start",
        "warn",
        "Dockerfile:2 starts deno serve with --preload, which deno serve ignores: nothing goes hot",
        `start deno run -A ${HOT_SERVE} main.ts`,
      ], ["main_module", "pass", "main.ts starts behind the runtime", null]],
    ],
    [
      "a missing line that fetches it, and node_modules that only others fill",
      {
        "package.json": "{}",
        "deno.json": "{}",
        "Dockerfile":
          `FROM deno\nCMD deno run -A --preload=${HOT_PRELOAD} main.ts\n`,
      },
      [
        ["start", "pass", `Dockerfile:2 starts with ${HOT_PRELOAD}`, null],
        [
          "start",
          "warn",
          `the Dockerfile does not fetch ${HOT_PRELOAD} while the image is built: every machine does when it starts, if it can`,
          `add to the Dockerfile: RUN deno cache --no-lock ${HOT_PRELOAD}`,
        ],
        [
          "start",
          "warn",
          `Deno loads packages only from node_modules here (a package.json, and no other "nodeModulesDir" in deno.json), and the runtime cannot start`,
          `add to deno.json: "nodeModulesDir": "auto"`,
        ],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
    [
      "a process group with --parallel, in another version",
      {
        "fly.toml":
          'app = "my-app"\n[processes]\nweb = "deno run -A jsr:@flyhot/runtime@0.0.1/serve main.ts --parallel"\n',
        "Dockerfile":
          "FROM deno\nRUN deno cache jsr:@flyhot/runtime@0.0.1/serve\n",
      },
      [
        [
          "start",
          "warn",
          "fly.toml [processes] web has --parallel: each of those processes has state of its own",
          "start one process to a machine",
        ],
        [
          "start",
          "warn",
          `fly.toml [processes] web starts with jsr:@flyhot/runtime@0.0.1/serve, and this is flyhot ${VERSION}`,
          "see what to add with: flyhot init",
        ],
        ["main_module", "pass", "main.ts starts behind the runtime", null],
      ],
    ],
  ] as const
) {
  Deno.test(`flyhot doctor looks at how the app is started: ${what}`, async () => {
    const { report } = await examine({
      files: {
        "fly.toml": 'app = "my-app"\n',
        "main.ts": "Deno.serve(() => new Response());\n",
        ...files,
      },
    });
    assertEquals(
      report.checks.filter((it: Check) => /start|main|import/.test(it.check))
        .map((it: Check) => [it.check, it.verdict, it.text, it.remedy]),
      found,
    );
  });
}

Deno.test("flyhot doctor tells which modules can be replaced", async () => {
  const files = {
    "fly.toml": 'app = "my-app"\n',
    "main.ts":
      'import { rooms } from "./rooms.ts";\nDeno.serve(() => new Response(String(rooms.set("a", 1).size)));\n',
    "rooms.ts": "export const rooms = new Map<string, number>();\n",
    "Dockerfile":
      `FROM deno\nRUN deno cache --no-lock ${HOT_PRELOAD}\nCMD ["deno", "run", "-A", "--preload", "${HOT_PRELOAD}", "main.ts"]\n`,
  };
  const told = async (denoJson: string) => {
    const all: Record<string, string> = { ...files, "deno.json": denoJson };
    const info = denoInfoOf((path) => Promise.resolve(all[path] ?? null));
    const { report } = await examine({
      files: all,
      fly: (program, args, options) =>
        program === "deno"
          ? info(program, args, options)
          : { stdout: args[0] === "version" ? "fly v0.3.200\n" : "you\n" },
    });
    const [check] = report.checks.filter((it: Check) =>
      it.check === "hot_surface"
    );
    return [check.verdict, check.text];
  };
  assertEquals(
    await told('{ "flyhot": { "keep": ["rooms.ts#rooms"] } }'),
    ["pass", "All 2 modules of main.ts can be replaced while the app runs."],
  );
  const [verdict, text] = await told("{}");
  assertEquals(verdict, "warn");
  assertEquals(
    text.startsWith(
      "1 of 2 modules of main.ts can be replaced while the app runs; not these: rooms.ts:1 rooms: holds state (set() in main.ts:2)",
    ),
    true,
    text,
  );
});

Deno.test("flyhot doctor shows troubles with their remedies, machine by machine", async () => {
  const { code, out } = await runMain(
    ["doctor"],
    world({
      fly: () => null,
      exec: (command) =>
        command.includes("--version") ? { exit_code: 127 } : undefined,
    }),
  );
  assertEquals(code, 1);
  const lines = out.split("\n");
  assertEquals(lines.slice(0, 2), [
    "! flyctl              neither fly nor flyctl is on PATH",
    `    → ${INSTALL}`,
  ]);
  const at = lines.findIndex((it) => it.startsWith("✗ machine a"));
  assertEquals(lines.slice(at, at + 2), [
    "✗ machine a           deno: deno --version ended with 127",
    "    → the machine's image needs deno on its PATH",
  ]);
  assert(lines[at - 1]!.startsWith("✓ machine a           answers"), out);
  assertEquals(lines.slice(-3), ["", "1 check failed, 1 warning.", ""]);
});

Deno.test("flyhot doctor refuses a fly.toml that cannot be read", async () => {
  const { code, err } = await runMain(["doctor"], {
    files: { "fly.toml": "app = my-app\n" },
  });
  assertEquals(code, 2);
  assert(err.includes("error: Cannot read fly.toml:1:"), err);
});

Deno.test("flyhot doctor says what is missing in an empty folder", async () => {
  const { code, troubles } = await examine({
    files: {},
    env: { BUCKET_NAME: undefined },
  });
  assertEquals([code, troubles.map(([check, verdict]) => [check, verdict])], [
    2,
    [["app", "fail"], ["bucket", "warn"]],
  ]);
});

Deno.test("doctor() answers the library as the command answers people", async () => {
  const host = fakeHost(world());
  const report = await doctor({ app: "my-app" }, { host });
  assertEquals([report.verdict, report.exit_code], ["pass", 0]);
  assertEquals([host.out(), host.err()], ["", ""]);
});

Deno.test("doctor() gives up when it is interrupted, and leaves nothing in the bucket", async () => {
  const options = world();
  const controller = new AbortController();
  const host = fakeHost({
    ...options,
    fetch(request) {
      if (request.method === "PUT") controller.abort(new Error("enough"));
      return options.fetch!(request);
    },
  });
  let thrown: unknown = null;
  await doctor({}, { host }, controller.signal).catch((it) => thrown = it);
  assertEquals(thrown, controller.signal.reason);
  assertEquals(await Array.fromAsync(options.bucket.list("")), []);
});
