import { assertEquals } from "@std/assert";
import { fingerprint, type Pointer } from "@flyhot/runtime/protocol";
import {
  IMAGE,
  info,
  machine,
  NEW,
  OLD,
  pointer,
  runs,
  SHA,
} from "../../tests/cli/status_fixtures.ts";
import type { AskedMachine } from "./judge.ts";
import { statusReport } from "./report.ts";

const verdicts = async (
  asked: readonly AskedMachine[],
  to?: Pointer | null,
) =>
  (await statusReport("my-app", asked, to)).machines.map((it) => [
    it.verdict,
    it.detail,
  ]);

Deno.test("statusReport() compares with the pointer's entry for the machine's own image", async () => {
  const asked = [
    runs("a", info(NEW)),
    runs("b", info(OLD)),
    runs("c", info(null)),
    runs("d", info(null, "registry.fly.io/my-app:deployment-02")),
    runs("e", info(NEW, `${IMAGE}@sha256:${"a".repeat(64)}`)),
  ];
  assertEquals(await verdicts(asked, pointer({})), [
    ["up_to_date", null],
    ["behind", "v0.1.1 is current"],
    ["behind", "v0.1.1 is current"],
    ["base_image", null],
    ["up_to_date", null],
  ]);
});

Deno.test("statusReport() tells a machine that waits for its wave from one that is behind", async () => {
  const asked = [
    runs("a", info(NEW)),
    runs("b", info(OLD)),
    runs("c", info(null)),
  ];
  assertEquals(
    await verdicts(asked, pointer({ state: "probation", wave: ["a", "b"] })),
    [
      ["up_to_date", "on probation"],
      ["behind", "v0.1.1 is current"],
      ["waiting", "v0.1.1 is on probation elsewhere"],
    ],
  );
});

Deno.test("statusReport() knows when the base image is what should run", async () => {
  const asked = [runs("a", info(NEW)), runs("b", info(null))];
  const expected = [
    ["behind", "the base image is current"],
    ["base_image", null],
  ];
  assertEquals(await verdicts(asked, null), expected);
  assertEquals(await verdicts(asked, pointer(null)), expected);
  assertEquals(
    await verdicts(
      asked,
      pointer({
        version: "base",
        key: null,
        tarball_url: null,
        sha256: null,
      }),
    ),
    expected,
  );
});

Deno.test("statusReport() compares machines of one image with each other where there is no pointer", async () => {
  const asked = [
    runs("a", info({ ...OLD, deployedAt: "2026-01-01T00:00:00Z" })),
    runs("b", info({ ...NEW, deployedAt: "2026-01-02T00:00:00Z" })),
    runs("c", info(null)),
    runs("d", info(null, "registry.fly.io/my-app:deployment-02")),
  ];
  assertEquals(await verdicts(asked), [
    ["behind", "others run v0.1.1"],
    ["up_to_date", null],
    ["behind", "others run v0.1.1"],
    ["base_image", null],
  ]);
});

Deno.test("statusReport() names the fingerprint that runs and the one that should", async () => {
  const older = { ...info(OLD), fingerprint: "0".repeat(12) };
  const fingerprints = async (
    asked: readonly AskedMachine[],
    to?: Pointer | null,
  ) =>
    (await statusReport("my-app", asked, to)).machines.map((it) => [
      it.fingerprint,
      it.current_fingerprint,
    ]);
  const wanted = await fingerprint(IMAGE, SHA.new);
  const asked = [runs("a", { ...info(NEW), fingerprint: wanted }), {
    ...runs("b", older),
  }, { machine: machine("c", "stopped"), answer: null }];
  const expected = [[wanted, wanted], ["0".repeat(12), wanted], [null, null]];
  assertEquals(await fingerprints(asked, pointer({})), expected);
  assertEquals(await fingerprints(asked), expected);
  assertEquals(
    await fingerprints([runs("b", older)], pointer(null)),
    [["0".repeat(12), await fingerprint(IMAGE, null)]],
  );
  assertEquals(
    await fingerprints([runs("b", info(null))]),
    [["0123456789ab", "0123456789ab"]],
  );
});

Deno.test("statusReport() tells machines apart that cannot be asked", async () => {
  const silent = (unreachable: boolean) => ({
    machine: machine("x"),
    answer: { problem: "why", unreachable },
  });
  const resting = (state: string) => ({
    machine: machine("x", state),
    answer: null,
  });
  assertEquals(
    await verdicts([
      resting("stopped"),
      resting("suspended"),
      resting("starting"),
      resting("failed"),
      silent(true),
      silent(false),
    ], pointer({})),
    [
      ["applies_at_next_start", null],
      ["applies_at_next_start", null],
      ["starting", null],
      ["unknown", "its state is failed"],
      ["unreachable", "why"],
      ["unknown", "why"],
    ],
  );
});
