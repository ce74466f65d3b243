import { putJson } from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type Pointer,
  pointerKey,
  pointerRecord,
} from "@flyhot/runtime/protocol";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startObjectServer } from "../../runtime/testing/releases/object_server.ts";
import { realHost } from "../../tests/cli/real_host.ts";
import { newRepository } from "../../tests/support/repository.ts";
import { FlyhotError } from "../errors.ts";
import { commitIn, runningVersion } from "./from_fleet.ts";
import { Repository } from "./versions.ts";

const upgrade = (
  commit: string | undefined,
  state: HotUpgrade["state"] = "committed",
): HotUpgrade => ({
  id: "1",
  version: "1.0.0",
  source_image_ref: "registry.fly.io/a:1",
  key: null,
  tarball_url: null,
  sha256: null,
  size: 0,
  deployed_at: "2026-01-15T10:30:00Z",
  deployed_by: "t",
  state,
  wave: "*",
  ...(commit === undefined ? {} : { commit }),
});

const pointer = (...upgrades: (HotUpgrade | null)[]): Pointer => ({
  protocol: 1,
  app: "a",
  revision: 1,
  set_at: "2026-01-15T10:30:00Z",
  image_ref: "registry.fly.io/a:1",
  hot_upgrade: null,
  generations: Object.fromEntries(upgrades.map((hot_upgrade, at) => [
    `registry.fly.io/a:${at}`,
    {
      image_ref: `registry.fly.io/a:${at}`,
      first_seen: `2026-01-15T10:3${at}:00Z`,
      hot_upgrade,
      history: [],
    },
  ])),
});

Deno.test("commitIn() takes the commit of the newest generation's committed upgrade", () => {
  assertEquals(commitIn(null), null);
  assertEquals(commitIn(pointer()), null);
  assertEquals(commitIn(pointer(upgrade("a"), upgrade("b"))), "b");
  // An image that was deployed cold since then does not say what is in it.
  assertEquals(commitIn(pointer(upgrade("a"), null)), null);
  assertEquals(commitIn(pointer(upgrade("a", "probation"))), null);
  assertEquals(commitIn(pointer(upgrade(undefined))), null);
});

Deno.test("runningVersion() is what the fleet runs, else the last tag", async () => {
  await using repository = await newRepository({ "main.ts": "one" });
  await repository.commit({ "main.ts": "two" });
  const [head, first] = (await repository.git("log", "--format=%H")).trim()
    .split("\n");
  await using server = startObjectServer();
  const env = {
    FLY_APP_NAME: "a",
    BUCKET_NAME: server.bucketName,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
  const find = async (variables: Record<string, string>) => {
    using host = realHost(repository.path, variables);
    const { signal } = new AbortController();
    const notes: string[] = [];
    const versions = new Repository(host, signal);
    const note = (text: string) => void notes.push(text);
    const version = await runningVersion(versions, host, note, signal);
    return { ...version, notes };
  };
  const runs = async (commit: string) => {
    const record = pointerRecord(pointer(upgrade(commit)), "0".repeat(26));
    await putJson(server.bucket, pointerKey("a"), record, "always");
  };
  await assertRejects(
    () => find(env),
    FlyhotError,
    "the fleet does not say which commit it runs, and there is no tag",
  );

  await runs(first!);
  assertEquals(await find(env), {
    id: first!,
    name: `${first!.slice(0, 9)} (what the fleet runs)`,
    notes: [],
  });

  await repository.git("tag", "v2");
  // Nothing here leads to the fleet.
  assertEquals(await find({}), { id: head!, name: "v2", notes: [] });
  await runs("0".repeat(40));
  const elsewhere = await find(env);
  assertEquals([elsewhere.name, elsewhere.notes], [
    "v2",
    [`The fleet runs ${"0".repeat(40)}, which is not in this repository.`],
  ]);
  const away = await find({
    ...env,
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9",
  });
  assertEquals(away.name, "v2");
  assertStringIncludes(away.notes[0]!, "What the fleet runs is not known: ");
});
