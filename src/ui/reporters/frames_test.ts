import { assertEquals } from "@std/assert";
import { frameWriter } from "./frames.ts";
import { colored, plain } from "../style.ts";

function output(isTerminal: boolean, rows?: number) {
  return {
    text: "",
    isTerminal,
    columns: 30,
    ...(rows === undefined ? {} : { rows }),
    write(text: string): void {
      this.text += text;
    },
  };
}

const LINE = { mark: "✓", tone: "good", text: "a  up to date" } as const;

Deno.test("frameWriter() writes one frame after the other where nobody looks", () => {
  const out = output(false);
  const frames = frameWriter(out, plain);
  frames.show(["first", LINE]);
  frames.show([`second ${"x".repeat(40)}`, { ...LINE, text: "a\x1b[2J\nb" }]);
  assertEquals(
    out.text,
    `first\n✓ a  up to date\n\nsecond ${"x".repeat(40)}\n✓ a b\n`,
  );
});

Deno.test("frameWriter() draws over the frame before on a terminal, and cuts what is too wide", () => {
  const out = output(true);
  const frames = frameWriter(out, colored);
  frames.show(["first", LINE, ""]);
  out.text = "";
  frames.show(["second", { ...LINE, text: "y".repeat(40) }]);
  assertEquals(
    out.text,
    `\x1b[3A\x1b[Jsecond\n\x1b[32m✓\x1b[39m ${"y".repeat(26)}…\n`,
  );
  out.text = "";
  frames.show([]);
  assertEquals(out.text, "\x1b[2A\x1b[J");
});

Deno.test("frameWriter() never draws more lines than the terminal has", () => {
  const out = output(true, 5);
  const frames = frameWriter(out, plain);
  frames.show(["1", "2", "3", "4", "5", "6"]);
  frames.show(["1", "2", "3", "4"]);
  assertEquals(
    out.text,
    "1\n2\n3\nand 3 more lines\n\x1b[4A\x1b[J1\n2\n3\n4\n",
  );
});
