/** Small helpers for values of unknown shape, and for paths.
 * @module
 */
export { isRecord, joinPath } from "../values.ts";
