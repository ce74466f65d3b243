/**
 * What machines put into the texts of an app's modules, said by whoever packs them.
 *
 * @module
 */
export {
  type EditsMaker,
  type ReadScript,
  type ScriptKind,
  type ScriptReader,
  scriptReader,
} from "./edits/script_reader.ts";
