import { assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../errors.ts";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import { Sim } from "../../../tests/sim/sim.ts";
import { withApp } from "../../../tests/support/temp_app.ts";
import type { RunOutcome } from "../../host.ts";
import { denoHost } from "../../host_deno.ts";
import {
  asideNotes,
  BYTES_MAX,
  collectFiles,
  type CollectOptions,
  FILE_BYTES_MAX,
  FILES_MAX,
} from "./collect.ts";
import { linkNotes } from "./linked_modules.ts";

type Options = Omit<CollectOptions, "root">;

async function collect(
  files: Readonly<Record<string, string>>,
  options: Options = {},
) {
  return await withApp(files, async (root) => {
    using host = denoHost();
    const { files, links, notes } = await collectFiles(
      { root, ...options },
      host,
    );
    return { paths: [...files.keys()], links, notes };
  });
}

Deno.test("collectFiles() leaves out what no release needs, at any depth", async () => {
  const { paths, notes } = await collect({
    "main.ts": "",
    "src/deep/a.css": "",
    ".env": "SECRET=1",
    "src/.env.local": "SECRET=1",
    ".git/HEAD": "",
    "node_modules/x/index.js": "",
    "src/node_modules/x/index.js": "",
    ".flyhot/releases/a/main.ts": "",
    ".well-known/x": "",
  });
  assertEquals(paths, [".well-known/x", "main.ts", "src/deep/a.css"]);
  assertEquals(notes, []);
});

Deno.test("collectFiles() obeys .dockerignore, exclude and include, in that order", async () => {
  const files = {
    ".dockerignore": "*.md\n!keep.md\ndocs\n.dockerignore",
    "readme.md": "",
    "keep.md": "",
    "docs/a": "",
    "docs/b": "",
    "main.ts": "",
    "main_test.ts": "",
    ".env.example": "",
  };
  assertEquals((await collect(files)).paths, [
    "keep.md",
    "main.ts",
  ]);
  const options = {
    exclude: ["keep.md"],
    include: ["docs/b", ".env.example"],
  };
  assertEquals(
    (await collect(files, options)).paths,
    [".env.example", "docs/b", "main.ts"],
  );
  assertEquals(
    (await collect(files, { include: [".git", "*.md"] })).paths,
    ["keep.md", "main.ts", "readme.md"],
  );
});

Deno.test("T10, T11: secrets, databases and what only developers need are set aside, unless include names them", async () => {
  const secret = [
    ".npmrc",
    ".netrc",
    ".git-credentials",
    ".env.production",
    "prod.env",
    "id_rsa",
    "keys/id_ed25519_deploy",
    "tls/key.pem",
    "server.KEY",
    ".aws/credentials",
    ".ssh/config",
    "app.db",
    "app.db-wal",
    "data/app.sqlite3",
    ".envrc",
    ".dev.vars",
    ".yarnrc.yml",
    "_netrc",
    ".docker/config.json",
    ".kube/config",
    ".config/gcloud/application_default_credentials.json",
    "service-account-prod.json",
    "config/secrets.yaml",
    "credentials.json",
    "infra/terraform.tfstate.backup",
    "infra/prod.tfvars",
    "AuthKey_ABC.p8",
    "deploy.ppk",
    "vault.kdbx",
    "data/events.duckdb.wal",
    "dump.rdb",
    "old.db3",
    ".boto",
    ".s3cfg",
    ".passwd",
    "passwords.txt",
    "rclone.conf",
    "prod.kubeconfig",
    "kubeconfig.yaml",
    "shop-firebase-adminsdk-ab12c-0123456789.json",
    ".gcloud/key.json",
    ".terraform/terraform.lock",
    "backup.sql.gz",
    "dump-2026-01-15.sql",
  ];
  const development = [
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "a_test.ts",
    "lib/b.spec.tsx",
    "tests/helper.ts",
    ".vscode/settings.json",
    ".idea/x.xml",
    ".gitignore",
    ".github/workflows/ci.yml",
    ".helix/config.toml",
    ".mailmap",
    ".pre-commit-config.yaml",
    "coverage/lcov.info",
    "main.ts.orig",
    "main.ts.rej",
    "SECURITY.md",
    "LICENSE-MIT",
  ];
  const app = [
    "credentials.ts",
    "data/secret_santa.json",
    "db.ts",
    "docs/README.md",
    "env.ts",
    "key.ts",
    "main.ts",
    "migrations/001_backups.sql",
    "notes.md",
    "passwords.ts",
    "static/tests/x.html",
    "testimonials.ts",
  ];
  const files = Object.fromEntries(
    [...secret, ...development, ...app].map((path) => [path, "x"]),
  );
  const options = { include: ["tls/key.pem", ".env.production", "LICENSE"] };
  await withApp(files, async (root) => {
    using host = denoHost();
    const all = await collectFiles({ root }, host);
    assertEquals([...all.files.keys()], app);
    assertEquals(
      [...all.aside.keys()].sort(),
      [...secret, ...development].sort(),
    );
    const some = await collectFiles({ root, ...options }, host);
    assertEquals(
      [...some.files.keys()],
      [...app, ...options.include].sort(),
    );
    assertEquals(asideNotes(["b.pem", "a.pem", "x_test.ts"]), [
      `left out, because they look like secrets or databases: a.pem, b.pem ("include" takes them in)`,
      `left out, because only those who work on the app need them: x_test.ts ("include" takes them in)`,
    ]);
    assertEquals(asideNotes(secret)[0]?.includes(" and 39 more"), true);
    assertEquals(asideNotes([]), []);
  });
});

Deno.test("collectFiles() leaves links out and says so, without ever following one", async () => {
  const { paths, links } = await collect({
    "main.ts": "",
    "loop@": ".",
    "passwd@": "/etc/passwd",
    ...Object.fromEntries(
      Array.from({ length: 7 }, (_, i) => [`l${i}@`, "main.ts"]),
    ),
  });
  assertEquals(paths, ["main.ts"]);
  const notes = linkNotes(links);
  assertEquals(notes.length, 6);
  assertEquals(
    notes[0],
    "l0 is left out: a release holds regular files only, and this is a link",
  );
  assertEquals(notes[5], "4 more links are left out");
});

Deno.test("collectFiles() refuses names that machines would refuse, with what to do", async () => {
  const cases: [path: string, message: string][] = [
    [
      "flyhot.json",
      "Cannot pack flyhot.json: a release keeps its manifest under this name",
    ],
    ["a:b", "Cannot pack a:b: its name cannot be used on every platform"],
    ["a\\b", "Cannot pack a\\b: its name cannot be used on every platform"],
    ["a\nb", "Cannot pack a\nb: its name cannot be used on every platform"],
    ["MAIN.ts", "Cannot pack main.ts: it differs from MAIN.ts only in case"],
    [`${"d".repeat(200)}/x`, "its name is too long for a tar archive"],
  ];
  for (const [path, message] of cases) {
    const error = await assertRejects(
      () => collect({ "main.ts": "", [path]: "" }),
      FlyhotError,
      message,
    );
    assertEquals(error.code, "usage");
    assertEquals(
      error.hint,
      "rename it, or leave it out with .dockerignore or exclude",
    );
    assertEquals(
      (await collect({ "main.ts": "", [path]: "" }, {
        exclude: ["*", "!main.ts"],
      })).paths,
      ["main.ts"],
    );
  }
});

Deno.test("collectFiles() refuses a pattern that cannot be read", async () => {
  for (const options of [{ exclude: ["[a"] }, { include: ["[a"] }]) {
    const error = await assertRejects(
      () => collect({}, options),
      FlyhotError,
      `Cannot read the ignore pattern`,
    );
    assertEquals(error.code, "usage");
  }
});

Deno.test("collectFiles() bounds the number and the size of files", async () => {
  const walk = (entries: readonly [string, number][]) => {
    const host = new SimHost(new Sim({ seed: 1 }));
    host.files.walk = async function* () {
      for (const [path, size] of entries) {
        yield await Promise.resolve({ path, kind: "file", size });
      }
    };
    return collectFiles({ root: "/app" }, host);
  };
  const many = Array.from(
    { length: FILES_MAX },
    (_, i): [string, number] => [`f${i}`, 0],
  );
  assertEquals((await walk(many)).files.size, FILES_MAX);
  await assertRejects(
    () => walk([...many, ["x", 0]]),
    FlyhotError,
    "Cannot pack /app: it has more than 10000 files",
  );
  await assertRejects(
    () => walk([["x", FILE_BYTES_MAX + 1]]),
    FlyhotError,
    "Cannot pack /app: x is larger than 256 MiB",
  );
  await assertRejects(
    () => walk([["a", BYTES_MAX / 2], ["b", BYTES_MAX / 2], ["c", 1]]),
    FlyhotError,
    "Cannot pack /app: it is larger than 512 MiB",
  );
});

Deno.test("collectFiles() leaves git-ignored files out where asked, and says where it cannot", async () => {
  const files = {
    "main.ts": "",
    "dist/app.js": "",
    "sub/x.ts": "",
    "dist/keep.js": "",
  };
  const host = (outcome?: Partial<RunOutcome>) => {
    const host = new SimHost(new Sim({ seed: 1 }), {
      run: (program) =>
        program === "git" && outcome
          ? { code: 0, stdout: "", stderr: "", ...outcome }
          : undefined,
    });
    host.files.put("/app", files);
    return host;
  };
  const options = { root: "/app", gitIgnored: true, include: ["dist/keep.js"] };
  // A submodule is listed by its folder alone.
  const listed = await collectFiles(
    options,
    host({ stdout: "main.ts\0sub\0gone.ts\0" }),
  );
  assertEquals([...listed.files.keys()], [
    "dist/keep.js",
    "main.ts",
    "sub/x.ts",
  ]);
  const noTree = await collectFiles(options, host({ code: 128 }));
  assertEquals(noTree.files.size, 4);
  assertEquals(noTree.notes, [
    "git-ignored files are not left out: /app is not a git tree",
  ]);
  const noGit = await collectFiles(options, host());
  assertEquals(noGit.files.size, 4);
  assertEquals(noGit.notes, [
    "git-ignored files are not left out: there is no git on PATH",
  ]);
});

Deno.test("collectFiles() asks the real git", async () => {
  await withApp({
    ".gitignore": "*.log\n",
    "main.ts": "",
    "x.log": "",
    "ü.ts": "",
  }, async (root) => {
    using host = denoHost();
    await host.run("git", ["init", "-q"], { cwd: root });
    const { files } = await collectFiles({ root, gitIgnored: true }, host);
    assertEquals([...files.keys()], ["main.ts", "ü.ts"]);
  });
});

Deno.test("collectFiles() stops when it is told to", async () => {
  await withApp({ "main.ts": "" }, async (root) => {
    using host = denoHost();
    const reason = new Error("enough");
    await assertRejects(
      () => collectFiles({ root }, host, AbortSignal.abort(reason)),
      Error,
      "enough",
    );
  });
});
