import { assertEquals } from "@std/assert";
import { consoleLogger } from "./log.ts";

/** What the logger writes, by stream. */
function written(format: "text" | "json", messages: readonly string[]) {
  const real = { ...console };
  const stderr: unknown[][] = [];
  const stdout: unknown[][] = [];
  const toStderr = (...args: unknown[]) => void stderr.push(args);
  const toStdout = (...args: unknown[]) => void stdout.push(args);
  Object.assign(console, {
    error: toStderr,
    warn: toStderr,
    log: toStdout,
    info: toStdout,
    debug: toStdout,
  });
  try {
    const logger = consoleLogger(format);
    for (const message of messages) {
      logger.info(message);
      logger.warn(message);
      logger.error(message);
    }
  } finally {
    Object.assign(console, real);
  }
  return { stderr, stdout };
}

Deno.test("consoleLogger() writes text to standard error alone, one call a message", () => {
  const { stderr, stdout } = written("text", ["it is in"]);
  const line = ["flyhot: it is in"];
  assertEquals(stderr, [line, line, line]);
  assertEquals(stdout, []);
});

Deno.test("consoleLogger() writes one JSON object a line, whatever the message holds", () => {
  const message = 'it "failed":\n\tline two %s %o';
  const { stderr, stdout } = written("json", [message]);
  assertEquals(stdout, []);
  const levels = stderr.map((args) => {
    assertEquals(args.length, 1);
    const line = String(args[0]);
    assertEquals(line.includes("\n"), false);
    const { time, level, source, message: said, ...rest } = JSON.parse(line);
    assertEquals(new Date(time).toISOString(), time);
    assertEquals(source, "flyhot");
    assertEquals(said, message);
    assertEquals(rest, {});
    return level;
  });
  assertEquals(levels, ["info", "warn", "error"]);
});

Deno.test("consoleLogger() writes a message with format characters as it is", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { consoleLogger } from ${
        JSON.stringify(new URL("./log.ts", import.meta.url).href)
      };
      consoleLogger("text").info("50%s %d%% %o %c done");
      consoleLogger("json").info("50%s");`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0);
  const [text, json] = new TextDecoder().decode(stderr).split("\n");
  assertEquals(text, "flyhot: 50%s %d%% %o %c done");
  assertEquals(JSON.parse(json!).message, "50%s");
});
