import { assertEquals, assertStringIncludes } from "@std/assert";
import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import {
  examine,
  type Ills,
  INSTALL,
  machine,
  world,
} from "./doctor_fixture_test.ts";

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

Deno.test("T18: the doctor of a compiled flyhot says where there is no deno on PATH", async () => {
  const well = world();
  const compiled = {
    ...fakeHost({
      ...well,
      run: (program, ...more) =>
        program === "deno" ? null : well.run!(program, ...more),
    }),
    execPath: "/usr/local/bin/flyhot",
  };
  const { code, out } = await runMain(["doctor"], compiled);
  assertEquals(code, 4);
  assertStringIncludes(out, "there is no deno on PATH");
  assertEquals(out.includes("All is well"), false);
});
