/** Small helpers for values of unknown shape, and for paths.
 * @module
 */

/**
 * Tells whether a value is a JSON object: not null, no list.
 *
 * @param value the value
 * @returns true if its keys may be read
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Puts a name under a folder.
 *
 * @param folder the folder; empty or `.` for the working folder
 * @param name the name
 * @returns the path, as short as it can be written
 */
export function joinPath(folder: string, name: string): string {
  if (folder === "" || folder === ".") return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
