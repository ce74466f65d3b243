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

Deno.test("AnswerWriter breaks long lines in narrow terminals, but for those that are to stay whole", () => {
  const prose = "main.ts:12 rooms: would be lost";
  const diff = '+ import { one, two } from "./three.ts";';
  const answer = {
    text: `${prose}\n${diff}\n${prose}`,
    json: null,
    folds: true,
    whole: [diff],
  };
  const written = (isTerminal: boolean, asJson = false) => {
    let out = "";
    const output = {
      isTerminal,
      columns: 20,
      write: (text: string) => void (out += text),
    };
    new AnswerWriter(
      { stdout: output, stderr: output, env: () => undefined },
      asJson,
    ).answer(answer);
    return out;
  };
  const broken = "main.ts:12 rooms:\n  would be lost";
  assertEquals(written(true), `${broken}\n${diff}\n${broken}\n`);
  assertEquals(written(false), `${answer.text}\n`);
  assertEquals(written(true, true), "null\n");
});
