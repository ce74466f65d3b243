import { assertEquals, assertThrows } from "@std/assert";
import { FlyhotError } from "../../errors.ts";
import { parseAppConfig } from "./app_config.ts";

const TEXT = `
app = "my-app"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 30

[build]
dockerfile = "deploy/Dockerfile"
ignorefile = "deploy/ignore"
[build.args]
VERSION = 3

[deploy]
release_command = "deno task migrate"

[env]
A = 1

[processes]
web = "deno run -A web.ts"
worker = "deno run -A worker.ts"

[http_service]
internal_port = 8000
processes = ["web"]
force_https = true
[[http_service.checks]]
path = "/health"
interval = "5s"

[checks.alive]
type = "tcp"
processes = ["worker"]

[[vm]]
memory = "1gb"
processes = ["web"]

[[restart]]
policy = "never"
retries = 3
processes = ["worker"]
`;

Deno.test("parseAppConfig() gives every process group its own part", () => {
  const { groups, ...rest } = parseAppConfig(TEXT, "fly.toml");
  assertEquals(rest, {
    app: "my-app",
    primaryRegion: "fra",
    env: { A: "1" },
    image: null,
    dockerfile: "deploy/Dockerfile",
    ignorefile: "deploy/ignore",
    buildArgs: { VERSION: "3" },
    releaseCommand: "deno task migrate",
  });
  assertEquals(groups.map(({ name, command }) => [name, command]), [
    ["web", "deno run -A web.ts"],
    ["worker", "deno run -A worker.ts"],
  ]);
  const [web, worker] = groups.map(({ config }) => config);
  assertEquals(web?.services?.[0]?.internal_port, 8000);
  assertEquals(web?.services?.[0]?.checks, [
    { type: "http", path: "/health", interval: "5s" },
  ]);
  assertEquals(web?.guest?.memory_mb, 1024);
  assertEquals([web?.restart, web?.checks], [undefined, undefined]);
  assertEquals(web?.stop_config, { signal: "SIGTERM", timeout: "30000ms" });
  assertEquals(worker?.services, []);
  assertEquals(worker?.checks, { alive: { type: "tcp" } });
  assertEquals(worker?.guest?.memory_mb, 256);
  assertEquals(worker?.restart, { policy: "no", max_retries: 3 });
});

Deno.test("parseAppConfig() gives what names no group to the main one", () => {
  const { groups } = parseAppConfig(
    `[processes]\nb = "b"\na = "a"\n[[services]]\ninternal_port = 1\n[[services.tcp_checks]]\ninterval = "1s"\n`,
    "fly.toml",
  );
  assertEquals(
    groups.map(({ name, config }) => [name, config.services?.length]),
    [["b", 0], ["a", 1]],
  );
  assertEquals(groups[1]?.config.services?.[0]?.checks, [
    { type: "tcp", interval: "1s" },
  ]);
});

Deno.test("parseAppConfig() has one group app, when there are no processes", () => {
  const { groups } = parseAppConfig(
    `{"http_service": {"internal_port": 1}, "build": {"image": "x"}}`,
    "fly.json",
  );
  assertEquals(groups.map(({ name, command }) => [name, command]), [
    ["app", null],
  ]);
});

Deno.test("parseAppConfig() refuses what is malformed, naming the file", () => {
  assertThrows(
    () => parseAppConfig("app = ", "x/fly.toml"),
    FlyhotError,
    "Cannot read x/fly.toml",
  );
});
