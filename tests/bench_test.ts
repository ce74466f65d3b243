// What the runner decides by itself; the benches are too slow for CI.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readRequest } from "./bench.ts";
import { BENCHES } from "./bench/benches.ts";
import { type Figure, isMet, numberText } from "./bench/figure.ts";
import { median, quantile } from "./bench/measuring.ts";
import { tableJson, tableText, verdictText } from "./bench/table.ts";

const FIGURES: readonly Figure[] = [
  { name: "fast", value: 1.234, unit: "ms", goal: { atMost: 2 } },
  { name: "slow", value: 2_345, unit: "ms", goal: { atMost: 2 } },
  { name: "enough", value: 0.97, unit: "x", goal: { atLeast: 0.97 } },
  { name: "shown", value: 12, unit: "KB", note: "beside 13 KB" },
  { name: "left", value: null, unit: "ms", note: "skipped: no elixir" },
];

Deno.test("readRequest(): some benches in their own order, or all, and sentences for the rest", () => {
  const all = Object.keys(BENCHES);
  const request = readRequest(["suspension", "reload", "--json"]);
  assertEquals(request, {
    names: ["reload", "suspension"],
    json: true,
    tiny: false,
    seconds: 60,
  });
  const whole = readRequest(["--seconds", "8", "--tiny"]);
  assertEquals(whole, {
    names: all as never,
    json: false,
    tiny: true,
    seconds: 8,
  });
  for (
    const [args, sentence] of [
      [["relaod"], `Cannot measure relaod; there are ${all.join(", ")}`],
      [["toString"], "Cannot measure toString"],
      [["--sceonds", "8"], "Cannot read --sceonds"],
      [["--seconds", "soon"], "Cannot read --seconds soon"],
      [["--seconds=0"], "Cannot read --seconds 0"],
    ] as const
  ) {
    assertStringIncludes(String(readRequest(args)), sentence);
  }
});

Deno.test("the table says of each figure whether its goal is met, and of what was left out why", () => {
  assertEquals(FIGURES.map(isMet), [true, false, true, null, null]);
  const measured = [
    { bench: "some", figures: FIGURES, seconds: 1.23 },
    { bench: "none", figures: [], seconds: 0, error: "no room\nat x" },
  ];
  const rows = tableText(measured).split("\n").map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
  assertEquals(rows.slice(2), [
    ["some", "fast", "1.23", "ms", "<= 2", "met", ""],
    ["some", "slow", "2,345", "ms", "<= 2", "MISSED", ""],
    ["some", "enough", "0.97", "x", ">= 0.97", "met", ""],
    ["some", "shown", "12", "KB", "", "", "beside 13 KB"],
    ["some", "left", "-", "ms", "", "", "skipped: no elixir"],
    ["none", "ended early", "-", "", "", "FAILED", "no room"],
  ]);
  assertEquals(
    verdictText(measured),
    "4 figures, 2 of 3 goals met, 1 not measured, 1 benches ended early",
  );
  const [some, none] = tableJson(measured) as {
    seconds: number;
    figures: { met: boolean | null }[];
    error?: string;
  }[];
  assertEquals(some!.figures.map(({ met }) => met), FIGURES.map(isMet));
  assertEquals([some!.seconds, none!.error], [1.2, "no room\nat x"]);
});

Deno.test("numbers are shown with as many digits as they are worth", () => {
  assertEquals(
    [null, 0, 0.12345, 1.04, 23.456, 234.5, 1_234_567.8].map(numberText),
    ["-", "0", "0.123", "1.04", "23.5", "235", "1,234,568"],
  );
});

Deno.test("median() and quantile() of few values and of none", () => {
  assertEquals([median([3, 1, 2]), median([4, 1]), median([])], [2, 4, 0]);
  const hundred = Array.from({ length: 100 }, (_, at) => at);
  assertEquals(
    [quantile(hundred, 0.99), quantile(hundred, 1), quantile([], 0.5)],
    [99, 99, 0],
  );
});
