import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkEdges, type Edge, findCycles, roomOf } from "./layers.ts";

/** Edges written as `from > to`. */
function edges(...lines: string[]): Edge[] {
  return lines.map((line) => {
    const [from = "", to = ""] = line.split(" > ");
    return { from, to };
  });
}

Deno.test("roomOf() knows the rooms of the product, and what is not part of it", () => {
  const cases: Record<string, string | undefined> = {
    "cli.ts": "cli",
    "mod.ts": "mod",
    "src/main.ts": "main",
    "src/host_deno.ts": "host_deno",
    "src/errors.ts": "base",
    "src/commands/rollout/hot.ts": "commands",
    "src/sandbox/deep/er.ts": "sandbox",
    "src/rollout/lock/decision.ts": "rollout",
    "runtime/mod.ts": "runtime/mod",
    "runtime/protocol/mod.ts": "runtime/protocol",
    "runtime/upgrade/upgrade.ts": "runtime/upgrade",
    "src/release/pack/pack_test.ts": undefined,
    "tests/sim/clock.ts": undefined,
    "scripts/jsr.ts": undefined,
    "deno.json": undefined,
  };
  for (const [path, room] of Object.entries(cases)) {
    assertEquals(roomOf(path), room, path);
  }
});

Deno.test("checkEdges() allows every arrow of the design", () => {
  assertEquals(
    checkEdges(edges(
      "cli.ts > src/main.ts",
      "cli.ts > src/host_deno.ts",
      "mod.ts > src/rollout/rollout.ts",
      "mod.ts > src/host_deno.ts",
      "src/main.ts > src/commands/rollout/hot.ts",
      "src/main.ts > src/ui/live.ts",
      "src/commands/rollout/hot.ts > src/rollout/rollout.ts",
      "src/commands/rollout/hot.ts > src/release/pack/pack.ts",
      "src/commands/project/sandbox.ts > src/sandbox/mod.ts",
      "src/commands/rollout/hot.ts > src/config/resolve.ts",
      "src/commands/rollout/hot.ts > src/ui/text.ts",
      "src/rollout/rollout.ts > src/release/publish.ts",
      "src/rollout/rollout.ts > src/ui/reporter.ts",
      "src/rollout/rollout.ts > src/fly/machines.ts",
      "src/release/publish.ts > src/http.ts",
      "src/sandbox/fly.ts > src/host_deno.ts",
      "src/fly/machines.ts > src/http.ts",
      "src/http.ts > src/errors.ts",
      "src/ui/text.ts > src/errors.ts",
      "src/release/pack/pack.ts > runtime/protocol/mod.ts",
      "src/config/resolve.ts > runtime/bucket/mod.ts",
      "src/release/graph/graph.ts > runtime/plan/mod.ts",
      "src/commands/rollout/hot.ts > src/status/read.ts",
      "src/doctor/doctor.ts > src/rollout/pointer/pointer.ts",
      "src/commands/project/rehearse.ts > src/rehearse/rehearsal.ts",
      "src/rehearse/rehearsal.ts > runtime/testing/mod.ts",
      "src/version.ts > deno.json",
      "runtime/mod.ts > runtime/protocol/mod.ts",
      "runtime/mod.ts > runtime/api/live.ts",
      "runtime/api/live.ts > runtime/machine/machine.ts",
      "runtime/machine/machine.ts > runtime/upgrade/upgrade.ts",
      "runtime/upgrade/upgrade.ts > runtime/base/waiting/deadline.ts",
      "runtime/process/process.ts > runtime/state/cells/holder_cell.ts",
      "runtime/testing/mod.ts > runtime/protocol/pointer.ts",
      "src/release/a.ts > src/release/b.ts",
    )),
    [],
  );
});

Deno.test("checkEdges() names the rule that an import breaks", () => {
  const cases: Record<string, string> = {
    "src/rollout/a.ts > src/commands/rollout/hot.ts":
      "rollout may import only release,",
    "src/release/a.ts > src/rollout/b.ts": "release may import only fly,",
    "src/sandbox/a.ts > src/release/b.ts": "sandbox may import only fly,",
    "src/fly/a.ts > src/config/b.ts": "fly may import only base, shared",
    "src/http.ts > src/fly/a.ts": "base may import only shared",
    "src/commands/a.ts > src/main.ts": "commands may import only",
    "src/ui/live.ts > src/rollout/a.ts": "ui may import only base, shared",
    "src/rollout/a.ts > src/ui/live.ts": "reports through src/ui/reporter.ts",
    "src/fly/a.ts > src/ui/reporter.ts": "fly may import only",
    "src/main.ts > src/host_deno.ts": "may choose the real host",
    "src/commands/a.ts > src/host_deno.ts": "may choose the real host",
    "src/release/a.ts > runtime/release/unpack/unpack.ts":
      "of the runtime, only",
    "src/commands/a.ts > runtime/testing/mod.ts": "of the runtime, only",
    "src/rehearse/a.ts > runtime/testing/start_app.ts": "of the runtime, only",
    "src/commands/a.ts > runtime/protocol/json/parse.ts":
      "of the runtime, only",
    "src/doctor/a.ts > src/commands/b.ts": "doctor may import only",
    "runtime/state/a.ts > runtime/upgrade/b.ts":
      "runtime/state may import only the rooms below it: base,",
    "runtime/bucket/a.ts > runtime/protocol/b.ts":
      "runtime/bucket may import only the rooms below it: base",
    "runtime/plan/a.ts > runtime/protocol/mod.ts":
      "runtime/protocol/mod.ts is for others",
    "runtime/novel/a.ts > runtime/base/log.ts": "runtime/novel is not a room",
    "cli.ts > runtime/mod.ts": "of the runtime, only",
    "runtime/mod.ts > src/errors.ts": "the runtime is a package of its own",
    "runtime/protocol/mod.ts > mod.ts": "the runtime is a package of its own",
    "src/release/a.ts > tests/sim/clock.ts": "not part of the product",
    "src/release/a.ts > src/release/a_test.ts": "not part of the product",
    "src/novel/a.ts > src/errors.ts": "novel is not a room",
  };
  for (const [line, why] of Object.entries(cases)) {
    const [violation, ...more] = checkEdges(edges(line));
    assertStringIncludes(violation?.why ?? "nothing", why, line);
    assertEquals(more, [], line);
  }
});

Deno.test("checkEdges() lets tests and scripts import what they like", () => {
  assertEquals(
    checkEdges(edges(
      "src/fly/a_test.ts > src/host_deno.ts",
      "tests/sim/fleet.ts > runtime/upgrade/upgrade.ts",
      "scripts/demo.ts > src/sandbox/mod.ts",
    )),
    [],
  );
});

Deno.test("checkEdges() prints the circle", () => {
  assertEquals(
    checkEdges(edges(
      "runtime/c.ts > runtime/a.ts",
      "runtime/a.ts > runtime/b.ts",
      "runtime/b.ts > runtime/c.ts",
      "runtime/mod.ts > runtime/a.ts",
    )),
    [{
      from: "runtime/a.ts",
      to: "runtime/b.ts",
      why:
        "import cycle: runtime/a.ts -> runtime/b.ts -> runtime/c.ts -> runtime/a.ts",
    }],
  );
});

Deno.test("findCycles() names every module that is in a circle, by short circles", () => {
  assertEquals(findCycles(edges("a > b", "b > c", "a > c")), []);
  assertEquals(findCycles(edges("a > a")), [["a"]]);
  assertEquals(
    findCycles(edges("a > b", "b > c", "c > a", "c > b", "x > y", "y > x")),
    [["a", "b", "c"], ["x", "y"]],
  );
  assertEquals(
    findCycles(edges("a > b", "b > c", "c > a", "a > d", "d > a")),
    [["a", "d"], ["b", "c", "a"]],
  );
});
