import { assert, assertEquals } from "@std/assert";
import { freePort, freePorts } from "./free_port.ts";

const CLAIMS = `
import { freePort } from ${
  JSON.stringify(new URL("./free_port.ts", import.meta.url).href)
};
console.log(JSON.stringify(Array.from({ length: 40 }, freePort)));`;

Deno.test("no two processes are given the same port, though nobody listens on any of them", async () => {
  const all = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", "--ext=ts", CLAIMS],
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout)) as number[];
    }),
  );
  const ports = all.flat();
  assertEquals(ports.length, 160);
  assertEquals(new Set(ports).size, 160);
  // Below what Linux and macOS give to outgoing connections.
  assert(ports.every((port) => port >= 10_000 && port < 32_768));
});

Deno.test("a port that somebody listens on is passed over", () => {
  const first = freePort();
  using _listener = Deno.listen({ port: first + 1, hostname: "0.0.0.0" });
  const others = Array.from({ length: 5 }, freePort);
  assert(!others.includes(first + 1));
});

Deno.test("freePorts() gives each name one of its own", () => {
  const { main, other } = freePorts(["main", "other", "main"]);
  assert(main !== other);
});
