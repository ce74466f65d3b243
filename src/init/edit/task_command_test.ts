import { assertEquals } from "@std/assert";
import { PRELOAD, SERVE } from "../../config/files/start_command.ts";
import { taskCommand } from "./task_command.ts";

function commandOf(tasks: Record<string, string>, entry = "main.ts") {
  const found = taskCommand(entry, (name) => tasks[name] ?? "");
  return found && [found.name, found.words.join(" "), found.envFile];
}

Deno.test("taskCommand() keeps what the module is given, and what Deno is told besides permissions", () => {
  assertEquals(
    commandOf({
      start:
        "deno run --unstable-kv --allow-net=:80 --env --watch -c conf.json ./main.ts start --port 80",
    }),
    [
      "start",
      `deno run -A --unstable-kv -c conf.json --preload ${PRELOAD} main.ts start --port 80`,
      ".env",
    ],
  );
  assertEquals(
    commandOf({ dev: "deno run -RWN --env-file=.env.local -r main.ts" }),
    ["dev", `deno run -A --preload ${PRELOAD} main.ts`, ".env.local"],
  );
  assertEquals(
    commandOf({ start: "NODE_ENV=production deno main.ts" }),
    [
      "start",
      `NODE_ENV=production deno run -A --preload ${PRELOAD} main.ts`,
      null,
    ],
  );
  assertEquals(
    commandOf({ start: "deno serve --port 80 -A --quiet main.ts" }),
    ["start", `deno run -A --quiet ${SERVE} main.ts --port 80`, null],
  );
});

Deno.test("taskCommand() passes over tasks that start something else, or more than one thing", () => {
  assertEquals(
    commandOf({
      start: "deno task build && deno run -A main.ts",
      serve: "deno run -A other.ts",
      dev: "deno run -A --watch main.ts dev",
    }),
    ["dev", `deno run -A --preload ${PRELOAD} main.ts dev`, null],
  );
  assertEquals(commandOf({ test: "deno run -A main.ts" }), null);
});
