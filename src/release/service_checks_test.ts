import { assertEquals } from "@std/assert";
import { serviceChecksOf } from "./service_checks.ts";

Deno.test("serviceChecksOf() reads the checks of http_service, services and checks", () => {
  assertEquals(
    serviceChecksOf(`
app = "x"
[http_service]
internal_port = 8000
[[http_service.checks]]
grace_period = "5s"
interval = "10s"
method = "get"
path = "/healthz?deep=1"
timeout = "1m30s"
[http_service.checks.headers]
X-Forwarded-Proto = "https"

[[services]]
internal_port = 9000
[[services.http_checks]]
timeout = 500
headers = [{ name = "A", value = "b" }]
[[services.tcp_checks]]
interval = "1s"

[checks.status]
type = "http"
port = 9100
path = "/s"
[checks.alive]
type = "tcp"
port = 9100
`),
    [
      {
        port: 8000,
        path: "/healthz?deep=1",
        method: "GET",
        headers: { "X-Forwarded-Proto": "https" },
        timeoutMs: 90_000,
      },
      {
        port: 9000,
        path: "/",
        method: "GET",
        headers: { A: "b" },
        timeoutMs: 500,
      },
      { port: 9100, path: "/s", method: "GET", headers: {}, timeoutMs: 2000 },
    ],
  );
});

Deno.test("serviceChecksOf() leaves out what cannot be asked, and says each check once", () => {
  const check = `[[http_service.checks]]\npath = "/a"\n`;
  assertEquals(
    serviceChecksOf(`[http_service]\n${check}${check}
[[http_service.checks]]
protocol = "https"
path = "/tls"
[[http_service.checks]]
path = "relative"
`).map(({ path, port }) => [path, port]),
    [["/a", 8080]],
  );
});

Deno.test("serviceChecksOf() finds none where there is no fly.toml, none in it, or no TOML", () => {
  for (const text of [null, "", "app = 'x'", "services = 3", "= ="]) {
    assertEquals(serviceChecksOf(text), []);
  }
});
