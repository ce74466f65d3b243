import { assertEquals, assertThrows } from "@std/assert";
import { serveArguments } from "./serve_arguments.ts";

Deno.test("serveArguments() takes port and host from either side of the main module", () => {
  const main = { main: "main.ts", port: 8000, host: "0.0.0.0", args: [] };
  for (
    const [line, wanted] of [
      ["main.ts", main],
      ["main.ts --port 80", { ...main, port: 80 }],
      ["--port=0 main.ts", { ...main, port: 0 }],
      ["--host ::1 main.ts", { ...main, host: "::1" }],
      ["main.ts --host=localhost --port 1", {
        ...main,
        host: "localhost",
        port: 1,
      }],
      ["main.ts a --b c", { ...main, args: ["a", "--b", "c"] }],
      ["main.ts -- --port 9", { ...main, args: ["--port", "9"] }],
      ["./src/main.ts", { ...main, main: "./src/main.ts" }],
    ] as const
  ) assertEquals(serveArguments(line.split(" ")), wanted, line);
});

Deno.test("serveArguments() says what it cannot understand", () => {
  for (
    const [line, why] of [
      ["", "no main module is named"],
      ["--port 80", "no main module is named"],
      ["main.ts --port", "--port needs a value"],
      ["main.ts --port=", "--port needs a value"],
      ["main.ts --port web", '--port is "web"'],
      ["main.ts --port 65536", '--port is "65536"'],
      ["main.ts --port -1", '--port is "-1"'],
      ["--watch main.ts", "there is no option --watch"],
      ["main.ts --parallel", "--parallel starts several processes"],
      ["--parallel main.ts", "--parallel starts several processes"],
    ] as const
  ) {
    const args = line === "" ? [] : line.split(" ");
    assertThrows(() => serveArguments(args), TypeError, why);
  }
});
