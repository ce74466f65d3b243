/** All sockets that follow the code.
 * @module
 */
import type { FamilyCell } from "../cells/family_cell.ts";
import { SocketGroup, type SocketGroupsContext } from "./socket_group.ts";

/** All groups of sockets, by the family that has their data. */
export class SocketGroups {
  readonly #context: SocketGroupsContext;
  readonly #groups = new WeakMap<FamilyCell, SocketGroup>();

  /**
   * @param context what they need
   */
  constructor(context: SocketGroupsContext) {
    this.#context = context;
  }

  /** The sockets whose data a family has. Returns the group; null for any other family. */
  of(family: FamilyCell): SocketGroup | null {
    const { sockets } = family.definition;
    const there = this.#groups.get(family);
    if (there || !sockets) return there ?? null;
    const group = new SocketGroup(family, sockets, this.#context);
    this.#groups.set(family, group);
    return group;
  }
}
