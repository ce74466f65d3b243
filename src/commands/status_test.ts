import { assert, assertEquals } from "@std/assert";
import {
  type FakeHost,
  fakeHost,
  type FakeHostOptions,
} from "../../tests/cli/fake_host.ts";
import { runMain } from "../../tests/cli/run_main.ts";
import { status } from "../status/read.ts";

const IMAGE = "registry.fly.io/my-app:deployment-01K95HV55T5DX0HMS85SABZPRX";
const METADATA = { fly_platform_version: "v2", fly_process_group: "app" };
const SHA = "2".repeat(64);

const machine = (id: string, state: string, metadata: unknown = METADATA) => ({
  id,
  name: id,
  state,
  region: "iad",
  instance_id: "01",
  config: { image: IMAGE, metadata },
});

const INFO = {
  hotUpgradeApplied: true,
  currentImageRef: IMAGE,
  fingerprint: "0123456789ab",
  upgrades: 1,
  retainedModules: 0,
  retainedBytes: 0,
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  lastUpgradeId: "01K9",
  id: "01K9",
  version: "0.1.1",
  sourceImageRef: "registry.fly.io/my-app:deployment-01K95ABC123",
  deployedAt: "2026-01-15T10:30:00Z",
  appliedAt: "2026-01-15T10:30:05Z",
  sha256: SHA,
};

const UPGRADE = {
  id: "01K9",
  version: "0.1.1",
  source_image_ref: INFO.sourceImageRef,
  key: "releases/x.tar.gz",
  tarball_url: "https://s3.example/releases/x",
  sha256: SHA,
  size: 1,
  deployed_at: INFO.deployedAt,
  deployed_by: "you",
  state: "committed",
  wave: "*",
};
const POINTER = {
  protocol: 1,
  app: "my-app",
  revision: 7,
  set_at: INFO.deployedAt,
  image_ref: IMAGE,
  hot_upgrade: UPGRADE,
  generations: {
    [IMAGE]: {
      image_ref: IMAGE,
      first_seen: INFO.startedAt,
      hot_upgrade: UPGRADE,
      history: [],
    },
  },
};

const FILES = { "fly.toml": 'app = "my-app"\n' };
const TOKEN = { FLY_API_TOKEN: "FlyV1 fm2_a" };
const BUCKET = {
  BUCKET_NAME: "releases",
  AWS_ENDPOINT_URL_S3: "https://s3.example",
  AWS_ACCESS_KEY_ID: "k",
  AWS_SECRET_ACCESS_KEY: "s",
};

/** A fleet of one machine up to date, one on the base image, one without a runtime, one stopped, one release command. */
async function answer(request: Request): Promise<Response | undefined> {
  const { host, pathname } = new URL(request.url);
  if (host === "s3.example") {
    if (pathname.startsWith("/releases/releases/my-app-results/")) {
      return new Response(null, { status: 404 });
    }
    assertEquals(pathname, "/releases/releases/my-app-current.json");
    return Response.json(POINTER, { headers: { etag: '"1"' } });
  }
  if (host !== "api.machines.dev") return undefined;
  if (pathname === "/v1/apps/my-app/machines") {
    return Response.json([
      machine("a", "started"),
      machine("b", "started"),
      machine("c", "started"),
      machine("d", "stopped"),
      machine("e", "started", {
        ...METADATA,
        fly_process_group: "fly_app_release_command",
      }),
    ]);
  }
  const id = pathname.split("/").at(-2);
  assert(pathname.endsWith("/exec"));
  await request.body?.cancel();
  if (id === "a") return Response.json({ stdout: JSON.stringify(INFO) });
  if (id === "b") {
    return Response.json({
      stdout: JSON.stringify({ ...INFO, hotUpgradeApplied: false }),
    });
  }
  return Response.json({ exit_code: 71, stderr: "nobody listens at /tmp/x" });
}

Deno.test("flyhot status shows every app machine, compared with the pointer", async () => {
  const { code, out, err } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: answer,
  });
  assertEquals(code, 7);
  assertEquals(
    out,
    `==> Deployment Status

Machine: a (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: v0.1.1 (from deployment-01K95ABC123)
  Fingerprint: 0123456789ab
  Status: ✓ Up to date

Machine: b (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: None
  Fingerprint: 0123456789ab
  Status: ✗ Behind: v0.1.1 is current

Machine: c (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: ? Unknown: Cannot ask machine c what it runs: no flyhot runtime answers there, nobody listens at /tmp/x

Machine: d (iad) [stopped]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: - Stopped: applies at next start

If b stays so: fly machine restart b
If c stays so: fly logs --machine c
`,
  );
  assertEquals(err, "… Ask machines  4\n✓ Ask machines  0 ms\n");
});

Deno.test("flyhot status works with a Fly token alone, and says in JSON what was compared", async () => {
  const { code, out } = await runMain(["status", "--json"], {
    files: FILES,
    env: TOKEN,
    fetch: answer,
  });
  assertEquals(code, 7);
  const report = JSON.parse(out);
  assertEquals(
    [report.app, report.compared_with, report.pointer_revision],
    ["my-app", "each other", null],
  );
  assertEquals(
    report.machines.map((it: Record<string, unknown>) => [it.id, it.verdict]),
    [
      ["a", "up_to_date"],
      ["b", "behind"],
      ["c", "unknown"],
      ["d", "applies_at_next_start"],
    ],
  );
  assertEquals(report.machines[0].hot_upgrade.version, "0.1.1");
});

Deno.test("flyhot status warns and goes on when the bucket cannot be read", async () => {
  const { code, out, err } = await runMain(["status", "--json"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: (request) =>
      request.url.startsWith("https://s3.example/")
        ? new Response("<Error><Code>AccessDenied</Code></Error>", {
          status: 403,
        })
        : answer(request),
  });
  assertEquals(code, 7);
  assertEquals(JSON.parse(out).compared_with, "each other");
  assert(
    err.includes(
      "! Comparing the machines with each other only. Cannot read https://s3.example/releases/releases/my-app-current.json: the server answered 403 AccessDenied",
    ),
    err,
  );
});

const ALL_WELL = (request: Request) =>
  request.url.endsWith("/machines")
    ? Response.json([machine("a", "started"), machine("d", "stopped")])
    : answer(request);

Deno.test("flyhot status exits with 0 where every machine runs what it should or rests", async () => {
  const { code, out } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: ALL_WELL,
  });
  assertEquals(code, 0, out);
});

Deno.test("flyhot status says what a machine has said of the release that it does not run, and what mends that", async () => {
  const said = (state: string, message: string, phase = "load") => ({
    protocol: 1,
    upgrade_id: UPGRADE.id,
    machine_id: "b",
    region: "iad",
    image_ref: IMAGE,
    state,
    version: "0.1.1",
    started_at: "2026-01-15T10:30:00Z",
    ended_at: state === "pending" ? null : "2026-01-15T10:30:01Z",
    fingerprint: "0123456789ab",
    reloaded: [],
    modules: 0,
    holders: [],
    suspend_ms: null,
    total_ms: 1,
    at_boot: true,
    failure: { phase, message, end: "abort", transient: state === "pending" },
  });
  for (
    const [word, status, remedy] of [
      [
        said(
          "failed",
          "Cannot run 0.1.1: it is ended on this machine until the next rollout",
        ),
        "✗ Behind: v0.1.1 failed there in load: Cannot run 0.1.1: it is ended on this machine until the next rollout",
        "flyhot rollback",
      ],
      [
        said("rolled_back", "the page is empty", "probation"),
        "✗ Behind: v0.1.1 failed there in probation: the page is empty",
        "flyhot rollback",
      ],
      [
        said("pending", "Cannot download it: no answer", "fetch"),
        "✗ Behind: v0.1.1 is current, and tried again there: Cannot download it: no answer",
        "fly logs --machine b",
      ],
      // Words that nobody can read, or that are none, change nothing.
      [
        { ...said("failed", "x"), state: "odd" },
        "✗ Behind: v0.1.1 is current",
        "fly machine restart b",
      ],
      [null, "✗ Behind: v0.1.1 is current", "fly machine restart b"],
    ] as const
  ) {
    const { code, out } = await runMain(["status"], {
      files: FILES,
      env: { ...TOKEN, ...BUCKET },
      fetch: (request) =>
        word && request.url.endsWith("-results/01K9/b.json")
          ? Response.json(word, { headers: { etag: '"9"' } })
          : answer(request),
    });
    assertEquals(code, 7);
    assert(out.includes(`Status: ${status}\n`), out);
    assert(out.includes(`If b stays so: ${remedy}\n`), out);
  }
});

Deno.test("flyhot status says that an entry of the pointer cannot be read, where it is set aside, and what mends that", async () => {
  const spoiled = { ...POINTER, generations: { [IMAGE]: 7 } };
  const { code, out, err } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: (request) =>
      request.url.endsWith("-current.json")
        ? Response.json(spoiled, { headers: { etag: '"1"' } })
        : answer(request),
  });
  assertEquals(code, 7);
  for (const id of ["a", "b"]) {
    assert(out.includes(`If ${id} stays so: flyhot rollback\n`), out);
  }
  assert(
    out.includes(
      "Status: ? Unknown: the pointer's entry of its image cannot be read\n",
    ),
    out,
  );
  assert(err.includes("the entry is set aside"), err);
});

/** What the bucket says the time is. */
const NOW = "Thu, 15 Jan 2026 10:30:00 GMT";

/** A rollout was left between its waves; who has the lock is up to the test. */
function leftHalfWay(lock: Record<string, unknown> | null) {
  const upgrade = { ...UPGRADE, state: "probation", wave: ["a"] };
  const pointer = {
    ...POINTER,
    hot_upgrade: upgrade,
    generations: {
      [IMAGE]: { ...POINTER.generations[IMAGE], hot_upgrade: upgrade },
    },
  };
  return (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("-current.json")) {
      return Response.json(pointer, { headers: { etag: '"1"' } });
    }
    if (pathname.endsWith("-deploy.lock")) {
      return lock
        ? Response.json(lock, { headers: { etag: '"2"', date: NOW } })
        : new Response(null, { status: 404, headers: { date: NOW } });
    }
    return ALL_WELL(request);
  };
}

const LOCK = {
  protocol: 1,
  state: "held",
  owner: "01K9",
  holder: "ann",
  purpose: "deploy 0.1.1",
  acquired_at: "2026-01-15T10:00:00Z",
  renewed_at: "2026-01-15T10:00:00Z",
  expires_at: "2026-01-15T10:05:00Z",
};

Deno.test("flyhot status names a probation that nobody watches any more, and what settles it", async () => {
  for (const lock of [LOCK, { ...LOCK, state: "released" }, null]) {
    const { code, out } = await runMain(["status"], {
      files: FILES,
      env: { ...TOKEN, ...BUCKET },
      fetch: leftHalfWay(lock),
    });
    assertEquals(code, 7, out);
    assert(
      out.includes(
        "✗ v0.1.1 was left on probation by you on a (upgrade 01K9): settle it with: flyhot rollback",
      ),
      out,
    );
  }
  const watched = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: leftHalfWay({ ...LOCK, expires_at: "2026-01-15T10:40:00Z" }),
  });
  assertEquals(watched.code, 0, watched.out);
});

Deno.test("flyhot doctor names a probation that nobody watches any more, and fails", async () => {
  const { code, out } = await runMain(["doctor", "--json"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    run: (_program: string, args: readonly string[]) => ({
      stdout: args[0] === "version" ? "fly v0.3.200\n" : "ann@example.com\n",
    }),
    fetch: leftHalfWay(LOCK),
  });
  const report = JSON.parse(out);
  const found = report.checks.find((it: Record<string, unknown>) =>
    it.check === "probation"
  );
  assertEquals([found?.verdict, found?.remedy], [
    "fail",
    "settle it with: flyhot rollback",
  ]);
  assert(code !== 0);
});

Deno.test("flyhot status says of a machine that answers nobody that it serves nobody, and exits with 7", async () => {
  const { code, out } = await runMain(["status"], {
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    fetch: (request) =>
      request.url.endsWith("/exec")
        ? Response.json({ exit_code: 73, stderr: "it did not answer" })
        : ALL_WELL(request),
  });
  assertEquals(code, 7);
  assert(
    out.includes(
      "Status: ✗ Serves nobody: restart it with: fly machine restart a",
    ),
    out,
  );
});

/** Interrupts after so many answers to the question for machines. */
function watched(rounds: number, options: FakeHostOptions = {}): FakeHost {
  let lists = 0;
  const host: FakeHost = fakeHost({
    files: FILES,
    env: { ...TOKEN, ...BUCKET },
    ...options,
    async fetch(request) {
      if (request.url.endsWith("/machines") && ++lists > rounds) {
        host.interrupt();
        request.signal.throwIfAborted();
      }
      return await (options.fetch ?? answer)(request);
    },
  });
  return host;
}

const FRAME = `my-app: 1 of 4 run what they should (revision 7)
10:30:00 UTC, every 2 s, Ctrl-C ends

✓ a  iad  v0.1.1      0123456789ab  Up to date
✗ b  iad  base image  0123456789ab  Behind: v0.1.1 is current
? c  iad                            Unknown: Cannot ask machine c what it runs: no flyhot runtime answers there, nobody listens at /tmp/x
- d  iad                            Stopped: applies at next start
→ If b stays so: fly machine restart b
→ If c stays so: fly logs --machine c
`;

Deno.test("flyhot status --watch shows one table after the other, and ends well on Ctrl-C", async () => {
  const { code, out, err, host } = await runMain(
    ["status", "--watch", "2"],
    watched(2),
  );
  assertEquals([code, err], [0, ""]);
  assertEquals(out, `${FRAME}\n${FRAME.replace("10:30:00", "10:30:02")}`);
  assertEquals(host.slept(), 4000);
});

Deno.test("F8: flyhot status --watch names a probation that nobody watches any more, and what settles it", async () => {
  const { code, out } = await runMain(
    ["status", "--watch", "2"],
    watched(1, { fetch: leftHalfWay(null) }),
  );
  assertEquals(code, 0);
  assert(
    out.includes(
      "✗ v0.1.1 was left on probation by you on a (upgrade 01K9): settle it with: flyhot rollback\n",
    ),
    out,
  );
});

Deno.test("flyhot status --watch draws in place on a terminal", async () => {
  const { code, out } = await runMain(
    ["status", "-w"],
    watched(2, { screenRows: 24, env: { ...TOKEN, NO_COLOR: "1" } }),
  );
  assertEquals(code, 0);
  const frames = out.split("\x1b[8A\x1b[J");
  assertEquals(frames.length, 2, out);
  assert(frames.every((it) => it.includes(", every 5 s,")), out);
  assert(frames.every((it) => it.split("\n").every((l) => l.length < 80)), out);
});

Deno.test("flyhot status --watch lives through a network that is down for a moment", async () => {
  let lists = 0;
  const { code, out } = await runMain(
    ["status", "--watch"],
    watched(7, {
      env: TOKEN,
      fetch(request) {
        if (!request.url.endsWith("/machines")) return answer(request);
        // Four attempts make one look.
        if (++lists > 1 && lists < 6) throw new TypeError("no route");
        return answer(request);
      },
    }),
  );
  assertEquals(code, 0);
  const warned = out.split("\n\nmy-app").map((it) =>
    /^! (.*)$/m.exec(it)?.[1] ?? null
  );
  assertEquals(warned, [
    null,
    "Cannot list the machines of my-app: the Machines API at api.machines.dev cannot be reached (no route)",
    null,
    null,
  ]);
});

Deno.test("flyhot status --watch ends with the error of its first look, and with any that stays", async () => {
  const first = await runMain(["status", "--watch"], {
    files: FILES,
    env: TOKEN,
    fetch: () => Response.json({ error: "nope" }, { status: 404 }),
  });
  assertEquals([first.code, first.out], [4, ""]);
  let lists = 0;
  const later = await runMain(["status", "--watch"], {
    files: FILES,
    env: TOKEN,
    fetch: (request) =>
      request.url.endsWith("/machines") && ++lists > 1
        ? Response.json({ error: "revoked" }, { status: 401 })
        : answer(request),
  });
  assertEquals(later.code, 3);
  assert(later.out.startsWith("my-app: 1 of 4 run"), later.out);
});

Deno.test("flyhot status refuses --watch with --json, and says what to do instead", async () => {
  const { code, out } = await runMain(["status", "--watch", "--json"]);
  assertEquals(code, 2);
  assertEquals(JSON.parse(out).error, {
    code: "usage",
    message:
      "Cannot combine --watch with --json: --json answers with exactly one value",
    hint: "ask again yourself: while sleep 5; do flyhot status --json; done",
    exit_code: 2,
  });
});

Deno.test("status() answers the library as the command answers people", async () => {
  const host = fakeHost({ env: { ...TOKEN, ...BUCKET }, fetch: answer });
  const report = await status({ app: "my-app" }, { host });
  assertEquals(
    report.machines.map(({ verdict }) => verdict),
    ["up_to_date", "behind", "unknown", "applies_at_next_start"],
  );
  assertEquals([host.out(), host.err()], ["", ""]);
});
