/**
 * Four machines, one of each standing, and the pointer that they are compared with.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type FakeHost,
  fakeHost,
  type FakeHostOptions,
} from "../../../tests/cli/fake_host.ts";

/** The image of the machines. */
export const IMAGE =
  "registry.fly.io/my-app:deployment-01K95HV55T5DX0HMS85SABZPRX";

const METADATA = {
  fly_platform_version: "v2",
  fly_process_group: "app",
};

const SHA = "2".repeat(64);

const machine = (
  id: string,
  state: string,
  metadata: unknown = METADATA,
) => ({
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

/** The upgrade that is current. */
export const UPGRADE = {
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

/** What the machines should run. */
export const POINTER = {
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

/** The folder in which the command runs. */
export const FILES = { "fly.toml": 'app = "my-app"\n' };

/** A token for Fly. */
export const TOKEN = { FLY_API_TOKEN: "FlyV1 fm2_a" };

/** How to reach the bucket. */
export const BUCKET = {
  BUCKET_NAME: "releases",
  AWS_ENDPOINT_URL_S3: "https://s3.example",
  AWS_ACCESS_KEY_ID: "k",
  AWS_SECRET_ACCESS_KEY: "s",
};

/** A fleet of one machine up to date, one on the base image, one without a runtime, one stopped, one release command. */
export async function answer(request: Request): Promise<Response | undefined> {
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

/** Answers where every machine runs what it should or rests. */
export const ALL_WELL = (request: Request) =>
  request.url.endsWith("/machines")
    ? Response.json([machine("a", "started"), machine("d", "stopped")])
    : answer(request);

/** What the bucket says the time is. */
const NOW = "Thu, 15 Jan 2026 10:30:00 GMT";

/** A rollout was left between its waves; who has the lock is up to the test. */
export function leftHalfWay(lock: Record<string, unknown> | null) {
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

/** Interrupts after so many answers to the question for machines. */
export function watched(
  rounds: number,
  options: FakeHostOptions = {},
): FakeHost {
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
