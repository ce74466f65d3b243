/**
 * What machines put into the texts of an app's modules, said by whoever packs them.
 *
 * @module
 */
export {
  type EditsMaker,
  editsMaker,
  type ScriptKind,
} from "./edits/edits_maker.ts";
