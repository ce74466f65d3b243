/** From a seed to a program, and from its edits to its versions.
 * @module
 */
import type { Edit, HealthKind, Piece, Program, Version } from "./model.ts";
import { Random } from "./random.ts";
import { BREAK_KINDS, featureOf, FEATURES, REBINDING } from "./render.ts";

/** The program of a seed; one that asks for rebinding is another one. */
export function generate(seed: number, rebind = false): Program {
  const random = new Random(seed);
  const count = random.integer(2, 5);
  const pieces: Piece[] = [];
  const features = rebind ? [...FEATURES, ...REBINDING] : FEATURES;
  for (let index = 0; index < count; index++) {
    const feature = random.weighted(
      features.map((feature) => [feature, feature.weight] as const),
    );
    pieces.push({
      id: `m${index}`,
      kind: feature.kind,
      params: {
        ...feature.draw(random),
        wire: random.chance(0.3) ? "reexport" : "wrap",
      },
      presence: "imported",
    });
  }
  if (random.chance(0.35)) {
    const late = random.integer(0, count - 1);
    pieces[late] = {
      ...pieces[late]!,
      presence: random.chance(0.5) ? "absent" : "unreached",
    };
  }
  const steps: Edit[][] = [drawEdits(pieces, random)];
  if (random.chance(0.35)) steps.push(drawEdits(pieces, random));
  const path = steps.map((_, index) => index + 1);
  if (random.chance(0.3)) path.push(random.integer(0, steps.length - 1));
  return {
    seed,
    ...rebind ? { rebind } : {},
    health: random.weighted<HealthKind>([
      // An unhealthy version is one only where health is asked.
      ...(steps.flat().some(({ name }) => name === "unhealthy")
        ? []
        : [["none", 3] as const]),
      ["constant", 2],
      ["state", 2],
      ["port", 2],
    ]),
    pieces,
    steps,
    path,
  };
}

/** How often a piece is taken out: what runs by itself more often, since it must end then; state seldom, since losing it
 * is refused. */
const DETACHED: Readonly<Record<string, number>> = { running: 3, state: 0.4 };

function drawEdits(pieces: readonly Piece[], random: Random): Edit[] {
  const edits: Edit[] = [];
  const count = random.weighted([[1, 5], [2, 4], [3, 2], [4, 1]] as const);
  for (let index = 0; index < count; index++) {
    const piece = random.pick(pieces);
    const salt = random.integer(1, 1e6);
    const name = piece.presence !== "imported" && random.chance(0.7)
      ? "attach"
      : random.weighted<string>([
        ...Object.entries(featureOf(piece).edits).map(([name, [weight]]) =>
          [name, weight] as const
        ),
        ["detach", DETACHED[piece.kind] ?? 1],
      ]);
    edits.push({ piece: piece.id, name, salt });
  }
  if (random.chance(0.12)) {
    edits.push({
      piece: random.pick(pieces).id,
      name: `break ${random.weighted<string>(BREAK_KINDS)}`,
      salt: 0,
    });
  } else if (random.chance(0.13)) {
    edits.push({ piece: "", name: "unhealthy", salt: 0 });
  }
  return edits;
}

/** The versions of a program, the first included. */
export function versionsOf(program: Program): Version[] {
  let current: Version = {
    pieces: program.pieces,
    healthy: true,
    note: 0,
    ...program.rebind ? { rebind: true } : {},
  };
  const versions = [current];
  for (const edits of program.steps) {
    // What an earlier version broke is mended in the next.
    current = mend(current);
    for (const edit of edits) current = applyEdit(current, edit);
    versions.push(current);
  }
  return versions;
}

/** A version without what makes it fail. */
export function mend(version: Version): Version {
  return {
    ...version,
    healthy: true,
    pieces: version.pieces.map((piece) => ({
      ...piece,
      params: { ...piece.params, broken: "" },
    })),
  };
}

function applyEdit(version: Version, edit: Edit): Version {
  if (edit.name === "unhealthy") return { ...version, healthy: false };
  return {
    ...version,
    pieces: version.pieces.map((piece) =>
      piece.id === edit.piece ? editPiece(piece, edit) : piece
    ),
  };
}

function editPiece(piece: Piece, edit: Edit): Piece {
  const random = new Random(edit.salt);
  if (edit.name === "attach") return { ...piece, presence: "imported" };
  if (edit.name === "detach") {
    return { ...piece, presence: random.chance(0.5) ? "absent" : "unreached" };
  }
  if (edit.name.startsWith("break ")) {
    return {
      ...piece,
      params: { ...piece.params, broken: edit.name.slice(6) },
    };
  }
  const change = featureOf(piece).edits[edit.name]?.[1];
  return { ...piece, params: change?.(piece.params, random) ?? piece.params };
}
