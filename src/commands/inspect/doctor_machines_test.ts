import { assert, assertEquals } from "@std/assert";
import { examine, IMAGE, machine } from "./doctor_fixture_test.ts";

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
