/** One turn in which definitions and cells take each other's place; each step says how it is put back.
 * @module
 */

/** Gives a cell another definition. */
export function redefine<Definition>(
  cell: { definition: Definition },
  next: Definition,
): () => void {
  const { definition } = cell;
  cell.definition = next;
  return () => {
    cell.definition = definition;
  };
}

/** Takes a cell out. */
export function remove<Cell extends { definition: { readonly name: string } }>(
  cells: Map<string, Cell>,
  cell: Cell,
): () => void {
  const { name } = cell.definition;
  // One that the last upgrade removed comes back.
  if (cells.get(name) !== cell) return () => {};
  cells.delete(name);
  return () => cells.set(name, cell);
}

/** Puts a cell in. */
export function put<Cell>(
  cells: Map<string, Cell>,
  name: string,
  cell: Cell,
): () => void {
  cells.set(name, cell);
  return () => cells.delete(name);
}

/** Lets the old name of a cell lead to its new one. */
export function rename(
  renamed: Map<string, string>,
  name: string,
  next: string,
): () => void {
  if (name === next) return () => {};
  const before = renamed.get(name);
  renamed.set(name, next);
  return () => {
    if (before === undefined) renamed.delete(name);
    else renamed.set(name, before);
  };
}
