import { assertEquals } from "@std/assert";
import {
  changedOptions,
  listenerOptions,
  nodeListenOptions,
} from "./listener_options.ts";

const changed = (
  before: unknown,
  wanted: unknown,
  hosts: readonly [string?, string?] = [],
) =>
  changedOptions(
    listenerOptions(before, hosts[0]),
    listenerOptions(wanted, hosts[1]),
  );

Deno.test("changedOptions() names what a listener cannot change, and nothing that it can", () => {
  assertEquals(changed({}, {}), []);
  assertEquals(changed({ port: 1, onListen: 1 }, { port: 2, signal: 2 }), []);
  assertEquals(changed({ reusePort: false }, {}), []);
  assertEquals(changed({ tcpBacklog: 511 }, { tcpBacklog: undefined }), []);
  assertEquals(changed({}, { reusePort: true }), ["reusePort"]);
  assertEquals(changed({ backlog: 8 }, { backlog: 9 }), ["backlog"]);
  assertEquals(changed({ automaticCompression: true }, {}), [
    "automaticCompression",
  ]);
  assertEquals(
    changed({ alpnProtocols: ["h2"] }, { alpnProtocols: ["h2"] }),
    [],
  );
  assertEquals(
    changed({ alpnProtocols: ["h2"] }, { alpnProtocols: ["http/1.1"] }),
    ["alpnProtocols"],
  );
});

Deno.test("changedOptions() tells certificates by their text, and hosts by their names", () => {
  assertEquals(changed({ cert: "a", key: "b" }, { cert: "a", key: "c" }), [
    "certificate or key",
  ]);
  assertEquals(changed({ cert: "a", key: "b" }, {}), ["certificate or key"]);
  assertEquals(changed({}, {}, ["0.0.0.0", "0.0.0.0"]), []);
  assertEquals(changed({}, {}, ["0.0.0.0", "::"]), ["hostname"]);
});

Deno.test("nodeListenOptions() reads every way to call listen()", () => {
  const asked = (...args: unknown[]) => {
    const options = nodeListenOptions(args);
    return [options.get("hostname"), Number(options.get("backlog"))];
  };
  const done = () => {};
  assertEquals(asked(8000), ["::", 511]);
  assertEquals(asked(8000, done), ["::", 511]);
  assertEquals(asked("8000", "127.0.0.1", 9, done), ["127.0.0.1", 9]);
  assertEquals(asked(8000, 9, done), ["::", 9]);
  assertEquals(asked({ port: 8000, host: "", backlog: 0 }), ["::", 511]);
  assertEquals(asked([{ port: 8000, host: "::1", backlog: 3 }, done]), [
    "::1",
    3,
  ]);
  assertEquals(asked("./app.sock", 4, done), [undefined, 4]);
  assertEquals(asked({ path: "./app.sock" }), [undefined, 511]);
  assertEquals(
    changedOptions(
      nodeListenOptions([{ port: 1, ipv6Only: true }]),
      nodeListenOptions([1, "127.0.0.1"]),
    ),
    ["ipv6Only", "hostname"],
  );
});
