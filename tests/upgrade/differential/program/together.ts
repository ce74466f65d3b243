/** Several programs in one process: each keeps its own modules, names and versions, and what one release has is the union of
 * them. A process costs more to start than its programs to run, so that many can be proven where few were.
 * @module
 */
import { versionsOf } from "./generator.ts";
import type { HealthKind, Params, Program, Version } from "./model.ts";
import type { Outcome } from "../outcome.ts";
import { BREAK_KINDS } from "./render.ts";

/** The first letters of the names of pieces, one for each program; the first is the one that programs are generated with. */
const LETTERS = "mnopqrst";

/** How many programs one process can have. */
export const MOST_TOGETHER = LETTERS.length;

/** A program among others. */
export interface Member {
  readonly program: Program;
  /** Its versions, with names that no other member has. */
  readonly versions: readonly Version[];
  readonly letter: string;
}

/** Gives each program names of its own. */
export function membersOf(programs: readonly Program[]): Member[] {
  return programs.map((program, index) => {
    const letter = LETTERS[index];
    if (!letter) {
      throw new Error(
        `Cannot run ${programs.length} programs in one process; at most ${MOST_TOGETHER} have names`,
      );
    }
    const versions = versionsOf(program).map((version): Version => ({
      ...version,
      pieces: version.pieces.map((piece) => ({
        ...piece,
        id: named(piece.id, letter),
        params: Object.fromEntries(
          Object.entries(piece.params).map((
            [name, value],
          ): [string, Params[string]] => [
            name,
            typeof value === "string" && /^m\d$/.test(value)
              ? named(value, letter)
              : value,
          ]),
        ),
      })),
    }));
    return { program, versions, letter };
  });
}

const named = (id: string, letter: string): string => letter + id.slice(1);

/** The version of all members together, each at one of its own. */
export function combined(
  members: readonly Member[],
  at: readonly number[],
): Version {
  const versions = members.map(({ versions }, index) => versions[at[index]!]!);
  return {
    pieces: versions.flatMap(({ pieces }) => pieces),
    healthy: versions.every(({ healthy }) => healthy),
    note: 0,
    ...versions.some(({ rebind }) => rebind) ? { rebind: true } : {},
  };
}

/** How the health of all is asked: as the one wants it that has an unhealthy version, which shows only where it is asked. */
export function healthOf(programs: readonly Program[]): HealthKind {
  const unhealthy = programs.find(({ steps }) =>
    steps.flat().some(({ name }) => name === "unhealthy")
  );
  return (unhealthy ?? programs[0]!).health;
}

/** In which way a version is broken on purpose, if a fresh process of it reaches what is broken; empty if in none. */
export function breakOf(version: Version): string {
  const known = BREAK_KINDS.map(([kind]): string => kind);
  const broken = version.pieces.find(({ presence, params }) =>
    presence === "imported" && known.includes(String(params.broken ?? ""))
  );
  return String(broken?.params.broken ?? "");
}

/** Whether an upgrade to this version fails on purpose. */
export const failsOnPurpose = (version: Version, health: HealthKind): boolean =>
  breakOf(version) !== "" || (!version.healthy && health !== "none");

/** Whose modules, names or addresses an upgrade that came to nothing names. */
export function blamed<T extends Pick<Member, "letter">>(
  outcome: Outcome,
  members: readonly T[],
  ports: Readonly<Record<string, number>> = {},
): readonly T[] {
  const text = JSON.stringify(outcome);
  return members.filter(({ letter }) =>
    new RegExp(`\\b${letter}\\d(_\\w+)?\\b`).test(text) ||
    Object.entries(ports).some(([id, port]) =>
      id.startsWith(letter) && id !== "main" &&
      new RegExp(`:${port}\\b`).test(text)
    )
  );
}
