import { assertEquals, assertRejects } from "@std/assert";
import { fakeFiles, fakeHost } from "../../tests/cli/fake_host.ts";
import { FlyhotError } from "../errors.ts";
import type { RolloutReport } from "../rollout/report.ts";
import {
  endLine,
  eventFilePath,
  EventFileWriter,
  parseEventLine,
} from "./events_file.ts";

const REPORT: RolloutReport = {
  app: "my-app",
  outcome: "committed",
  summary: "Upgraded my-app",
  upgrade_id: "01K9",
  version: "1.2.3",
  source_image_ref: "x",
  image_ref: "y",
  sha256: null,
  size: null,
  plan: null,
  machines: [],
  total_ms: 1,
};

Deno.test("eventFilePath() follows FLYHOT_EVENTS, then TMPDIR, then /tmp", () => {
  const path = (env: Record<string, string>) =>
    eventFilePath((name) => env[name]);
  assertEquals(path({}), "/tmp/flyhot-events.jsonl");
  assertEquals(path({ TMPDIR: "/run/x/" }), "/run/x/flyhot-events.jsonl");
  assertEquals(path({ FLYHOT_EVENTS: "/e", TMPDIR: "/t" }), "/e");
});

Deno.test("EventFileWriter starts over and keeps the order of lines", async () => {
  const host = fakeHost({ files: { "/tmp/e": "old\n" } });
  const writer = new EventFileWriter(host, "/tmp/e");
  for (let i = 0; i < 5; i++) writer.append(`${i}\n`);
  await writer.flush();
  assertEquals(await host.files.readText("/tmp/e"), "0\n1\n2\n3\n4\n");
});

Deno.test("EventFileWriter.flush() tells when a line could not be written", async () => {
  const files = {
    ...fakeFiles({}),
    append: () => Promise.reject(new Error("disk full")),
  };
  const writer = new EventFileWriter({ files }, "/tmp/e");
  writer.append("x\n");
  const error = await assertRejects(() => writer.flush(), Error);
  assertEquals(error.message, "disk full");
});

Deno.test("parseEventLine() reads what endLine() writes", () => {
  assertEquals(parseEventLine(endLine(0, { report: REPORT })), {
    kind: "end",
    end: { exitCode: 0, report: REPORT, error: null },
  });
  const error = new FlyhotError("conflict", "Cannot lock");
  assertEquals(parseEventLine(endLine(5, { error })), {
    kind: "end",
    end: {
      exitCode: 5,
      report: null,
      error: { code: "conflict", message: "Cannot lock", hint: null },
    },
  });
});

Deno.test("parseEventLine() passes over what it does not know", () => {
  for (
    const line of [
      "",
      "null",
      "[]",
      "{",
      '{"type":"later"}',
      '{"type":"end"}',
      '{"type":"end","exit_code":0}',
    ]
  ) {
    assertEquals(parseEventLine(line), null, line);
  }
});
