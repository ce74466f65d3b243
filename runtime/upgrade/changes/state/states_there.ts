/** All state of the process, and what an upgrade makes of it.
 * @module
 */
import type { AppProcess } from "../../../process/process.ts";
import type { HolderCell } from "../../../state/cells/holder_cell.ts";
import type { StateDefinition } from "../../../state/definition.ts";
import { type FamilyPair, type HolderPair, memberPath } from "./state_pairs.ts";

/** The state of a process, seen by an upgrade. */
export class StatesThere {
  readonly #appProcess: AppProcess;
  readonly #holders: readonly HolderPair[];
  readonly #families: readonly FamilyPair[];

  /**
   * @param appProcess what runs in this process
   * @param holders the holders concerned, and what takes their place
   * @param families the same of families
   */
  constructor(
    appProcess: AppProcess,
    holders: readonly HolderPair[],
    families: readonly FamilyPair[],
  ) {
    this.#appProcess = appProcess;
    this.#holders = holders;
    this.#families = families;
  }

  /** All state there is, also of modules that stay: any of it may hold instances of replaced classes. */
  *all(): Iterable<{ readonly name: string; readonly cell: HolderCell }> {
    const { holders, families } = this.#appProcess;
    for (const [name, cell] of holders) yield { name, cell };
    for (const [name, family] of families) {
      for (const cell of family.members.values()) {
        yield { name: memberPath(cell.name, name), cell };
      }
    }
  }

  /** What a cell will be. */
  definitionOf(cell: HolderCell): StateDefinition {
    for (const pair of this.#holders) {
      if (pair.cell === cell && pair.next) return pair.next;
    }
    for (const pair of this.#families) {
      if (pair.cell?.gate === cell.gate && pair.next) return pair.next;
    }
    return cell.definition;
  }

  /** Where a cell lies. */
  pathOf(cell: HolderCell): string {
    for (const [name, { gate }] of this.#appProcess.families) {
      if (gate === cell.gate) return memberPath(cell.name, name);
    }
    return cell.name;
  }
}
