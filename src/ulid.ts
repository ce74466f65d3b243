/** Sortable unique ids, made where both packages reach it.
 * @module
 */
export { ulid } from "@flyhot/runtime/protocol";
