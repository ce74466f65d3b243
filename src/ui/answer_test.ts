import { assertEquals } from "@std/assert";
import { AnswerWriter } from "./answer.ts";

Deno.test("AnswerWriter leaves out lines and columns that nobody knows, and no other zeros", () => {
  let out = "";
  const output = {
    isTerminal: false,
    columns: 80,
    write: (text: string) => void (out += text),
  };
  const writer = new AnswerWriter(
    { stdout: output, stderr: output, env: () => undefined },
    true,
  );
  const at = { rule: "files", path: "a.txt" };
  writer.answer({
    text: "",
    json: {
      size: 0,
      line: "0",
      refusals: [
        { ...at, line: 0, column: 0 },
        { ...at, line: 3, column: 0 },
        { ...at, line: 3, column: 7 },
      ],
    },
  });
  assertEquals(JSON.parse(out), {
    size: 0,
    line: "0",
    refusals: [at, { ...at, line: 3 }, { ...at, line: 3, column: 7 }],
  });
});
