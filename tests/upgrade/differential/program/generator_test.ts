import { assert, assertEquals } from "@std/assert";
import { generate, versionsOf } from "./generator.ts";
import { FEATURES, renderVersion } from "./render.ts";

const programs = Array.from({ length: 600 }, (_, seed) => generate(seed + 1));

Deno.test("generate() gives the same program for the same seed, and another for another", () => {
  assertEquals(generate(7), generate(7));
  assert(JSON.stringify(generate(7)) !== JSON.stringify(generate(8)));
});

Deno.test("generate() draws every feature, every edit of it and every break", () => {
  const edits = new Set(
    programs.flatMap(({ pieces, steps }) =>
      steps.flat().map(({ piece, name }) =>
        `${pieces.find(({ id }) => id === piece)?.kind ?? ""} ${name}`
      )
    ),
  );
  for (const { kind, edits: own } of FEATURES) {
    for (const name of Object.keys(own)) {
      assert(edits.has(`${kind} ${name}`), `${kind} ${name}`);
    }
  }
  for (
    const name of ["syntax", "throw", "missing", "reject", "timer", "exit"]
  ) {
    assert([...edits].some((edit) => edit.endsWith(`break ${name}`)), name);
  }
  assert(edits.has(" unhealthy"));
});

Deno.test("versions differ from one another in their files, but for edits that undo each other", () => {
  const same = programs.filter((program) => {
    const [first, second] = versionsOf(program).map((version) =>
      JSON.stringify(renderVersion(version, program.health).files)
    );
    return first === second;
  });
  assert(same.length < programs.length / 10, `${same.length}`);
});

Deno.test("dropping an edit leaves what the others do", () => {
  const program = programs.find(({ steps }) => steps[0]!.length > 2)!;
  const [, whole] = versionsOf(program);
  const [, shorter] = versionsOf({
    ...program,
    steps: [program.steps[0]!.slice(1), ...program.steps.slice(1)],
  });
  const dropped = program.steps[0]![0]!.piece;
  const others = (pieces: typeof program.pieces) =>
    pieces.filter(({ id }) => id !== dropped);
  assertEquals(others(shorter!.pieces), others(whole!.pieces));
});
