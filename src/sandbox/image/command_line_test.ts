import { assertEquals, assertThrows } from "@std/assert";
import { mapCommand, splitWords } from "./command_line.ts";

Deno.test("splitWords() splits as a shell does, when words are quoted or escaped", () => {
  const cases: [string, string[]][] = [
    ["", []],
    ["  deno  run -A\tmain.ts ", ["deno", "run", "-A", "main.ts"]],
    [`sh -c 'echo "a b"'`, ["sh", "-c", `echo "a b"`]],
    [`echo "a 'b' \\"c\\" \\n"`, ["echo", `a 'b' "c" \\n`]],
    [`a\\ b ''x ""`, ["a b", "x", ""]],
  ];
  for (const [line, words] of cases) assertEquals(splitWords(line), words);
});

Deno.test("splitWords() refuses a line whose quote is not closed", () => {
  assertThrows(
    () => splitWords(`echo 'a`),
    SyntaxError,
    `Cannot read the command echo 'a: a ' is not closed`,
  );
});

Deno.test("mapCommand() translates paths in the working folder, and nothing else", () => {
  const map = (...command: string[]) => mapCommand(command, "/app", "/m/1");
  assertEquals(map("deno", "run", "-A", "/app/main.ts"), [
    "deno",
    "run",
    "-A",
    "/m/1/main.ts",
  ]);
  assertEquals(map("/app", "/app/", "/apple", "x/app/y", "/opt/app"), [
    "/m/1",
    "/m/1/",
    "/apple",
    "x/app/y",
    "/opt/app",
  ]);
  assertEquals(map("deno", "--config=/app/deno.json", "file:///app/a.ts"), [
    "deno",
    "--config=/m/1/deno.json",
    "file:///m/1/a.ts",
  ]);
  assertEquals(map("deno", "eval", `open("/app/x")`), [
    "deno",
    "eval",
    `open("/app/x")`,
  ]);
});

Deno.test("mapCommand() translates every word of a shell script", () => {
  const script = `cd /app && cat "/app/a" >/app/b; curl localhost/app/ /apps`;
  assertEquals(mapCommand(["/bin/sh", "-ec", script], "/app", "/m/1"), [
    "/bin/sh",
    "-ec",
    `cd /m/1 && cat "/m/1/a" >/m/1/b; curl localhost/app/ /apps`,
  ]);
  assertEquals(mapCommand(["bash", "/app/x.sh"], "/app", "/m/1"), [
    "bash",
    "/m/1/x.sh",
  ]);
});
