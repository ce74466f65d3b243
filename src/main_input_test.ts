import { assert, assertEquals, assertFalse } from "@std/assert";
import type { FakeHostOptions } from "../tests/cli/fake_host.ts";
import { runMain } from "../tests/cli/run_main.ts";

const FLY_TOML = { "fly.toml": 'app = "my-app"\n' };

const TOKEN = { FLY_API_TOKEN: "FlyV1 fm2_s3cret" };

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "tid_s3cret",
  AWS_SECRET_ACCESS_KEY: "tsec_s3cret",
};

interface BadInput {
  readonly name: string;
  readonly args: readonly string[];
  readonly given?: FakeHostOptions;
  readonly code: number;
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
}

const NO_APP =
  "Cannot tell which app is meant: there is no fly.toml here, and neither --app nor FLY_APP_NAME names it";

const NO_APP_HINT =
  "run flyhot in the app's folder, or name the file with --config <path> or the app with --app <name>";

const BAD_INPUTS: readonly BadInput[] = [
  {
    name: "an unknown flag",
    args: ["hot", "--skipbuild"],
    code: 2,
    kind: "usage",
    message: "Cannot read --skipbuild: no such flag",
    hint: "did you mean --skip-build?",
  },
  {
    name: "an unknown global flag",
    args: ["--jsno", "hot"],
    code: 2,
    kind: "usage",
    message: "Cannot read --jsno: no such flag",
    hint: "did you mean --json?",
  },
  {
    name: "an unknown command",
    args: ["statsu"],
    code: 2,
    kind: "usage",
    message: "Cannot read statsu: no such command",
    hint: "did you mean status?",
  },
  {
    name: "an argument where none is taken",
    args: ["status", "my-app"],
    code: 2,
    kind: "usage",
    message: 'Cannot read "my-app": status takes no argument',
    hint: "see: flyhot status --help",
  },
  {
    name: "--verbose without --dry-run",
    args: ["hot", "--local", "--verbose"],
    code: 2,
    kind: "usage",
    message: "Cannot use --verbose: it is for --dry-run",
    hint: "add --dry-run, or leave out --verbose",
  },
  {
    name: "--skip-build without --image",
    args: ["hot", "--skip-build"],
    given: { files: FLY_TOML },
    code: 2,
    kind: "usage",
    message: "Cannot skip the build: --image is missing",
    hint: "name the image to use: --skip-build --image <reference>",
  },
  {
    name: "--local with --image",
    args: ["hot", "--local", "--image", "x"],
    code: 2,
    kind: "usage",
    message: "Cannot combine --local with --image: --local uses no image",
    hint: "leave out --local or --image",
  },
  {
    name: "--canary with --no-canary",
    args: ["hot", "--canary", "2", "--no-canary"],
    code: 2,
    kind: "usage",
    message:
      "Cannot combine --canary with --no-canary: they contradict each other",
    hint: "leave out one of them",
  },
  {
    name: "--local with --no-cache",
    args: ["hot", "--local", "--no-cache"],
    code: 2,
    kind: "usage",
    message: "Cannot combine --local with --no-cache: --local uses no image",
    hint: "leave out --local or --no-cache",
  },
  {
    name: "--image with --buildkit",
    args: ["hot", "--image", "x", "--buildkit"],
    code: 2,
    kind: "usage",
    message: "Cannot combine --image with --buildkit: nothing is built",
    hint: "leave out --image or --buildkit",
  },
  {
    name: "a build argument without a name",
    args: ["hot", "--build-arg", "=s3cret"],
    code: 2,
    kind: "usage",
    message: "Cannot read --build-arg: expected NAME=value",
    hint: "for example: --build-arg DENO_VERSION=2.9.6",
  },
  {
    name: "a timeout that is not a number",
    args: ["hot", "--timeout", "soon"],
    code: 2,
    kind: "usage",
    message:
      'Cannot read --timeout: expected a whole number of at least 1, found "soon"',
    hint: "write --timeout <seconds>",
  },
  {
    name: "a missing fly.toml",
    args: ["hot"],
    code: 2,
    kind: "usage",
    message: NO_APP,
    hint: NO_APP_HINT,
  },
  {
    name: "a missing fly.toml for status",
    args: ["status"],
    code: 2,
    kind: "usage",
    message: NO_APP,
    hint: NO_APP_HINT,
  },
  {
    name: "a missing fly.toml for plan",
    args: ["plan"],
    code: 2,
    kind: "usage",
    message: NO_APP,
    hint: NO_APP_HINT,
  },
  {
    name: "a named configuration that is missing",
    args: ["hot", "--config", "fly-staging.toml"],
    given: { files: FLY_TOML },
    code: 2,
    kind: "usage",
    message: "Cannot read fly-staging.toml: there is no such file",
    hint: "name the app's fly.toml with --config <path>",
  },
  {
    name: "a malformed fly.toml",
    args: ["hot"],
    given: { files: { "fly.toml": 'app = "my-app"\n[env\n' } },
    code: 2,
    kind: "usage",
    message: 'Cannot read fly.toml:2: Not closed by "]" after started with "["',
    hint: "check it with: fly config validate",
  },
  {
    name: "a fly.yaml",
    args: ["status"],
    given: { files: { "fly.yaml": "app: my-app\n" } },
    code: 2,
    kind: "usage",
    message:
      "Cannot read fly.yaml: flyhot reads fly.toml and fly.json, not YAML",
    hint: "convert it with: fly config save, then delete the YAML file",
  },
  {
    name: "a fly.toml without an app",
    args: ["hot"],
    given: { files: { "fly.toml": "[env]\n" } },
    code: 2,
    kind: "usage",
    message:
      "Cannot tell which app is meant: fly.toml has no app, and neither --app nor FLY_APP_NAME names it",
    hint:
      'add a line to fly.toml: app = "<name>", or name the app with --app <name>',
  },
  {
    name: "a wrong key in deno.json",
    args: ["hot"],
    given: {
      files: { ...FLY_TOML, "deno.json": '{"flyhot":{"buckett":"x"}}' },
    },
    code: 2,
    kind: "usage",
    message: "Cannot read deno.json: flyhot.buckett: no such key",
    hint: 'did you mean "bucket"?',
  },
  {
    name: "no bucket",
    args: ["hot", "--local"],
    given: { files: FLY_TOML, env: { ...TOKEN, ...CREDENTIALS } },
    code: 2,
    kind: "usage",
    message:
      "Cannot tell which bucket is meant: none of --bucket, flyhot.bucket in deno.json, [env] in fly.toml, BUCKET_NAME and AWS_BUCKET names it",
    hint:
      "create one with: fly storage create, or set BUCKET_NAME to the one the app uses",
  },
  {
    name: "no credentials",
    args: ["hot", "--local", "--bucket", "releases"],
    given: {
      files: FLY_TOML,
      env: { ...TOKEN, AWS_ACCESS_KEY_ID: "tid_s3cret" },
    },
    code: 3,
    kind: "auth",
    message:
      "Cannot sign requests to the bucket: AWS_SECRET_ACCESS_KEY is not set",
    hint:
      "set the credentials that fly storage create printed; the names of the variables can be changed under flyhot.credentials in deno.json",
  },
  {
    name: "no token and no fly",
    args: ["status"],
    given: { files: FLY_TOML, run: () => null },
    code: 3,
    kind: "auth",
    message:
      "Cannot talk to the Machines API: FLY_API_TOKEN is not set and flyctl is not installed",
    hint:
      'log in with: fly auth login, or export FLY_API_TOKEN="$(fly tokens create deploy)"',
  },
  {
    name: "fly missing",
    args: ["hot"],
    given: { files: FLY_TOML, env: TOKEN, run: () => null },
    code: 4,
    kind: "not_found",
    message: "Cannot build the image: neither fly nor flyctl is on PATH",
    hint:
      "install it from https://fly.io/docs/flyctl/install, or use --local, which needs no image",
  },
  {
    name: "nobody logged in",
    args: ["hot"],
    given: {
      files: FLY_TOML,
      env: TOKEN,
      run: (_program, args) =>
        args[0] === "version"
          ? {}
          : { code: 1, stderr: "Error: no access token available\n" },
    },
    code: 3,
    kind: "auth",
    message:
      "Cannot tell who deploys: fly auth whoami ended with 1 (Error: no access token available)",
    hint: "log in with: fly auth login",
  },
  {
    name: "a token that the API refuses",
    args: ["status"],
    given: {
      files: FLY_TOML,
      env: TOKEN,
      fetch: () =>
        Response.json({ error: "Authenticate: token validation error" }, {
          status: 401,
        }),
    },
    code: 3,
    kind: "auth",
    message:
      "Cannot list the machines of my-app: the Machines API answered 401 (Authenticate: token validation error)",
    hint:
      "the token comes from environment FLY_API_TOKEN: it may have expired, belong to another organization, or have lost its end when it was pasted; make one with: fly tokens create deploy -a my-app",
  },
  {
    name: "an app that does not exist",
    args: ["status", "--app", "my-ap"],
    given: {
      files: FLY_TOML,
      env: TOKEN,
      fetch: () => Response.json({ error: "not found" }, { status: 404 }),
    },
    code: 4,
    kind: "not_found",
    message:
      "Cannot list the machines of my-ap: the Machines API knows no such app, or the token (environment FLY_API_TOKEN) may not see it",
    hint:
      "check the app's name (fly.toml, --app) and the token (fly auth whoami)",
  },
  {
    name: "an app without machines",
    args: ["hot", "--image", "registry.fly.io/my-app:x"],
    given: {
      files: FLY_TOML,
      env: TOKEN,
      run: () => ({ stdout: "you@example.com" }),
      fetch: () => Response.json([]),
    },
    code: 4,
    kind: "not_found",
    message: "Cannot upgrade my-app: no machine runs it",
    hint: "deploy it first with: fly deploy",
  },
  {
    name: "orchestrate by hand",
    args: ["orchestrate"],
    code: 2,
    kind: "usage",
    message: "Cannot orchestrate: FLYHOT_ORCHESTRATE is not set",
    hint: "this command is for the temporary machine; people use: flyhot hot",
  },
  {
    name: "a sandbox for nothing",
    args: ["sandbox", "no-such-folder"],
    code: 2,
    kind: "usage",
    message:
      "Cannot start a sandbox for no-such-folder: there is no such folder",
    hint: "name the app's folder: flyhot sandbox <folder>",
  },
  {
    name: "a sandbox in no region",
    args: ["sandbox", "--regions", "earth"],
    code: 2,
    kind: "usage",
    message:
      'Cannot read --regions: expected codes of three letters separated by commas, found "earth"',
    hint: "for example: --regions iad,fra",
  },
];

for (const bad of BAD_INPUTS) {
  Deno.test(`main() refuses ${bad.name} with one sentence on stderr`, async () => {
    const { code, out, err } = await runMain(bad.args, bad.given);
    assertEquals(code, bad.code);
    assertEquals(out, "");
    const said = `error: ${bad.message}\n${
      bad.hint === null ? "" : `hint: ${bad.hint}\n`
    }`;
    assert(err.endsWith(said), err);
    assertFalse(err.includes("s3cret"), err);
  });

  Deno.test(`main() refuses ${bad.name} with one JSON value on stdout`, async () => {
    const { code, out, err } = await runMain(
      [...bad.args, "--json"],
      bad.given,
    );
    assertEquals(code, bad.code);
    assertEquals(JSON.parse(out), {
      error: {
        code: bad.kind,
        message: bad.message,
        hint: bad.hint,
        exit_code: bad.code,
      },
    });
    assert(err.includes(`error: ${bad.message}\n`), err);
  });
}
