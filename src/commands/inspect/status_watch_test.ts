import { assert, assertEquals } from "@std/assert";
import { runMain } from "../../../tests/cli/run_main.ts";
import {
  answer,
  FILES,
  leftHalfWay,
  TOKEN,
  watched,
} from "./status_fixture_test.ts";

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
